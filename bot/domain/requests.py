"""What was asked for: a value that every provider can be offered, with bytes named by their hash."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NewType

from pydantic import TypeAdapter

BlobId = NewType("BlobId", str)
"""The SHA-256 of some stored bytes, in lower-case hexadecimal."""

UNSTORED = BlobId("")
"""Stands in a request whose picture is still on its way into the store."""

PROMPT_CHARS_MAX = 4000
PICTURES_MAX = 10  # what one Discord message can carry
SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX = 64, 3072, 64
STEPS_MAX = 500
SEED_MAX = 2**32 - 1
DRAWN_SEED_MAX = 2**31 - 1  # what every provider takes as it is


class SourceUse(StrEnum):
    """What a source picture is for."""

    IMG2IMG = "img2img"
    INPAINTING = "inpainting"
    OUTPAINTING = "outpainting"
    REMIX = "remix"


class Control(StrEnum):
    """How a source picture steers the composition."""

    CANNY = "canny"
    HED = "hed"
    DEPTH = "depth"
    NORMAL = "normal"
    OPENPOSE = "openpose"
    SEG = "seg"
    SCRIBBLE = "scribble"
    FAKESCRIBBLES = "fakescribbles"
    HOUGH = "hough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A small model laid over the big one; strengths -5…5."""

    name: str
    model_strength: float = 1.0
    clip_strength: float = 1.0
    trigger: str | None = None
    is_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextualInversion:
    """A learned word; `inject` is "prompt", "negprompt" or None; strength -5…5."""

    name: str
    inject: str | None = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The picture to start from; `strength` 0…1 where 1 ignores it; a white mask area is repainted."""

    picture: BlobId
    use: SourceUse = SourceUse.IMG2IMG
    mask: BlobId | None = None
    strength: float | None = None
    control: Control | None = None
    is_control_map: bool = False
    return_control_map: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How the work may be done: content rules and the choice of workers."""

    nsfw: bool = False
    censor_nsfw: bool = True
    trusted_workers: bool = False
    slow_workers: bool = True
    extra_slow_workers: bool = False
    replacement_filter: bool = True
    allow_downgrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """Pictures from a description; None means "whatever the provider or model does best"."""

    prompt: str
    negative: str = ""
    count: int = 1
    width: int | None = None
    height: int | None = None
    model: str | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    style: str | None = None
    seed: int | None = None
    seed_variation: int | None = None
    karras: bool = True
    clip_skip: int | None = None
    hires_fix: bool = False
    hires_fix_strength: float | None = None
    tiling: bool = False
    transparent: bool = False
    loras: tuple[Lora, ...] = ()
    inversions: tuple[TextualInversion, ...] = ()
    post_processing: tuple[str, ...] = ()
    facefixer_strength: float | None = None
    source: Source | None = None
    conduct: Conduct = field(default_factory=Conduct)
    private: bool = False
    """Say nothing in the posted files about how they were made."""

    def evolve(self, **changes: Any) -> "PictureRequest":
        """Return a copy with some fields changed."""
        return replace(self, **changes)


_REQUEST = TypeAdapter(PictureRequest)


def request_to_json(request: PictureRequest) -> str:
    """Write a request as JSON text, defaults left out, so that old rows stay readable."""
    return _REQUEST.dump_json(request, exclude_defaults=True).decode()


def request_from_json(text: str) -> PictureRequest:
    """Read what `request_to_json` wrote, today or in an older release."""
    return _REQUEST.validate_json(text)
