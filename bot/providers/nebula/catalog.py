"""What each model takes beside model, prompt and size, and what is usual for it.

A field that a model does not know may be refused, so nothing is sent that no document shows for
it: a model without a row here gets the bare four.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Takes(StrEnum):
    """A field of the wire that only some models take."""

    NEGATIVE = "negative_prompt"
    STEPS = "num_steps"
    GUIDANCE = "guidance_scale"
    SEED = "seed"
    PICTURES = "image and mask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model; `steps` and `cfg` are sent where the member says nothing."""

    name: str
    takes: frozenset[Takes] = frozenset()
    steps: int | None = None
    cfg: float | None = None

    @property
    def repaints(self) -> bool:
        """Whether it draws a part of a picture anew, and nothing without a picture and a mask."""
        return Takes.PICTURES in self.takes


SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
SCHNELL = "black-forest-labs/FLUX.1-schnell"
FILL = "black-forest-labs/FLUX.1-Fill-dev"

ROWS: Mapping[str, Row] = MappingProxyType(
    {
        row.name.lower(): row
        for row in (
            # The first sample of the document, values included.
            Row(
                name=SDXL,
                takes=frozenset({Takes.NEGATIVE, Takes.STEPS, Takes.GUIDANCE}),
                steps=25,
                cfg=9.0,
            ),
            # The vendor's table of parameters; it is distilled to four steps without guidance.
            Row(name=SCHNELL, takes=frozenset({Takes.SEED, Takes.STEPS}), steps=4),
            # The second sample, which calls this image-to-image: it is inpainting.
            Row(
                name=FILL,
                takes=frozenset({Takes.STEPS, Takes.GUIDANCE, Takes.PICTURES}),
                steps=40,
                cfg=4.5,
            ),
        )
    }
)
USUAL = SCHNELL
DOCUMENTED = tuple(row.name for row in ROWS.values())
"""What is offered while the service's own list is not known."""


def row_of(name: str) -> Row:
    """Return what a model takes; an unknown one takes nothing but the common fields."""
    return ROWS.get(name.lower()) or Row(name=name)
