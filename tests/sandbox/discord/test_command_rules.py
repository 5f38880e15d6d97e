"""What Discord refuses on sync: real commands pass, one red example per rule."""

from typing import Any

import pytest

from bot.sandbox.discord.command_rules import command_problems, scope_problems
from tests.sandbox.discord.library_payloads import commands

SYNCED = commands()
STRING, INTEGER, BOOLEAN, USER, NUMBER = 3, 4, 5, 6, 10


def command(*options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": 1, "name": "draw", "description": "Draw", "options": list(options), **changes}


def option(kind: int = STRING, name: str = "prompt", **changes: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "What", **changes}


def choices(*values: Any) -> list[dict[str, Any]]:
    return [{"name": f"N{index}", "value": value} for index, value in enumerate(values)]


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
