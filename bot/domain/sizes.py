"""Sides of a picture: multiples of 64 that fit a shape into an area."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bot.domain.requests import SIDE_MAX_PX, SIDE_MIN_PX, SIDE_STEP_PX

AREA_PX = 1024 * 1024
"""What a shape is fitted into when nobody said a size: where SDXL was trained, free on the Horde."""

_SIDES = range(SIDE_MIN_PX, SIDE_MAX_PX + 1, SIDE_STEP_PX)


class Aspect(NamedTuple):
    """A shape as two whole numbers, 16 and 9."""

    across: int
    down: int


SHAPES: Mapping[str, Aspect] = MappingProxyType(
    {
        "square": Aspect(1, 1),
        "portrait": Aspect(2, 3),
        "landscape": Aspect(3, 2),
        "tall": Aspect(9, 16),
        "wide": Aspect(16, 9),
    }
)
"""Shapes by the names that people know them by."""


def size_for(aspect: Aspect, area_px: int) -> tuple[int, int]:
    """Return the width and height that come nearest to a shape without exceeding an area.

    The side that falls short most decides; never over the area, because providers ask more for
    a pixel too many (AI Horde: upfront kudos).
    """
    assert area_px >= SIDE_MIN_PX * SIDE_MIN_PX
    fitting = [
        (width, _height(aspect, width, area_px))
        for width in _SIDES
        if width * SIDE_MIN_PX <= area_px
    ]
    return max(fitting, key=lambda side: _worse_side(aspect, *side))


def nearest_side(px: int) -> int:
    """Return the allowed side nearest to a number of pixels."""
    steps = (px + SIDE_STEP_PX // 2) // SIDE_STEP_PX
    return min(max(steps * SIDE_STEP_PX, SIDE_MIN_PX), SIDE_MAX_PX)


def _height(aspect: Aspect, width: int, area_px: int) -> int:
    wanted = -(-width * aspect.down // aspect.across)  # rounded up, so that the width is not wasted
    wanted += -wanted % SIDE_STEP_PX
    room = area_px // width // SIDE_STEP_PX * SIDE_STEP_PX
    return max(min(wanted, room, SIDE_MAX_PX), SIDE_MIN_PX)


def _worse_side(aspect: Aspect, width: int, height: int) -> tuple[int, int]:
    across, down = width * aspect.down, height * aspect.across
    return min(across, down), -abs(across - down)
