"""Narrow a request to what a provider can do, and say in words what it loses by that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from bot.domain.errors import InvalidRequest
from bot.domain.requests import PictureRequest
from bot.domain.weights import without_weights

NAME_SHOWN_CHARS_MAX = 60

N = TypeVar("N", int, float)

# Not here: what every provider takes, and what is not the provider's (`conduct` chooses among the
# Horde's workers, `private` is about the posted files).
WISHES: Mapping[str, str] = MappingProxyType(
    {
        "negative": "negative prompt",
        "cfg": "guidance scale",
        "sampler": "sampler",
        "style": "style",
        "seed": "seed",
        "seed_variation": "seed variation",
        "karras": "noise schedule",
        "clip_skip": "clip skip",
        "hires_fix": "hires fix",
        "hires_fix_strength": "hires fix strength",
        "tiling": "tiling",
        "transparent": "transparency",
        "loras": "LoRAs",
        "inversions": "textual inversions",
        "post_processing": "post-processing",
        "facefixer_strength": "face fixer strength",
    }
)
"""What a request can ask for beyond the ordinary, by field, in words for the member."""

_USUAL = {field.name: field.default for field in fields(PictureRequest)}


class Narrowed(NamedTuple):
    """A request that asks for nothing but what can be done, and the words for the rest."""

    request: PictureRequest
    lost: tuple[str, ...]


def narrowed(request: PictureRequest, *, able: Collection[str]) -> Narrowed:
    """Reset every wish that is not among the fields that somebody is `able` to honour."""
    lost = [
        name
        for name in WISHES
        if name not in able and getattr(request, name) not in {_USUAL[name], None, ""}
    ]
    changes = {name: _USUAL[name] for name in lost}
    return Narrowed(request=request.evolve(**changes), lost=tuple(WISHES[name] for name in lost))


def unweighted(request: PictureRequest, *, title: str, notes: list[str]) -> PictureRequest:
    """Send the words without their weights; what counts less than nothing is to be avoided."""
    prompt, negative = without_weights(request.prompt)
    if prompt == request.prompt:
        return request
    notes.append(f"{title} knows no weights: the words were sent without them.")
    avoided = ", ".join(text for text in (request.negative, negative) if text)
    return request.evolve(prompt=prompt, negative=avoided)


def within(what: str, value: N, *, low: N, high: N, notes: list[str]) -> N:
    """Return the nearest value between two bounds; a note tells when it is another."""
    fitted = min(max(value, low), high)
    if fitted != value:
        notes.append(f"{what} {'raised' if fitted > value else 'lowered'} to {fitted:g}.")
    return fitted


def chosen(asked: str | None, known: Sequence[str], *, usual: str, title: str) -> str:
    """Return a model's name as its provider spells it; nothing known stands for "not known yet".

    Raises:
        InvalidRequest: for a model that is not among the known ones.
    """
    if not known:
        return asked or usual
    if asked is None:
        return usual if usual in known else known[0]
    spelt = {name.lower(): name for name in known}
    if (name := spelt.get(asked.lower())) is None:
        raise InvalidRequest(
            f"{title} has no model “{asked[:NAME_SHOWN_CHARS_MAX]}”. It has: {', '.join(known)}."
        )
    return name
