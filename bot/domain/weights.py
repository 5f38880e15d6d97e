"""Weighted prompts, `a lighthouse::2 fog::-1`: how much each part of a text counts.

A weight stands right behind two colons and ends the part before it; a bare `::` counts 1, and so
does what has no colons at all. `std::vector` is no weight: something else follows the colons.
"""

import re
from typing import NamedTuple

_WEIGHT = re.compile(r"::(?P<weight>[+-]?(?:\d{1,3}(?:\.\d{1,3})?|\.\d{1,3}))?(?=[\s,;]|$)")
_BETWEEN_PARTS = " \t\r\n,;"


class Part(NamedTuple):
    """Some words of a prompt; what has a negative weight should not be in the picture."""

    text: str
    weight: float


class Unweighted(NamedTuple):
    """A prompt for those who know no weights: what should be there, and what should not."""

    prompt: str
    negative: str


def weighted(prompt: str) -> tuple[Part, ...]:
    """Take a prompt apart; parts without words, or with the weight 0, are left out."""
    parts, start = [], 0
    for mark in _WEIGHT.finditer(prompt):
        parts.append(_part(prompt[start : mark.start()], float(mark["weight"] or 1)))
        start = mark.end()
    parts.append(_part(prompt[start:], 1.0))
    return tuple(part for part in parts if part.text and part.weight)


def without_weights(prompt: str) -> Unweighted:
    """Return the words alone; a prompt without weights comes back as it is."""
    if _WEIGHT.search(prompt) is None:
        return Unweighted(prompt=prompt, negative="")
    parts = weighted(prompt)
    return Unweighted(
        prompt=", ".join(part.text for part in parts if part.weight > 0),
        negative=", ".join(part.text for part in parts if part.weight < 0),
    )


def _part(text: str, weight: float) -> Part:
    return Part(text=text.strip(_BETWEEN_PARTS), weight=weight)
