"""What Discord refuses on sync, and what a client lets a member send."""

from typing import Any

import pytest
from library_payloads import commands, picking_modal, text_modal

from bot.sandbox.discord.command_options import (
    UnknownCommand,
    find_command,
    interaction_options,
    leaf_of,
    option_problems,
)
from bot.sandbox.discord.command_rules import command_problems, scope_problems
from bot.sandbox.discord.modal_answers import modal_submit_components, modal_values_problems

SYNCED = commands()
STRING, INTEGER, BOOLEAN, USER, NUMBER = 3, 4, 5, 6, 10


def command(*options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": 1, "name": "draw", "description": "Draw", "options": list(options), **changes}


def option(kind: int = STRING, name: str = "prompt", **changes: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "What", **changes}


def choices(*values: Any) -> list[dict[str, Any]]:
    return [{"name": f"N{index}", "value": value} for index, value in enumerate(values)]


def leaf(spoken: str) -> dict[str, Any]:
    return dict(leaf_of(*find_command(SYNCED, spoken)))


@pytest.mark.parametrize("payload", SYNCED, ids=lambda payload: payload["name"])
def test_commands_as_discord_py_syncs_them_are_accepted(payload):
    assert command_problems(payload) == []


def test_the_commands_of_a_scope_are_accepted_together():
    assert scope_problems(SYNCED) == []


@pytest.mark.parametrize(
    "wrong,problem",
    [
        (command(type=9), "type: 9 is no kind of command"),
        (command(name="x" * 33), "name: longer than 32"),
        (command(name=""), "name: missing"),
        (command(name="Draw"), "name: 'Draw' is not in lower case"),
        (
            command(name="draw it"),
            "name: 'draw it' has characters other than letters, digits, - _ '",
        ),
        (command(description=""), "description: missing"),
        (command(description="x" * 101), "description: longer than 100"),
        (
            command(name_localizations={"de": "Zeichne"}),
            "name_localizations.de: 'Zeichne' is not in lower case",
        ),
        (command(name_localizations={"xx": "draw"}), "xx: no locale of Discord"),
        (
            command(description_localizations={"de": "x" * 101}),
            "description_localizations.de: longer than 100",
        ),
        (
            command(*(option(name=f"o{n}") for n in range(26))),
            "options: 26, more than 25",
        ),
        (command(option(), option()), "options: 'prompt' is there 2 times"),
        (
            command(option(name="a"), option(name="b", required=True)),
            "options: a required one stands behind an optional one",
        ),
        (command(option(99)), "options[0].type: 99 is no kind of option"),
        (command(option(description="")), "options[0].description: missing"),
        (command(option(name="Prompt")), "options[0].name: 'Prompt' is not in lower case"),
        (
            command(option(choices=choices(*map(str, range(26))))),
            "options[0].choices: 26, more than 25",
        ),
        (
            command(option(choices=[{"name": "x" * 101, "value": "v"}])),
            "options[0].choices[0].name: longer than 100",
        ),
        (
            command(option(choices=choices("x" * 101))),
            "options[0].choices[0].value: longer than 100",
        ),
        (
            command(option(INTEGER, choices=choices("1"))),
            "options[0].choices[0].value: '1' is no INTEGER",
        ),
        (
            command(option(choices=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}])),
            "options[0].choices: the name 'a' is there 2 times",
        ),
        (
            command(option(choices=choices("a"), autocomplete=True)),
            "options[0].autocomplete: choices and autocomplete exclude each other",
        ),
        (
            command(option(USER, autocomplete=True)),
            "options[0].choices: USER takes neither choices nor autocomplete",
        ),
        (
            command(option(min_value=1)),
            "options[0].min_value: STRING has no such bound",
        ),
        (
            command(option(INTEGER, max_length=1)),
            "options[0].max_length: INTEGER has no such bound",
        ),
        (
            command(option(INTEGER, min_value=0.5)),
            "options[0].min_value: 0.5 is no bound of INTEGER",
        ),
        (
            command(option(max_length=0)),
            "options[0].max_length: 0 is not between 1 and 6000",
        ),
        (
            command(option(INTEGER, min_value=5, max_value=4)),
            "options[0].min_value: 5 is above max_value, 4",
        ),
        (
            command(option(min_length=5, max_length=4)),
            "options[0].min_length: 5 is above max_length, 4",
        ),
        (
            command(option(1, "set"), option()),
            "options: subcommands and plain options do not mix",
        ),
        (
            command(option(2, "team")),
            "options[0].options: a group holds subcommands, at least one",
        ),
        (
            command(option(1, "set", required=True)),
            "options[0].required: a subcommand cannot be required",
        ),
        (
            command(type=3, name="Use it", description="What"),
            "description: a context menu entry has none",
        ),
        (
            command(option(), type=2, name="Use it", description=""),
            "options: a context menu entry has none",
        ),
    ],
)
def test_a_command_against_a_rule_is_refused(wrong, problem):
    assert command_problems(wrong) == [problem]


def test_groups_nest_only_once():
    inner = option(2, "deep", options=[option(1, "leaf")])
    wrong = command(option(2, "team", options=[inner]))

    assert "options[0].options[0].type: SUB_COMMAND_GROUP is nested too deep" in command_problems(
        wrong
    )


@pytest.mark.parametrize("name", ["画", "рисуй", "वर्ष", "ภาพ", "l'art", "a-b_c"])
def test_names_may_use_every_script(name):
    assert command_problems(command(name=name)) == []


def test_a_command_has_8000_characters_for_everything_and_only_the_longest_translation_counts():
    texts = choices(*(f"{n:0100}" for n in range(25)))  # 25 names of 65 together, values of 2500
    options = [option(name=f"o{n}", choices=texts) for n in range(3)]  # 3 × 2571
    translated = {"de": "x" * 100, "fr": "y" * 99}
    options.append(option(name="p", description_localizations=translated))  # 101

    full = command(*options, option(name="q", description="x" * 81), description="x" * 100)
    over = command(*options, option(name="q", description="x" * 82), description="x" * 100)

    assert command_problems(full) == []
    assert command_problems(over) == ["8001 characters in all, more than 8000"]


def test_a_scope_takes_each_name_once_and_fifteen_context_menus_of_a_kind():
    menus = [{"type": 3, "name": f"Menu {n}"} for n in range(16)]

    assert scope_problems(menus) == ["16 commands of kind MESSAGE, more than 15"]
    assert scope_problems([command(), command()]) == ["draw: is there 2 times"]


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


def test_an_untouched_modal_keeps_its_presets():
    sent = modal_submit_components(text_modal(), {"size": "Large", "private": True})

    assert sent == [
        {"type": 10, "id": 1},
        {"type": 18, "id": 2, "component": field(4, 3, "prompt", value="a cat")},
        {"type": 18, "id": 4, "component": field(21, 5, "size", value="Large")},
        {"type": 18, "id": 6, "component": field(22, 7, "extras", values=["Upscale"])},
        {"type": 18, "id": 8, "component": field(23, 9, "private", value=True)},
    ]


def field(kind: int, number: int, custom_id: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "id": number, "custom_id": custom_id, **value}


def test_picks_and_the_older_rows_are_sent_too():
    values = {"files": ["9"], "model": ["Flux"], "title": "Mine"}

    sent = modal_submit_components(picking_modal(), values)

    assert [part.get("component") or part["components"][0] for part in sent] == [
        field(19, 2, "files", values=["9"]),
        field(3, 4, "model", values=["Flux"]),
        field(5, 6, "who", values=[]),
        field(8, 8, "where", values=[]),
        field(4, 10, "title", value="Mine"),
    ]


def test_numbers_given_to_components_are_kept_and_not_given_twice():
    modal = {"components": [{"type": 10, "content": "a"}, {"type": 10, "content": "b", "id": 1}]}

    assert modal_submit_components(modal, {}) == [{"type": 10, "id": 2}, {"type": 10, "id": 1}]


def test_filled_modals_are_submitted():
    texts = modal_values_problems(text_modal(), {"prompt": "a dog", "size": "Small"})
    picks = modal_values_problems(picking_modal(), {"files": ["1", "2"], "model": ["SDXL"]})

    assert texts + picks == []


@pytest.mark.parametrize(
    "values,problem",
    [
        ({}, "size: required, but nothing is chosen"),
        ({"size": "Small", "colour": "red"}, "colour: no such field"),
        ({"size": "Huge"}, "size: 'Huge' is none of ['Small', 'Large']"),
        ({"size": "Small", "prompt": ""}, "prompt: required, but empty"),
        ({"size": "Small", "prompt": "x"}, "prompt: 1 characters, not between 2 and 1000"),
        (
            {"size": "Small", "prompt": "x" * 1001},
            "prompt: 1001 characters, not between 2 and 1000",
        ),
        ({"size": "Small", "prompt": 5}, "prompt: 5 is no text"),
        ({"size": "Small", "extras": []}, "extras: required, but nothing is chosen"),
        ({"size": "Small", "extras": "Faces"}, "extras: 'Faces' is no list of values"),
        ({"size": "Small", "extras": ["Hands"]}, "extras: 'Hands' is none of ['Upscale', 'Faces']"),
        ({"size": "Small", "private": "on"}, "private: 'on' is neither ticked nor not"),
    ],
)
def test_a_modal_filled_in_wrongly_is_not_submitted(values, problem):
    assert modal_values_problems(text_modal(), values) == [problem]


def test_more_files_or_picks_than_allowed_are_not_submitted():
    values = {"files": ["1", "2", "3", "4"], "model": ["SDXL", "Flux"]}

    assert modal_values_problems(picking_modal(), values) == [
        "files: 4 values, not between 1 and 3",
        "model: 2 values, not between 1 and 1",
    ]
