"""How the value of a parameter is read: text in, a value of the domain out, or a `Mistake`.

A sentence never repeats what was typed, numbers excepted, so that it is safe to show anywhere.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from bot.domain.requests import (
    SIDE_MAX_PX,
    SIDE_MIN_PX,
    SIDE_STEP_PX,
    Lora,
    TextualInversion,
)
from bot.domain.sizes import SHAPES, Aspect, nearest_side

NAME_CHARS_MAX = 255
WORD_CHARS_MAX = 64
TRIGGER_CHARS_MAX = 30
LORAS_MAX = 5
INVERSIONS_MAX = 20
POST_PROCESSORS_MAX = 10
STRENGTH_MAX = 5  # of a LoRA or an inversion, both ways
ASPECT_MAX = 8
DECIMALS_MAX = 2
DIGITS_MAX = 20

QUOTES = '"“”„'

_WHOLE = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,](?P<fraction>\d+))?|[.,](?P<only_fraction>\d+))")
_ASPECT = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)[:/x×](\d{1,4}(?:\.\d{1,2})?)")
_SIZE = re.compile(r"(\d{1,6})[x×*](\d{1,6})")
_WORD = re.compile(rf"[\w.+-]{{1,{WORD_CHARS_MAX}}}")
_QUOTED = re.compile(rf"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}]")
_FIELD = re.compile(
    r"""\s*(?:
        "(?P<straight>(?:\\.|[^"\\])*)"
      | [“”„](?P<curly>[^"“”„]*)[“”„]
      | (?P<bare>(?:\\.|[^\\:,])*?)
    )\s*(?P<end>[:,]|$)""",
    re.VERBOSE,
)
_VERSION = re.compile(r"#(\d{1,20})")
_NEEDS_QUOTES = re.compile(rf"[:,\\{QUOTES}]")


class Mistake(Exception):
    """A value that cannot be read; the text goes on behind the name, `{like}` is an example."""


Reader = Callable[[str], Any]


def words(value: str) -> str:
    """Read free text."""
    text = _unquoted(value)
    if not text:
        raise Mistake("needs words behind it, like {like}.")
    return text


def name(value: str) -> str:
    """Read a name that may contain spaces."""
    text = _unquoted(value)
    if not text or any(quote in text for quote in QUOTES):
        raise Mistake("needs one name and nothing behind it, like {like}.")
    return _short(text)


def word(value: str) -> str:
    """Read a technical name without spaces."""
    text = _unquoted(value)
    if not _WORD.fullmatch(text):
        raise Mistake("needs one word, like {like}.")
    return text


def switch(value: str) -> bool:
    """Read yes or no."""
    match value.lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
    raise Mistake("stands alone: leave out what is attached to it.")


def whole(least: int, most: int, *, below: str = "too low", above: str = "too high") -> Reader:
    """Return the reader of a whole number within bounds."""

    def read(value: str) -> int:
        text = _number(value)
        if not _WHOLE.fullmatch(text):
            raise Mistake("needs a whole number, like {like}.")
        if len(text) > DIGITS_MAX:
            raise Mistake(f"is out of bounds: {least} to {most}.")
        number = int(text)
        if not least <= number <= most:
            verdict = below if number < least else above
            raise Mistake(f"{number} is {verdict}: {least} to {most}.")
        return number

    return read


def amount(least: int, most: int) -> Reader:
    """Return the reader of a number of things."""
    return whole(least, most, below="too few", above="too many")


def decimal(least: float, most: float) -> Reader:
    """Return the reader of a number with at most two decimals within bounds."""

    def read(value: str) -> float:
        text = _number(value)
        found = _DECIMAL.fullmatch(text)
        if not found:
            raise Mistake("needs a number, like {like}.")
        if len(text) > DIGITS_MAX:
            raise Mistake(f"is out of bounds: {least} to {most}.")
        if len(found["fraction"] or found["only_fraction"] or "") > DECIMALS_MAX:
            raise Mistake(f"takes at most {DECIMALS_MAX} decimals, like {{like}}.")
        number = float(text.replace(",", "."))
        if not least <= number <= most:
            verdict = "too low" if number < least else "too high"
            raise Mistake(f"{number:g} is {verdict}: {least} to {most}.")
        return number

    return read


_SIDE = whole(SIDE_MIN_PX, SIDE_MAX_PX)
_LAYER_STRENGTH = decimal(-STRENGTH_MAX, STRENGTH_MAX)


def side(value: str) -> int:
    """Read a width or height."""
    px: int = _SIDE(value)
    if px % SIDE_STEP_PX:
        raise Mistake(f"{px} is no multiple of {SIDE_STEP_PX}: {nearest_side(px)} is the nearest.")
    return px


def size(value: str) -> tuple[int, int]:
    """Read width and height together."""
    found = _SIZE.fullmatch(_number(value).lower())
    if not found:
        raise Mistake("needs a width and a height, like {like}.")
    return side(found[1]), side(found[2])


def aspect(value: str) -> Aspect:
    """Read a shape by its name or its numbers; cinema's decimals (2.39:1) are welcome."""
    text = _number(value).lower()
    if text in SHAPES:
        return SHAPES[text]
    found = _ASPECT.fullmatch(text)
    across, down = (round(float(part) * 100) for part in found.groups()) if found else (0, 0)
    if not across or not down:
        raise Mistake(f"needs a shape, like {{like}}, or one of {', '.join(SHAPES)}.")
    if max(across, down) > ASPECT_MAX * min(across, down):
        raise Mistake(f"is too thin: at most {ASPECT_MAX}:1 or 1:{ASPECT_MAX}.")
    return Aspect(across, down)


def one_of(choices: type[StrEnum]) -> Reader:
    """Return the reader of a closed list of words."""

    def read(value: str) -> StrEnum:
        try:
            return choices(_unquoted(value).lower())
        except ValueError as err:
            raise Mistake(f"takes one of {', '.join(choices)}.") from err

    return read


def loras(value: str) -> tuple[Lora, ...]:
    """Read small models: name:model:clip:trigger, or #version in place of the name."""
    return tuple(_lora(fields) for fields in _items(value, most=LORAS_MAX, fields_max=4))


def inversions(value: str) -> tuple[TextualInversion, ...]:
    """Read learned words: name:strength:prompt or :negprompt."""
    return tuple(_inversion(fields) for fields in _items(value, most=INVERSIONS_MAX, fields_max=3))


def post_processors(value: str) -> tuple[str, ...]:
    """Read the names of finishing steps, each once."""
    items = _items(value, most=POST_PROCESSORS_MAX, fields_max=1)
    return tuple(dict.fromkeys(word(fields[0]) for fields in items))


def written_field(text: str) -> str:
    """Write a field of an item so that `_items` reads the same text back."""
    if not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(value: str) -> str:
    found = _QUOTED.fullmatch(value)
    return found[1].strip() if found else value


def _number(value: str) -> str:
    # Full-width digits and the typographic minus come from phones and copied text.
    return unicodedata.normalize("NFKC", value).replace("\N{MINUS SIGN}", "-").strip(f" ,;{QUOTES}")


def _short(label: str) -> str:
    if len(label) > NAME_CHARS_MAX:
        raise Mistake(f"takes a name of at most {NAME_CHARS_MAX} characters.")
    return label


def _items(value: str, *, most: int, fields_max: int) -> list[list[str]]:
    items: list[list[str]] = [[]]
    position = 0
    while position < len(value):
        found = _FIELD.match(value, position)
        if not found:
            raise Mistake("cannot be read: write it like {like}.")
        text = found["straight"] or found["curly"] or found["bare"] or ""
        items[-1].append(re.sub(r"\\(.)", r"\1", text).strip())
        if found["end"] == ",":
            items.append([])
        position = found.end()
    items = [fields for fields in items if any(fields)]
    if not items or any(not fields[0] or len(fields) > fields_max for fields in items):
        raise Mistake("cannot be read: write it like {like}.")
    if len(items) > most:
        raise Mistake(f"is there {len(items)} times: at most {most}.")
    return items


def _lora(fields: list[str]) -> Lora:
    label, model, clip, trigger = _padded(fields, 4)
    version = _VERSION.fullmatch(label)
    if len(trigger) > TRIGGER_CHARS_MAX:
        raise Mistake(f"takes a trigger of at most {TRIGGER_CHARS_MAX} characters.")
    return Lora(
        name=version[1] if version else _short(label),
        model_strength=_LAYER_STRENGTH(model or "1"),
        clip_strength=_LAYER_STRENGTH(clip or "1"),
        trigger=trigger or None,
        is_version=version is not None,
    )


def _inversion(fields: list[str]) -> TextualInversion:
    label, strength, inject = _padded(fields, 3)
    if inject not in {"", "prompt", "negprompt"}:
        raise Mistake("takes prompt or negprompt at its end, like {like}.")
    return TextualInversion(
        name=_short(label),
        strength=_LAYER_STRENGTH(strength or "1"),
        inject=inject or None,
    )


def _padded(fields: list[str], length: int) -> list[str]:
    return fields + [""] * (length - len(fields))
