"""Repaint the part of a picture that a mask names, so that anybody can see which part it was."""

import io
from dataclasses import dataclass, field

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.sandbox.providers.nebula.refusals import Refusal
from bot.sandbox.providers.pictures import QUALITY

SIDE_STEP = 16  # of the repainting model; other sizes are brought down to it
FORMATS = frozenset({"PNG", "JPEG", "WEBP"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What a picture is painted on: the source and its mask, as they came."""

    source: bytes = field(repr=False)
    mask: bytes = field(repr=False)
    repaints: str


def fitted(side: int) -> int:
    """Return the side that is drawn for one that was asked for."""
    return max(SIDE_STEP, side // SIDE_STEP * SIDE_STEP)


def check(name: str, data: bytes | None) -> bytes:
    """Return the bytes of a picture that can be read, or refuse the field."""
    try:
        with Image.open(io.BytesIO(data or b"")) as opened:
            opened.load()
            known = opened.format in FORMATS
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        known = False
    if data is None or not known:
        raise Refusal("invalid_request", faults={name: "The image could not be decoded"})
    return data


def repainted(canvas: Canvas, drawn: bytes, kind: str) -> bytes:
    """Lay what was drawn over the source where the mask says so; a mask of another size is resized."""
    new = Image.open(io.BytesIO(drawn)).convert("RGB")
    old = Image.open(io.BytesIO(canvas.source)).convert("RGB").resize(new.size)
    mask = Image.open(io.BytesIO(canvas.mask)).convert("L").resize(new.size)
    if canvas.repaints == "black":
        mask = ImageOps.invert(mask)
    out = io.BytesIO()
    Image.composite(new, old, mask).save(out, kind, quality=QUALITY)
    return out.getvalue()
