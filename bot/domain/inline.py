r"""Parameters inside a line of text: where one starts and ends, and how a look-alike is escaped.

A parameter stands behind a space; a word that only looks like one is written `\--word`. Numbers
take one word and leave the rest to the prompt; names and lists take all up to the next parameter.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.parameters import BY_NAME, OFF, Parameter, Takes

PARAMETERS_MAX = 100
NAME_SHOWN_CHARS_MAX = 24
_LIKENESS_LEAST = 0.72  # takes --stepz for --steps, but not --no-hands for --no-nsfw

# Phones turn two hyphens into a dash.
_LOOKS_LIKE_ONE = re.compile(r"(?<!\S)(?P<escape>\\*)(?P<dash>--|[—–])(?P<name>[^\W\d_][\w-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A line taken apart: the prompt, the raw values by key, and names nobody knows."""

    prompt: str
    values: Mapping[str, list[str]]
    mistakes: tuple[str, ...]


def split(line: str) -> Split:
    """Take a cleaned line apart; every value is text still."""
    heads = [m for m in _LOOKS_LIKE_ONE.finditer(line) if _counts(m) and not m["escape"]]
    if len(heads) > PARAMETERS_MAX:
        sentence = f"Your text has {len(heads)} parameters: at most {PARAMETERS_MAX}."
        return Split(prompt="", values={}, mistakes=(sentence,))
    ends = [head.start() for head in heads] + [len(line)]
    literals = [unescaped(line[: ends[0]])]
    values: dict[str, list[str]] = {}
    mistakes = []
    for head, end in zip(heads, ends[1:], strict=True):
        name, behind = _normal(head["name"]), unescaped(line[head.end() : end])
        parameter = BY_NAME.get(name) or OFF.get(name)
        if parameter is None:
            mistakes.append(_unknown(name))
            continue
        value, rest = _value(parameter, behind)
        values.setdefault(parameter.key, []).append("off" if name in OFF else value)
        literals.append(rest)
    prompt = " ".join(part for part in map(str.strip, literals) if part)
    return Split(prompt=prompt, values=values, mistakes=tuple(mistakes))


def escaped(text: str) -> str:
    """Write text so that no word of it is taken for a parameter."""
    return _LOOKS_LIKE_ONE.sub(lambda m: "\\" + m[0] if _counts(m) else m[0], text)


def unescaped(text: str) -> str:
    """Return what `escaped` was given."""
    return _LOOKS_LIKE_ONE.sub(lambda m: m[0].removeprefix("\\") if _counts(m) else m[0], text)


def _counts(found: re.Match[str]) -> bool:
    """Whether it is a parameter by its look; behind a dash, which prose has too, only known ones."""
    name = _normal(found["name"])
    return found["dash"] == "--" or name in BY_NAME or name in OFF


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _value(parameter: Parameter, behind: str) -> tuple[str, str]:
    """Return a parameter's raw value and what is left to the prompt."""
    is_attached = behind[:1] in {"=", ":"}  # --steps=30
    behind = behind[1:] if is_attached else behind
    if parameter.takes is Takes.NOTHING and not is_attached:
        return "on", behind.lstrip(" ,;")
    if parameter.takes in {Takes.NOTHING, Takes.WORD}:
        word, _, rest = behind.strip().partition(" ")
        return word.rstrip(",;"), rest
    return behind.strip(), ""


def _unknown(name: str) -> str:
    shown = name[:NAME_SHOWN_CHARS_MAX]
    near = difflib.get_close_matches(shown, [*BY_NAME, *OFF], n=1, cutoff=_LIKENESS_LEAST)
    if near:
        advice = f"Did you mean --{near[0]}?"
    elif shown.startswith("no-"):
        advice = "What should not be in the picture goes behind --no and a space."
    else:
        advice = "To keep it in the prompt, write a backslash before it."
    return f"I don't know --{shown}. {advice}"
