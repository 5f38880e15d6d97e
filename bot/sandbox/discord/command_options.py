"""A command's options: their kinds, what a member fills in, and how Discord sends it on.

Facts: Discord docs, interactions/application-commands and interactions/receiving-and-responding.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

SAFE_INTEGER_MAX = 2**53  # the client's numbers are doubles
STRING_MAX = 6000

Range = tuple[int, int]  # where an option names no bounds
LENGTHS: Range = (1, STRING_MAX)  # no client sends an empty text: it leaves the option out
NUMBERS: Range = (-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX)

Command = Mapping[str, Any]
Option = Mapping[str, Any]


class CommandKind(IntEnum):
    """A command's `type`."""

    CHAT_INPUT = 1
    USER = 2
    MESSAGE = 3


class OptionKind(IntEnum):
    """An option's `type`."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


SUBCOMMANDS = frozenset({OptionKind.SUB_COMMAND, OptionKind.SUB_COMMAND_GROUP})
NUMERIC = frozenset({OptionKind.INTEGER, OptionKind.NUMBER})
ENTITIES = frozenset(
    {
        OptionKind.USER,
        OptionKind.CHANNEL,
        OptionKind.ROLE,
        OptionKind.MENTIONABLE,
        OptionKind.ATTACHMENT,
    }
)


class UnknownCommand(LookupError):
    """A member spoke a command that is not synced, or left out its subcommand."""


def find_command(commands: Sequence[Command], spoken: str) -> tuple[Command, tuple[str, ...]]:
    """Return the synced command that a member means, and the path to its subcommand.

    "/key set" finds the command "key" and the path ("set",). Without a slash it is the whole name
    of a context menu entry. Raises `UnknownCommand`, as a real client would not offer it.
    """
    if not spoken.startswith("/"):
        menus = (c for c in commands if c.get("type") != CommandKind.CHAT_INPUT and "type" in c)
        for command in menus:
            if command["name"] == spoken:
                return command, ()
        raise UnknownCommand(f"no context menu entry {spoken!r} is synced")
    name, *path = spoken.removeprefix("/").split() or [""]
    for command in commands:
        if command["name"] == name and (command.get("type") or 1) == CommandKind.CHAT_INPUT:
            if has_subcommands(leaf_of(command, path)):
                raise UnknownCommand(f"{spoken} stops short of a subcommand")
            return command, tuple(path)
    raise UnknownCommand(f"/{name} is not synced")


def leaf_of(command: Command, path: Sequence[str]) -> Command:
    """Return the subcommand at the end of a path; the command itself for an empty one."""
    leaf = command
    for name in path:
        inside = (o for o in leaf.get("options") or () if o["type"] in SUBCOMMANDS)
        found = next((option for option in inside if option["name"] == name), None)
        if found is None:
            raise UnknownCommand(f"{leaf['name']} has no subcommand {name}")
        leaf = found
    return leaf


def has_subcommands(command: Command) -> bool:
    """Tell whether a command only groups others and cannot be run itself."""
    return any(option["type"] in SUBCOMMANDS for option in command.get("options") or ())


def option_problems(
    command: Command, values: Mapping[str, object], *, autocomplete: bool
) -> list[str]:
    """Say why a client would not send these values.

    `command` is the leaf that takes them (see `leaf_of`). While a member is still typing
    (`autocomplete`) required options may be missing, and bounds and choices are not checked yet.
    """
    options = {option["name"]: option for option in command.get("options") or ()}
    problems = [f"{name}: no such option" for name in values if name not in options]
    for name, option in options.items():
        if option["type"] in SUBCOMMANDS:
            problems.append(f"{name}: is a subcommand, choose one")
        elif name not in values:
            if option.get("required") and not autocomplete:
                problems.append(f"{name}: required, but missing")
        elif autocomplete:
            problems.extend(f"{name}: {text}" for text in _typing_problems(option, values[name]))
        else:
            problems.extend(f"{name}: {text}" for text in _value_problems(option, values[name]))
    return problems


def interaction_options(
    command: Command,
    path: Sequence[str],
    values: Mapping[str, object],
    *,
    focused: str | None = None,
) -> list[dict[str, Any]]:
    """Build an interaction's `data.options`: what was filled in, inside the subcommands of `path`.

    `focused` names the option being autocompleted; it needs a value, "" at first. Raises `KeyError`
    for a value no option takes.
    """
    leaf = leaf_of(command, path)
    kinds = {option["name"]: OptionKind(option["type"]) for option in leaf.get("options") or ()}
    filled = {name: _sent_option(name, kinds[name], value) for name, value in values.items()}
    if focused is not None:
        filled[focused]["focused"] = True
    sent = list(filled.values())
    for depth in range(len(path), 0, -1):
        inner = leaf_of(command, path[:depth])
        sent = [{"type": inner["type"], "name": inner["name"], "options": sent}]
    return sent


def _sent_option(name: str, kind: OptionKind, value: object) -> dict[str, Any]:
    return {"type": kind.value, "name": name, "value": str(value) if kind in ENTITIES else value}


def _typing_problems(option: Option, value: object) -> Iterator[str]:
    # a number being typed still arrives as text
    kind = OptionKind(option["type"])
    if not (kind in NUMERIC and isinstance(value, str)) and not TYPES[kind](value):
        yield f"{value!r} is no {kind.name}"


def _value_problems(option: Option, value: object) -> Iterator[str]:
    kind = OptionKind(option["type"])
    if not TYPES[kind](value):
        yield f"{value!r} is no {kind.name}"
        return
    if kind is OptionKind.STRING:
        yield from _range_problems(option, "length", len(str(value)), otherwise=LENGTHS)
    elif kind in NUMERIC:
        yield from _range_problems(option, "value", value, otherwise=NUMBERS)
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices:
        yield f"{value!r} is none of the choices {choices}"


def _range_problems(option: Option, what: str, size: Any, *, otherwise: Range) -> Iterator[str]:
    lowest, highest = (
        default if (bound := option.get(f"{end}_{what}")) is None else bound
        for end, default in zip(("min", "max"), otherwise, strict=True)
    )
    if size < lowest:
        yield f"below min_{what}, {lowest}"
    if size > highest:
        yield f"above max_{what}, {highest}"


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE_INTEGER_MAX


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and abs(value) <= SAFE_INTEGER_MAX)


def _is_snowflake(value: object) -> bool:
    return str(value).isdecimal() and isinstance(value, (str, int))


TYPES: dict[OptionKind, Callable[[object], bool]] = {
    OptionKind.STRING: lambda value: isinstance(value, str),
    OptionKind.INTEGER: _is_integer,
    OptionKind.BOOLEAN: lambda value: isinstance(value, bool),
    OptionKind.NUMBER: _is_number,
    **dict.fromkeys(ENTITIES, _is_snowflake),
}
