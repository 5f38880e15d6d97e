"""What a client lets a member say and fill in, and how Discord sends it on."""

from typing import Any

import pytest

from bot.sandbox.discord.command_options import (
    UnknownCommand,
    find_command,
    interaction_options,
    leaf_of,
    option_problems,
)
from tests.sandbox.discord.library_payloads import commands

SYNCED = commands()


def leaf(spoken: str) -> dict[str, Any]:
    return dict(leaf_of(*find_command(SYNCED, spoken)))


def test_a_spoken_command_is_found_with_its_path():
    found = [find_command(SYNCED, spoken) for spoken in ("/imagine", "/key set", "/key team list")]
    menu, path = find_command(SYNCED, "Use as source")

    assert [(command["name"], path) for command, path in found] == [
        ("imagine", ()),
        ("key", ("set",)),
        ("key", ("team", "list")),
    ]
    assert (menu["type"], path) == (3, ())


@pytest.mark.parametrize(
    "spoken",
    ["/draw", "/key", "/key team", "/key get", "/imagine prompt", "/Use as source", "imagine", "/"],
)
def test_a_command_that_is_not_synced_cannot_be_spoken(spoken):
    with pytest.raises(UnknownCommand):
        find_command(SYNCED, spoken)


def test_values_that_fit_the_options_are_sent():
    values = {
        "prompt": "a cat",
        "count": 4,
        "strength": 1,
        "size": "1:1",
        "private": True,
        "friend": "5",
        "source": 7,
    }

    assert option_problems(leaf("/imagine"), values, autocomplete=False) == []


@pytest.mark.parametrize(
    "values,problem",
    [
        ({}, "prompt: required, but missing"),
        ({"prompt": "cat", "colour": "red"}, "colour: no such option"),
        ({"prompt": 5}, "prompt: 5 is no STRING"),
        ({"prompt": "cat", "model": ""}, "model: below min_length, 1"),
        ({"prompt": "cat", "model": "x" * 6001}, "model: above max_length, 6000"),
        ({"prompt": "x"}, "prompt: below min_length, 2"),
        ({"prompt": "x" * 1001}, "prompt: above max_length, 1000"),
        ({"prompt": "cat", "count": 5}, "count: above max_value, 4"),
        ({"prompt": "cat", "count": 0}, "count: below min_value, 1"),
        ({"prompt": "cat", "count": True}, "count: True is no INTEGER"),
        ({"prompt": "cat", "count": "2"}, "count: '2' is no INTEGER"),
        ({"prompt": "cat", "strength": 0.4}, "strength: below min_value, 0.5"),
        ({"prompt": "cat", "size": "3:4"}, "size: '3:4' is none of the choices ['1:1']"),
        ({"prompt": "cat", "private": "yes"}, "private: 'yes' is no BOOLEAN"),
        ({"prompt": "cat", "friend": "Ann"}, "friend: 'Ann' is no USER"),
    ],
)
def test_a_value_a_client_would_not_send_is_refused(values, problem):
    assert option_problems(leaf("/imagine"), values, autocomplete=False) == [problem]


def test_a_command_with_subcommands_cannot_be_run_itself():
    key = next(payload for payload in SYNCED if payload["name"] == "key")

    assert sorted(option_problems(key, {}, autocomplete=False)) == [
        "set: is a subcommand, choose one",
        "team: is a subcommand, choose one",
    ]


def test_while_typing_options_may_be_missing_short_or_half_a_number():
    typed = {"model": "sd", "count": "1", "size": "3"}

    assert option_problems(leaf("/imagine"), typed, autocomplete=True) == []
    assert option_problems(leaf("/imagine"), {"colour": "r"}, autocomplete=True) == [
        "colour: no such option"
    ]
    assert option_problems(leaf("/imagine"), {"private": "y"}, autocomplete=True) == [
        "private: 'y' is no BOOLEAN"
    ]


def test_options_are_sent_typed_and_entities_as_text():
    imagine, path = find_command(SYNCED, "/imagine")

    sent = interaction_options(imagine, path, {"prompt": "cat", "count": 2, "friend": 5})

    assert sent == [
        {"type": 3, "name": "prompt", "value": "cat"},
        {"type": 4, "name": "count", "value": 2},
        {"type": 6, "name": "friend", "value": "5"},
    ]


def test_options_are_wrapped_into_their_subcommands():
    key, path = find_command(SYNCED, "/key set")
    deep, deep_path = find_command(SYNCED, "/key team list")

    shallow = interaction_options(key, path, {"provider": "horde"})
    nested = interaction_options(deep, deep_path, {})

    value = {"type": 3, "name": "provider", "value": "horde"}
    assert shallow == [{"type": 1, "name": "set", "options": [value]}]
    inner = {"type": 1, "name": "list", "options": []}
    assert nested == [{"type": 2, "name": "team", "options": [inner]}]


def test_the_option_being_typed_is_focused():
    imagine, path = find_command(SYNCED, "/imagine")

    sent = interaction_options(imagine, path, {"model": "sd", "count": 1}, focused="model")

    assert [entry.get("focused") for entry in sent] == [True, None]


def test_only_a_filled_option_can_be_focused():
    imagine, path = find_command(SYNCED, "/imagine")

    with pytest.raises(KeyError):
        interaction_options(imagine, path, {"count": 1}, focused="model")
