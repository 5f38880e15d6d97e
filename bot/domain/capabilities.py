"""What a provider can do, as data: declared by its adapter, or read from the service where it tells.

Matched against a request before anything is held or sent (`bot.domain.choice`), shown to members
by `/providers`, and written into `bot/providers/README.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from types import MappingProxyType

from bot.domain.requests import (
    AlchemyRequest,
    Form,
    PictureRequest,
    Request,
    Source,
    SourceUse,
    TextRequest,
)


class Ability(StrEnum):
    """What can be asked of a provider; the value is its name for members."""

    TEXT_TO_PICTURE = "pictures from text"
    PICTURE_TO_PICTURE = "pictures from a picture"
    INPAINT = "inpainting"
    OUTPAINT = "outpainting"
    REMIX = "remixing"
    CONTROL = "control types"
    TEXT = "text"
    CAPTION = "captions"
    TAGS = "tags"
    NSFW = "adult content check"
    UPSCALE = "upscaling"
    FACE_FIX = "face fixing"
    CUTOUT = "background removal"


class Sight(StrEnum):
    """What a provider tells of work that is under way."""

    PLACE = "queue place"
    ETA = "time left"
    PERCENT = "percent"
    PREVIEW = "previews"
    TEXT_SO_FAR = "text as it grows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What one provider can do, with one model or with the best of its models for each thing.

    `wishes` are those of `bot.domain.narrowing.WISHES` that it honours; what is missing there is
    left out of a request with a note. `sides_px` are the least, the most and the step of a side.
    """

    abilities: frozenset[Ability]
    wishes: frozenset[str] = frozenset()
    weights: bool = False
    pictures_at_once: int = 1
    sides_px: tuple[int, int, int] | None = None
    steps: tuple[int, int] | None = None
    sights: frozenset[Sight] = frozenset()
    calls_back: bool = False
    can_cancel: bool = False


_SOURCE_USES: Mapping[SourceUse, Ability] = MappingProxyType(
    {
        SourceUse.IMG2IMG: Ability.PICTURE_TO_PICTURE,
        SourceUse.INPAINTING: Ability.INPAINT,
        SourceUse.OUTPAINTING: Ability.OUTPAINT,
        SourceUse.REMIX: Ability.REMIX,
    }
)
_FORMS: Mapping[Form, Ability] = MappingProxyType(
    {
        Form.CAPTION: Ability.CAPTION,
        Form.TAGS: Ability.TAGS,
        Form.NSFW: Ability.NSFW,
        Form.UPSCALE: Ability.UPSCALE,
        Form.FACE_FIX: Ability.FACE_FIX,
        Form.CUTOUT: Ability.CUTOUT,
    }
)


def needs(request: Request) -> frozenset[Ability]:
    """Return everything that a provider must be able to do to take a request."""
    match request:
        case TextRequest():
            return frozenset({Ability.TEXT})
        case AlchemyRequest():
            return frozenset(_FORMS[form] for form in request.forms)
        case PictureRequest(source=None):
            return frozenset({Ability.TEXT_TO_PICTURE})
        case PictureRequest(source=Source() as source):
            return _needs_of(source)
    raise AssertionError(request)


def _needs_of(source: Source) -> frozenset[Ability]:
    use = source.use
    if source.mask is not None and use is SourceUse.IMG2IMG:
        use = SourceUse.INPAINTING  # a mask says what it is for
    control = () if source.control is None else (Ability.CONTROL,)
    return frozenset({_SOURCE_USES[use], *control})


def union(capabilities: Iterable[Capability]) -> Capability:
    """Return what can be done with one or another of several models; at least one is given."""
    return reduce(_either, capabilities)


def _either(one: Capability, other: Capability) -> Capability:
    return Capability(
        abilities=one.abilities | other.abilities,
        wishes=one.wishes | other.wishes,
        weights=one.weights or other.weights,
        pictures_at_once=max(one.pictures_at_once, other.pictures_at_once),
        sides_px=_widest(one.sides_px, other.sides_px),
        steps=_wider(one.steps, other.steps),
        sights=one.sights | other.sights,
        calls_back=one.calls_back or other.calls_back,
        can_cancel=one.can_cancel or other.can_cancel,
    )


def _wider(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _widest(
    one: tuple[int, int, int] | None, other: tuple[int, int, int] | None
) -> tuple[int, int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2])
