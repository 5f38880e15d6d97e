"""Patterns of admins: they find what the usual ones find, and cannot keep anybody waiting."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pattern_syntax import PATTERN_CHARS_MAX, PatternFault
from bot.domain.patterns import Patterns, TooMuchWork, check

BOUND_S = 1.0  # generous: a text takes milliseconds, a machine that backtracks takes years


def fits(pattern: str, text: str) -> bool:
    return Patterns([pattern]).find(text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("cat", "a cat in a boat"),
        ("c.t", "cut"),
        ("^a cat$", "a cat"),
        (r"\bcat\b", "a cat, and"),
        (r"\Bat", "cat"),
        ("c[aou]t", "cot"),
        ("c[^aou]t", "cet"),
        ("[a-c]{3}", "xxabcxx"),
        (r"\d+ dogs?", "12 dog"),
        (r"[\d-]+", "3-4"),
        (r"[\]x]", "]"),
        ("[]x]", "]"),
        ("(red|green) car", "a green car"),
        ("(?:ab)+c", "ababc"),
        ("ca{2,}t", "caaat"),
        ("ca{,2}t", "ct"),
        ("ca{1,2}?t", "caat"),
        ("a{x}", "a{x}"),
        (r"a\.b", "a.b"),
        ("a.b", "a\nb"),
        (r"one\ntwo", "one\ntwo"),
    ],
)
def test_the_usual_marks_mean_the_usual(pattern, text):
    assert fits(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("cat", "a dog"),
        ("^cat", "a cat"),
        ("cat$", "cats"),
        (r"\bcat\b", "concatenate"),
        ("c[^a]t", "cat"),
        ("a{3}", "aa"),
        (r"a\.b", "axb"),
        ("ab|cd", "ac"),
    ],
)
def test_what_does_not_fit_is_not_found(pattern, text):
    assert not fits(pattern, text)


@pytest.mark.parametrize(
    "text",
    ["CAT", "cát", "ｃａｔ", "c\u200bat", "c\u00adat", "ca\u0301t"],  # noqa: RUF001 - wide on purpose
    ids=["capitals", "an accent", "wide letters", "unseen inside", "soft hyphen", "a mark apart"],
)
def test_disguises_do_not_help(text):
    assert fits("cat", text)
    assert fits("CÁT", text)
    assert fits("[C][A-B]t", text)


def test_a_letter_that_folds_to_two_is_found_as_both():
    assert fits("straße", "STRASSE")


def test_the_first_that_fits_is_named():
    assert Patterns(["dog", "cat"]).find("a cat") == 1
    assert Patterns([]).find("a cat") is None


@pytest.mark.parametrize(
    ("pattern", "sentence", "position"),
    [
        ("a(b", r"This \( is never closed", 2),
        ("ab)c", r"There is a \) too many", 3),
        ("a[bc", r"This \[ is never closed", 2),
        ("*a", "nothing to repeat", 1),
        ("a**", "nothing to repeat", 3),
        (r"(a)\1", "Back-references are not possible", 4),
        (r"a\q", r"\\q is not known", 2),
        ("a(?=b)", "Only plain groups", 3),
        ("(?i)a", "Only plain groups", 2),
        ("a{200}", "At most 100", 2),
        ("a{3,2}", "The least is more", 2),
        ("[z-a]", "range", 4),
        ("a\\", "escapes nothing", 2),
        ("((a{100}){100}){100}", "too big", 1),
        ("a*", "fits every text", 1),
        ("a|", "fits every text", 1),
        ("", "fits every text", 1),
        ("x" * (PATTERN_CHARS_MAX + 1), "at most 200 characters", 200),
        ("(" * 30 + "a" + ")" * 30, "nest at most", 21),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(pattern, sentence, position):
    with pytest.raises(PatternFault, match=sentence) as caught:
        check(pattern)

    assert caught.value.position == position


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 4000 + "b"),
        ("a*a*a*a*a*b", "a" * 4000),
        ("(x+x+)+y", "x" * 4000),
        ("(.*)*c", ".a" * 2000),
        ("(a|b|ab)*c{3}", "ab" * 2000),
        ("(a?){50}a{50}b", "a" * 4000),
    ],
)
def test_patterns_that_are_known_to_hang_others_do_not_hang_us(pattern, text):
    before = time.perf_counter()

    assert not fits(pattern, text)

    assert time.perf_counter() - before < BOUND_S


def test_work_without_end_is_given_up():
    noise = "".join(chr(0x4E00 + number * 7 % 20_000) + "ab"[number % 2] for number in range(4000))
    many = Patterns([f"(.{{1,{90 + number}}}a){{2}}c" for number in range(10)])
    before = time.perf_counter()

    with pytest.raises(TooMuchWork):
        many.find(noise)

    assert time.perf_counter() - before < BOUND_S


_ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\b", r"\w", r"\s", "^", "$", "-"])


def _wrapped(inner):
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    )


@given(
    pattern=st.recursive(_ATOMS, _wrapped, max_leaves=8),
    text=st.text(alphabet="abc -_", max_size=12),
)
def test_they_find_what_the_machine_of_the_language_finds(pattern, text):
    assert fits(pattern, text) == (re.search(pattern, text, re.DOTALL) is not None)


@given(st.text(alphabet="ab()[]{}|*+?\\^$.-,12dwq", max_size=14))
def test_whatever_is_typed_is_read_or_refused(pattern):
    with suppress(PatternFault):
        Patterns([pattern]).find("ab12")
