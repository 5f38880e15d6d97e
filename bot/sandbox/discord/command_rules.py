"""What Discord would refuse when commands are synced.

Facts: Discord docs, interactions/application-commands. What members fill in is checked in
`command_options`.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.sandbox.discord.command_options import (
    NUMERIC,
    SAFE_INTEGER_MAX,
    STRING_MAX,
    SUBCOMMANDS,
    TYPES,
    Command,
    CommandKind,
    Option,
    OptionKind,
)

NAME_MAX = 32
DESCRIPTION_MAX = 100
OPTIONS_MAX = 25
CHOICES_MAX = 25
CHOICE_MAX = 100
CHARACTERS_MAX = 8000  # names, descriptions and values of one command, with everything inside
SCOPE_MAX = {CommandKind.CHAT_INPUT: 100, CommandKind.USER: 15, CommandKind.MESSAGE: 15}

# fmt: off
LOCALES = frozenset({
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no",
    "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko", "ar", "he",
})
# fmt: on
MARKED_SCRIPTS = ((0x0900, 0x097F), (0xA8E0, 0xA8FF), (0x0E00, 0x0E7F))  # Devanagari, Thai


def command_problems(command: Command) -> list[str]:
    """Say what Discord would refuse about one command of a sync."""
    problems = list(_command_problems(command))
    if not problems and (characters := _characters(command)) > CHARACTERS_MAX:
        problems.append(f"{characters} characters in all, more than {CHARACTERS_MAX}")
    return problems


def scope_problems(commands: Sequence[Command]) -> list[str]:
    """Say what Discord would refuse about the commands of one scope taken together."""
    names = Counter((_kind(command), str(command.get("name"))) for command in commands)
    kinds = Counter(_kind(command) for command in commands)
    return [
        *(f"{name}: is there {count} times" for (_, name), count in names.items() if count > 1),
        *(
            f"{kinds[kind]} commands of kind {kind.name}, more than {most}"
            for kind, most in SCOPE_MAX.items()
            if kinds[kind] > most
        ),
    ]


def _kind(command: Command) -> CommandKind | None:
    try:
        return CommandKind(command.get("type") or CommandKind.CHAT_INPUT)
    except ValueError:
        return None


def _command_problems(command: Command) -> Iterator[str]:
    kind = _kind(command)
    if kind is None:
        yield f"type: {command.get('type')!r} is no kind of command"
    elif kind is CommandKind.CHAT_INPUT:
        yield from _named_problems("", command)
        yield from _options_problems("", command, depth=0)
    else:
        yield from _text_problems("name", command.get("name"), longest=NAME_MAX)
        if command.get("description"):
            yield "description: a context menu entry has none"
        if command.get("options"):
            yield "options: a context menu entry has none"


def _named_problems(path: str, owner: Mapping[str, Any]) -> Iterator[str]:
    """Check name and description of a slash command or of an option, translations included."""
    names = {"name": owner.get("name"), **_translations(owner, "name")}
    for where, name in names.items():
        yield from _text_problems(f"{path}{where}", name, longest=NAME_MAX)
        if isinstance(name, str) and not all(map(_may_stand_in_name, name)):
            yield f"{path}{where}: {name!r} has characters other than letters, digits, - _ '"
        if isinstance(name, str) and name != name.lower():
            yield f"{path}{where}: {name!r} is not in lower case"
    texts = {"description": owner.get("description"), **_translations(owner, "description")}
    for where, text in texts.items():
        yield from _text_problems(f"{path}{where}", text, longest=DESCRIPTION_MAX)
    for locale in {
        *(owner.get("name_localizations") or ()),
        *(owner.get("description_localizations") or ()),
    } - LOCALES:
        yield f"{path}{locale}: no locale of Discord"


def _translations(owner: Mapping[str, Any], field: str) -> dict[str, object]:
    texts = owner.get(f"{field}_localizations") or {}
    return {f"{field}_localizations.{locale}": text for locale, text in texts.items()}


def _text_problems(path: str, value: object, *, longest: int) -> Iterator[str]:
    if not isinstance(value, str) or not value:
        yield f"{path}: missing"
    elif len(value) > longest:
        yield f"{path}: longer than {longest}"


def _may_stand_in_name(character: str) -> bool:
    point = ord(character)
    return (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or any(first <= point <= last for first, last in MARKED_SCRIPTS)
    )


def _options_problems(path: str, owner: Mapping[str, Any], *, depth: int) -> Iterator[str]:
    options = owner.get("options") or ()
    if len(options) > OPTIONS_MAX:
        yield f"{path}options: {len(options)}, more than {OPTIONS_MAX}"
    for name, count in Counter(str(option.get("name")) for option in options).items():
        if count > 1:
            yield f"{path}options: {name!r} is there {count} times"
    if len({option.get("type") in SUBCOMMANDS for option in options}) > 1:
        yield f"{path}options: subcommands and plain options do not mix"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{path}options: a required one stands behind an optional one"
    for index, option in enumerate(options):
        yield from _option_problems(f"{path}options[{index}].", option, depth=depth)


def _option_problems(path: str, option: Option, *, depth: int) -> Iterator[str]:
    try:
        kind = OptionKind(option["type"])
    except (KeyError, ValueError):
        yield f"{path}type: {option.get('type')!r} is no kind of option"
        return
    yield from _named_problems(path, option)
    if kind in SUBCOMMANDS:
        if depth > (0 if kind is OptionKind.SUB_COMMAND_GROUP else 1):
            yield f"{path}type: {kind.name} is nested too deep"
        yield from _group_problems(path, option, kind)
        yield from _options_problems(path, option, depth=depth + 1)
    else:
        yield from _choices_problems(path, option, kind)
        yield from _bounds_problems(path, option, kind)


def _group_problems(path: str, option: Option, kind: OptionKind) -> Iterator[str]:
    inside = {inner.get("type") for inner in option.get("options") or ()}
    if kind is OptionKind.SUB_COMMAND_GROUP and inside != {OptionKind.SUB_COMMAND}:
        yield f"{path}options: a group holds subcommands, at least one"
    if kind is OptionKind.SUB_COMMAND and inside & SUBCOMMANDS:
        yield f"{path}options: a subcommand holds no subcommands"
    if option.get("required"):
        yield f"{path}required: a subcommand cannot be required"


def _choices_problems(path: str, option: Option, kind: OptionKind) -> Iterator[str]:
    choices = option.get("choices") or ()
    if (choices or option.get("autocomplete")) and kind not in NUMERIC | {OptionKind.STRING}:
        yield f"{path}choices: {kind.name} takes neither choices nor autocomplete"
        return
    if choices and option.get("autocomplete"):
        yield f"{path}autocomplete: choices and autocomplete exclude each other"
    if len(choices) > CHOICES_MAX:
        yield f"{path}choices: {len(choices)}, more than {CHOICES_MAX}"
    for field in ("name", "value"):
        for value, count in Counter(choice.get(field) for choice in choices).items():
            if count > 1:
                yield f"{path}choices: the {field} {value!r} is there {count} times"
    for index, choice in enumerate(choices):
        where = f"{path}choices[{index}]."
        yield from _text_problems(f"{where}name", choice.get("name"), longest=CHOICE_MAX)
        if not TYPES[kind](choice.get("value")):
            yield f"{where}value: {choice.get('value')!r} is no {kind.name}"
        elif kind is OptionKind.STRING:
            yield from _text_problems(f"{where}value", choice["value"], longest=CHOICE_MAX)


def _bounds_problems(path: str, option: Option, kind: OptionKind) -> Iterator[str]:
    fields = ("min_value", "max_value", "min_length", "max_length")
    given = {field: option[field] for field in fields if option.get(field) is not None}
    ranges: dict[str, tuple[int, int]] = {}
    if kind is OptionKind.STRING:
        ranges = {"min_length": (0, STRING_MAX), "max_length": (1, STRING_MAX)}
    elif kind in NUMERIC:
        ranges = dict.fromkeys(("min_value", "max_value"), (-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX))
    for field, value in given.items():
        if field not in ranges:
            yield f"{path}{field}: {kind.name} has no such bound"
        elif not TYPES[OptionKind.INTEGER if kind is not OptionKind.NUMBER else kind](value):
            yield f"{path}{field}: {value!r} is no bound of {kind.name}"
        elif not ranges[field][0] <= value <= ranges[field][1]:
            yield f"{path}{field}: {value} is not between {ranges[field][0]} and {ranges[field][1]}"
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if low in given and high in given and given[low] > given[high]:
            yield f"{path}{low}: {given[low]} is above {high}, {given[high]}"


def _characters(owner: Mapping[str, Any]) -> int:
    """Count names, descriptions and values; of a text and its translations the longest counts."""
    return (
        _longest(owner, "name")
        + _longest(owner, "description")
        + sum(_characters(option) for option in owner.get("options") or ())
        + sum(
            _longest(choice, "name") + len(str(choice["value"]))
            for choice in owner.get("choices") or ()
        )
    )


def _longest(owner: Mapping[str, Any], field: str) -> int:
    texts = [owner.get(field) or "", *(owner.get(f"{field}_localizations") or {}).values()]
    return max(map(len, texts))
