"""Every choice that the member left open, what AI Client cannot do, and the form that is sent.

Pure. Sizes and styles are those of the service behind it; its document shows one of each.
"""

import math
from collections.abc import Sequence

from bot.domain.capabilities import Ability, Capability
from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import chosen, narrowed, within
from bot.domain.requests import PICTURES_MAX, PictureRequest
from bot.domain.weights import Part, weighted
from bot.providers.ai_client.wire import TITLE
from bot.providers.base import Model, Plan

PART_CHARS_MAX = 2000
PARTS_MAX = 10
STEPS_MIN, STEPS_MAX, STEPS_USUAL = 10, 50, 30
SIDE_USUAL_PX = 1024
SIZES = (
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance",
    "fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk", "origami",
    "photographic", "pixel-art", "tile-texture",
)  # fmt: skip

CAPABILITY = Capability(
    abilities=frozenset({Ability.TEXT_TO_PICTURE}),
    wishes=frozenset({"negative", "style"}),
    weights=True,
    pictures_at_once=PICTURES_MAX,
    sides_px=(min(min(SIZES)), max(max(SIZES)), 64),
    steps=(STEPS_MIN, STEPS_MAX),
)


def to_plan(request: PictureRequest, *, models: Sequence[Model], usual: str) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    Raises:
        InvalidRequest: for what AI Client cannot do.
    """
    if request.source is not None:
        raise InvalidRequest(f"{TITLE} cannot start from a picture: leave it out.")
    _check_parts(_parts(request), prompt=request.prompt)
    notes: list[str] = []
    planned, lost = narrowed(request, able=CAPABILITY.wishes)
    if lost:
        notes.append(f"{TITLE} knows no {', '.join(lost)}: left out.")
    width, height = _size(request, notes)
    planned = planned.evolve(
        model=chosen(request.model, [one.name for one in models], usual=usual, title=TITLE),
        width=width,
        height=height,
        steps=within(
            "Steps", request.steps or STEPS_USUAL, low=STEPS_MIN, high=STEPS_MAX, notes=notes
        ),
        style=_style(request.style),
    )
    return Plan(request=planned, notes=tuple(notes), takes_seed=False)


def to_form(request: PictureRequest) -> list[tuple[str, str]]:
    """Return the fields of a planned request, in the document's order (`…/entry`)."""
    fields = [
        ("type", "request"),
        ("engine", request.model or ""),
        ("resolution", f"{request.width}x{request.height}"),
    ]
    for index, part in enumerate(_parts(request)):
        fields.append((f"prompts[{index}][text]", part.text))
        fields.append((f"prompts[{index}][weight]", f"{part.weight:g}"))
    fields += [("images", str(request.count)), ("steps", str(request.steps))]
    return fields if request.style is None else [*fields, ("style", request.style)]


def _parts(request: PictureRequest) -> tuple[Part, ...]:
    """Return what to draw and, with weights below zero, what to avoid."""
    parts = weighted(request.prompt)
    negative = request.negative.strip()
    return (*parts, Part(text=negative, weight=-1.0)) if negative else parts


def _check_parts(parts: Sequence[Part], *, prompt: str) -> None:
    if not any(part.weight > 0 for part in parts):
        if any(part.weight < 0 for part in weighted(prompt)):
            raise InvalidRequest("Your prompt says only what to avoid: say what to draw as well.")
        raise InvalidRequest("Describe the picture: the prompt is empty.")
    if len(parts) > PARTS_MAX:
        raise InvalidRequest(
            f"Your prompt has {len(parts)} weighted parts: {TITLE} takes {PARTS_MAX}."
        )
    longest = max(len(part.text) for part in parts)
    if longest > PART_CHARS_MAX:
        raise InvalidRequest(
            f"A part of your prompt has {longest} characters: {TITLE} takes {PART_CHARS_MAX}."
        )


def _size(request: PictureRequest, notes: list[str]) -> tuple[int, int]:
    """Return the size whose shape is nearest to the one asked for; they are all as large."""
    asked = (request.width or SIDE_USUAL_PX, request.height or SIDE_USUAL_PX)
    shape = math.log(asked[0] / asked[1])
    width, height = min(SIZES, key=lambda size: abs(math.log(size[0] / size[1]) - shape))
    if (width, height) != asked:
        notes.append(f"The size became {width}×{height}, the nearest shape that {TITLE} has.")
    return width, height


def _style(asked: str | None) -> str | None:
    if asked is None:
        return None
    style = asked.lower().replace("_", "-")
    if style not in STYLES:
        raise InvalidRequest(f"{TITLE} has no such style. It has: {', '.join(STYLES)}.")
    return style
