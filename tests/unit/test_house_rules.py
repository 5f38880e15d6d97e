"""What a server's lists say, and how words are found in spite of their disguises."""

import time

import pytest

from bot.domain.house_rules import Access, BlockedWords, HouseRules, fits


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("*", ""),
        ("*", "anything"),
        ("Flux", "flux"),
        ("*XL*", "AlbedoBase XL (SDXL)"),
        ("SDXL ?.0", "SDXL 1.0"),
        ("a*c*e", "abcde"),
        ("**a**", "a"),
        ("[x]", "[X]"),
    ],
)
def test_a_glob_fits(glob, name):
    assert fits(glob, name)


@pytest.mark.parametrize(
    ("glob", "name"),
    [("Flux", "Flux.1"), ("?", ""), ("a*c", "abcd"), ("[x]", "x"), ("", "a")],
)
def test_a_glob_does_not_fit(glob, name):
    assert not fits(glob, name)


def test_no_glob_takes_long():
    before = time.perf_counter()

    assert not fits("*a" * 50 + "b", "a" * 100)

    assert time.perf_counter() - before < 0.5


def test_nothing_said_is_everything_allowed():
    assert Access().permits("anything")
    assert Access().permits()


def test_what_is_allowed_by_name_excludes_the_rest():
    access = Access(allowed=("Flux*", "SDXL"))

    assert access.permits("flux.1")
    assert not access.permits("Deliberate")
    assert not access.permits()


def test_what_is_blocked_is_out_even_when_it_is_allowed():
    access = Access(allowed=("*XL*",), blocked=("Pony*",))

    assert access.permits("AlbedoBase XL")
    assert not access.permits("Pony Diffusion XL")


def test_one_of_several_names_is_enough_either_way():
    assert Access(allowed=("7",)).permits("3", "7")
    assert not Access(blocked=("7",)).permits("3", "7")


def test_a_provider_and_a_model_are_allowed_together():
    rules = HouseRules(providers=Access(blocked=("aime",)), models=Access(blocked=("Flux*",)))

    assert rules.allows("horde", "Deliberate")
    assert not rules.allows("aime", "Deliberate")
    assert not rules.allows("horde", "Flux.1")
    assert not rules.allows("horde", None)  # any model may be a blocked one
    assert HouseRules().allows("horde", None)


@pytest.mark.parametrize(
    "text",
    [
        "a badword here",
        "BADWORD",
        "bádwörd",
        "bad\u200bword",
        "ｂａｄｗｏｒｄ",  # noqa: RUF001 - wide on purpose
        "(badword)",
        "so-badword, so",
        "badword",
    ],
)
def test_a_word_is_found_in_disguise(text):
    assert BlockedWords(words=("badword",)).has_word(text)


@pytest.mark.parametrize("text", ["a bad word", "badwords", "my badwordy thing", "", "a cat"])
def test_a_word_inside_others_is_another_word(text):
    assert not BlockedWords(words=("badword",)).has_word(text)


@pytest.mark.parametrize("text", ["a very bad thing", "very-bad", "very   BAD!", "very\nbad"])
def test_several_words_are_found_whatever_stands_between(text):
    assert BlockedWords(words=("very bad",)).has_word(text)


def test_scripts_without_spaces_are_searched_without_them():
    blocked = BlockedWords(words=("坏词",))

    assert blocked.has_word("这是坏词吗")
    assert blocked.has_word("坏 词")
    assert not blocked.has_word("这是好词")


def test_five_hundred_words_cost_little():
    blocked = BlockedWords(words=tuple(f"word{number}" for number in range(500)))
    blocked.has_word("warm")
    before = time.perf_counter()

    assert not blocked.has_word("a cat in a boat, " * 250)

    assert time.perf_counter() - before < 0.25


def test_a_pattern_is_found_beside_words():
    blocked = BlockedWords(words=("dog",), patterns=("c[a4]t",))

    assert blocked.has_pattern("a C4T")
    assert not blocked.has_pattern("a dog")
