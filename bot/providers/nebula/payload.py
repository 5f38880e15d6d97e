"""A planned request as the body of one call: the fields of its model's row, and no other."""

import base64
import math
import struct
from typing import Any

from bot.domain.requests import SEED_MAX, PictureRequest
from bot.providers.base import Inputs
from bot.providers.nebula.catalog import Takes, row_of

SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX = 256, 1536, 16

_PNG_SIZE = struct.Struct(">16xII")  # signature, chunk, then width and height


def to_payload(request: PictureRequest, inputs: Inputs, *, call: int) -> dict[str, Any]:
    """Return the body of the call with this number, from 0; every picture has a seed of its own."""
    row = row_of(request.model or "")
    assert request.width, "only planned requests are sent"
    assert request.height, "only planned requests are sent"
    size = request.width, request.height
    offered: dict[str, Any] = {
        Takes.NEGATIVE: request.negative or None,
        Takes.STEPS: request.steps,
        Takes.GUIDANCE: request.cfg,
        Takes.SEED: seed_of(request.seed, call),
    }
    body = {name: value for name, value in offered.items() if name in row.takes}
    if row.repaints:
        assert inputs.source is not None, "a request to repaint comes with its picture"
        assert inputs.mask is not None, "a request to repaint comes with its mask"
        size = repainted_size(inputs.mask, area_px=size[0] * size[1])
        body["image"] = base64.b64encode(inputs.source).decode()
        body["mask"] = base64.b64encode(inputs.mask).decode()
    width, height = size
    common = {"model": row.name, "prompt": request.prompt, "width": width, "height": height}
    return common | {str(name): value for name, value in body.items() if value is not None}


def seed_of(first: int | None, call: int) -> int | None:
    """Return the seed of a call: they count on from the first; None where there is none."""
    return None if first is None else (first + call) % (SEED_MAX + 1)


def repainted_size(mask: bytes, *, area_px: int) -> tuple[int, int]:
    """Return the size to repaint at: the picture's own shape, within the area that was priced.

    The mask has the picture's size, and unlike the picture it is always a PNG, which tells it in
    its first bytes.
    """
    width, height = _PNG_SIZE.unpack_from(mask)
    scale = min(1.0, math.sqrt(area_px / (width * height)), SIDE_MAX_PX / max(width, height))
    return _on_grid(width * scale), _on_grid(height * scale)


def _on_grid(side: float) -> int:
    return max(SIDE_STEP_PX, int(side) // SIDE_STEP_PX * SIDE_STEP_PX)
