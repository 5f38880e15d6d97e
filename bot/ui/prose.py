"""A model's answer as Discord shows it: code, lists and emphasis stay, whatever could act does not.

Mentions, times, masked links, bare links, spoilers and our own kind of small print are shown as the
characters they are; headings become bold lines. Inside code Discord reads nothing, so code is kept
as it is, in fences that are always closed.
"""

import re
from collections.abc import Callable, Iterator

from bot.domain.plain_text import ELLIPSIS, clean
from bot.ui.texts import units

_FENCE = "```"
_LANGUAGE = re.compile(r"[A-Za-z0-9_+.#-]{1,20}")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_MARKS = re.compile(r"([\\<@|\[`])")
_LINK = re.compile(r":(?=//)")
_SPACE = re.compile(r"\s")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.+)$", re.MULTILINE)
_SMALL_PRINT = re.compile(r"^([ \t]*-)#", re.MULTILINE)
_WORD_CHARS_MAX = 40  # how far a cut moves so that no word is halved


def fits(text: str, *, chars_max: int) -> bool:
    """Tell whether the whole of a text can be shown in so many characters."""
    return len(text) <= 2 * chars_max and units(_safe(clean(text).strip())) <= chars_max


def beginning(text: str, *, chars_max: int) -> str:
    """Show a text, or its beginning and an ellipsis, in at most `chars_max` characters."""
    return _shown(clean(text).strip(), _head, chars_max=chars_max)


def end(text: str, *, chars_max: int) -> str:
    """Show a text, or an ellipsis and its end: of a text that grows, that is what is new."""
    return _shown(clean(text).strip(), _tail, chars_max=chars_max)


def _shown(text: str, cut: Callable[[str, int], str], *, chars_max: int) -> str:
    """Make a text safe and cut it as little as it must be; marks make it longer than it was."""
    kept = min(len(text), chars_max)
    while kept > 0:
        safe = _safe(text if kept == len(text) else cut(text, kept))
        excess = units(safe) - chars_max
        if excess <= 0:
            return safe
        kept -= excess
    return ELLIPSIS[:chars_max] if text else ""


def _head(text: str, kept: int) -> str:
    words = text[: kept - len(ELLIPSIS)]
    cut = max(words.rfind(" "), words.rfind("\n"))
    return (words[:cut] if len(words) - cut <= _WORD_CHARS_MAX else words).rstrip() + ELLIPSIS


def _tail(text: str, kept: int) -> str:
    """Return the end of a text, opening again the code that the cut went through."""
    start = len(text) - kept + len(ELLIPSIS)
    space = _SPACE.search(text, start, start + _WORD_CHARS_MAX)
    start = start if space is None else space.end()
    is_in_code = text.count(_FENCE, 0, start) % 2 == 1
    return f"{_FENCE}\n{ELLIPSIS}{text[start:]}" if is_in_code else ELLIPSIS + text[start:]


def _safe(text: str) -> str:
    parts = text.split(_FENCE)
    shown = (_fenced(part) if number % 2 else _spoken(part) for number, part in enumerate(parts))
    return "".join(shown).strip()


def _fenced(code: str) -> str:
    """Write a block of code anew: an empty one would pair its fences with those of the next.

    It becomes a blank, so that what stood around it does not grow together into a link.
    """
    first, line_end, rest = code.partition("\n")
    language, body = (first, rest) if line_end and _LANGUAGE.fullmatch(first) else ("", code)
    body = body.strip("\n")
    return f"{_FENCE}{language}\n{body}\n{_FENCE}" if body.strip() else " "


def _spoken(words: str) -> str:
    words = _HEADING.sub(r"**\1**", words)
    words = _SMALL_PRINT.sub("\\1\u200b#", words)
    return "".join(_pieces(words))


def _pieces(words: str) -> Iterator[str]:
    at = 0
    for code in _CODE.finditer(words):
        yield _escaped(words[at : code.start()])
        yield code[0]
        at = code.end()
    yield _escaped(words[at:])


def _escaped(words: str) -> str:
    return _LINK.sub(r"\:", _MARKS.sub(r"\\\1", words))
