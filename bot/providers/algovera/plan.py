"""Every choice that the member left open, and what Algovera cannot do.

Pure. The document shows an example and names no limits; these are what its own front ends kept to.
"""

import re
from collections.abc import Sequence

from bot.domain.capabilities import Ability, Capability
from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import chosen, narrowed, unweighted, within
from bot.domain.requests import PictureRequest
from bot.providers.algovera.wire import TITLE
from bot.providers.base import Model, Plan

DEFAULT_MODEL = "stable"
PROMPT_CHARS_MAX = 1000
SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX = 64, 1024, 8
SIDE_USUAL_PX = 512
STEPS_MAX, STEPS_USUAL = 100, 30
CFG_MIN, CFG_MAX, CFG_USUAL = 1.0, 20.0, 7.0
SEED_MAX = 2**31 - 1

CAPABILITY = Capability(
    abilities=frozenset({Ability.TEXT_TO_PICTURE}),
    wishes=frozenset({"cfg", "seed"}),
    sides_px=(SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX),
    steps=(1, STEPS_MAX),
)
_SIZE_IN_NAME = re.compile(r"(\d{2,4})x(\d{2,4})$")
_SQUARES_ONLY = "dalle"


def to_plan(request: PictureRequest, *, models: Sequence[Model]) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    Raises:
        InvalidRequest: for what Algovera cannot do.
    """
    if request.source is not None:
        raise InvalidRequest(f"{TITLE} cannot start from a picture: leave it out.")
    notes: list[str] = []
    planned, lost = narrowed(unweighted(request, title=TITLE, notes=notes), able=CAPABILITY.wishes)
    _check_prompt(planned.prompt)
    if lost:
        notes.append(f"{TITLE} knows no {', '.join(lost)}: left out.")
    model = chosen(request.model, [one.name for one in models], usual=DEFAULT_MODEL, title=TITLE)
    width, height = _size(request, model, notes)
    planned = planned.evolve(
        model=model,
        width=width,
        height=height,
        steps=within("Steps", request.steps or STEPS_USUAL, low=1, high=STEPS_MAX, notes=notes),
        cfg=within(
            "Guidance scale",
            CFG_USUAL if request.cfg is None else request.cfg,
            low=CFG_MIN,
            high=CFG_MAX,
            notes=notes,
        ),
        seed=_seed(request.seed, notes),
    )
    return Plan(request=planned, notes=tuple(notes))


def _check_prompt(prompt: str) -> None:
    if not prompt.strip():
        raise InvalidRequest("Describe the picture: the prompt is empty.")
    if len(prompt) > PROMPT_CHARS_MAX:
        raise InvalidRequest(
            f"Your prompt has {len(prompt)} characters: {TITLE} takes {PROMPT_CHARS_MAX}."
        )


def _size(request: PictureRequest, model: str, notes: list[str]) -> tuple[int, int]:
    """Return the size asked for, else the one in the model's name, else the usual one."""
    named = _SIZE_IN_NAME.search(model)
    usual_width, usual_height = map(int, named.groups()) if named else (SIDE_USUAL_PX,) * 2
    width = _side("Width", request.width or usual_width, notes)
    height = _side("Height", request.height or usual_height, notes)
    if model == _SQUARES_ONLY and width != height:
        width = height = min(width, height)
        notes.append(f"{model} draws squares only: the size is {width}×{height}.")
    return width, height


def _side(what: str, side_px: int, notes: list[str]) -> int:
    on_grid = round(side_px / SIDE_STEP_PX) * SIDE_STEP_PX
    return within(what, on_grid, low=SIDE_MIN_PX, high=SIDE_MAX_PX, notes=notes)


def _seed(seed: int | None, notes: list[str]) -> int | None:
    """Fold a seed into Algovera's range, the same way each time."""
    if seed is None or seed <= SEED_MAX:
        return seed
    folded = seed % (SEED_MAX + 1)
    notes.append(f"The seed became {folded}: {TITLE}'s end at {SEED_MAX}.")
    return folded
