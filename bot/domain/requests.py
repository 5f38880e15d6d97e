"""What was asked for: values that every provider can be offered, with bytes named by their hash.

There are three kinds: pictures, a text, and alchemy (what can be made of or said about a picture).
What is common to them is read without asking for the kind: `prompt`, `count`, `model`, `seed`,
`conduct`, `private`, `sources`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NewType, Self

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
    is_covered: bool = False
    """Post the results behind a spoiler, whatever the provider says of them."""


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

    @property
    def sources(self) -> frozenset[BlobId]:
        """Return the stored bytes that this starts from."""
        if self.source is None:
            return frozenset()
        return frozenset(blob for blob in (self.source.picture, self.source.mask) if blob)

    def evolve(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


class Role(StrEnum):
    """Who said something in a conversation."""

    MEMBER = "member"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said in a conversation, the oldest first."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """One text that answers or goes on from a prompt; None means "what the model does best".

    `length` is the most tokens of the answer; `turns` are what was said before the prompt.
    """

    prompt: str
    instruction: str = ""
    turns: tuple[Turn, ...] = ()
    model: str | None = None
    length: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    conduct: Conduct = field(default_factory=Conduct)
    private: bool = False

    @property
    def count(self) -> int:
        """How many results are asked for."""
        return 1

    @property
    def sources(self) -> frozenset[BlobId]:
        """Return the stored bytes that this starts from: none."""
        return frozenset()

    def evolve(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


class Form(StrEnum):
    """What alchemy makes of a picture, or says about it."""

    CAPTION = "caption"
    TAGS = "tags"
    NSFW = "nsfw"
    UPSCALE = "upscale"
    FACE_FIX = "face_fix"
    CUTOUT = "cutout"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlchemyRequest:
    """Results made of one picture, one for each form; `model` names the upscaler or face fixer."""

    picture: BlobId
    forms: tuple[Form, ...]
    model: str | None = None
    conduct: Conduct = field(default_factory=Conduct)
    private: bool = False

    @property
    def prompt(self) -> str:
        """Nothing was described."""
        return ""

    @property
    def count(self) -> int:
        """How many results are asked for."""
        return len(self.forms)

    @property
    def seed(self) -> int | None:
        """Nothing is left to chance."""
        return None

    @property
    def sources(self) -> frozenset[BlobId]:
        """Return the stored bytes that this starts from."""
        return frozenset({self.picture} if self.picture else ())

    def evolve(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


Request = PictureRequest | TextRequest | AlchemyRequest

# Rows of pictures name no kind: the first release knew no other.
_KINDS: Mapping[str, TypeAdapter[Request]] = MappingProxyType(
    {
        "text": TypeAdapter(TextRequest),
        "alchemy": TypeAdapter(AlchemyRequest),
        "": TypeAdapter(PictureRequest),
    }
)
_WRITTEN = TypeAdapter(dict[str, Any])


def with_sources_of(request: Request, other: Request) -> Request:
    """Return a request that starts from the same stored bytes as another of its kind."""
    match request, other:
        case PictureRequest(source=Source() as mine), PictureRequest(source=Source() as theirs):
            return request.evolve(source=replace(mine, picture=theirs.picture, mask=theirs.mask))
        case AlchemyRequest(), AlchemyRequest():
            return request.evolve(picture=other.picture)
        case _:
            return request


def request_to_json(request: Request) -> str:
    """Write a request as JSON text, defaults left out, so that old rows stay readable."""
    kind = kind_of(request)
    written = _KINDS[kind].dump_python(request, mode="json", exclude_defaults=True)
    return _WRITTEN.dump_json(({"kind": kind} if kind else {}) | written).decode()


def request_from_json(text: str) -> Request:
    """Read what `request_to_json` wrote, today or in an older release."""
    written = _WRITTEN.validate_json(text)
    return _KINDS[written.pop("kind", "")].validate_python(written)


def kind_of(request: Request) -> str:
    """Name the kind of a request as it is stored."""
    match request:
        case TextRequest():
            return "text"
        case AlchemyRequest():
            return "alchemy"
        case PictureRequest():
            return ""


def without_words(request: Request) -> Request:
    """Return a request without anything that a member wrote or attached; its figures stay."""
    match request:
        case PictureRequest():
            return request.evolve(prompt="", negative="", source=None)
        case TextRequest():
            return request.evolve(prompt="", instruction="", turns=())
        case AlchemyRequest():
            return request.evolve(picture=UNSTORED)


def is_forgotten(request: Request) -> bool:
    """Tell whether what was asked for is not known any more."""
    return request == without_words(request)
