"""Every choice the member left open, and what the anonymous account may not have.

Pure. Nothing a member asked for is changed without a note. The limits are those above which the
Horde wants the kudos beforehand (`KudosUpfront`), which the anonymous account never has.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.capabilities import Ability, Capability, Sight
from bot.domain.narrowing import WISHES, narrowed, unweighted
from bot.domain.requests import (
    SIDE_MAX_PX,
    SIDE_MIN_PX,
    SIDE_STEP_PX,
    STEPS_MAX,
    PictureRequest,
    Source,
    SourceUse,
)
from bot.providers.base import Model, Plan
from bot.providers.horde.catalog import (
    ANONYMOUS_CONTROL_STEPS_MAX,
    ANONYMOUS_LCM_STEPS_MAX,
    ANONYMOUS_STEPS_MAX,
    CFG_DECIMALS,
    CONTROL_STEPS_MAX,
    COUNT_MAX,
    DEFAULT_CONTROL_MODEL,
    DEFAULT_MODEL,
    DOUBLE_STEP_SAMPLERS,
    Family,
    family_of,
)
from bot.providers.horde.checks import (
    check_family,
    check_values,
    model_named,
    post_processors_named,
    sampler_named,
)
from bot.providers.horde.wire import TITLE

# The control types are for Stable Diffusion 1.5.
CAPABILITY = Capability(
    abilities=frozenset(
        {
            Ability.TEXT_TO_PICTURE,
            Ability.PICTURE_TO_PICTURE,
            Ability.INPAINT,
            Ability.OUTPAINT,
            Ability.REMIX,
            Ability.CONTROL,
            Ability.TEXT,
            Ability.CAPTION,
            Ability.TAGS,
            Ability.NSFW,
            Ability.UPSCALE,
            Ability.FACE_FIX,
            Ability.CUTOUT,
        }
    ),
    wishes=frozenset(WISHES.keys()),
    pictures_at_once=COUNT_MAX,
    sides_px=(SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX),
    steps=(1, STEPS_MAX),
    sights=frozenset({Sight.PLACE, Sight.ETA}),
    calls_back=True,
    can_cancel=True,
)
_OWN_KEY = "your own AI Horde key lifts this"

Notes = list[str]


def to_plan(request: PictureRequest, *, models: Sequence[Model], is_anonymous: bool) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    Raises:
        InvalidRequest: for what the Horde or the model cannot do, with what it can.
    """
    notes: Notes = []
    request, lost = narrowed(unweighted(request, title=TITLE, notes=notes), able=CAPABILITY.wishes)
    if lost:
        notes.append(f"{TITLE} knows no {', '.join(lost)}: left out.")
    check_values(request)
    model = _model(request, models)
    family = family_of(model)
    check_family(request, family)
    planned = request.evolve(
        model=model,
        sampler=sampler_named(request.sampler or family.sampler),
        cfg=_cfg(request.cfg, family, notes),
        post_processing=post_processors_named(request.post_processing),
        source=_source(request),
    )
    planned = _sized(planned, family, notes, is_anonymous=is_anonymous)
    planned = _stepped(planned, family, notes, is_anonymous=is_anonymous)
    if is_anonymous:
        planned = _patient(planned, notes)
    if planned.conduct.allow_downgrade:
        notes.append("AI Horde may make it smaller or with fewer steps: you allowed it.")
    return Plan(request=planned, notes=tuple(notes))


def _model(request: PictureRequest, models: Sequence[Model]) -> str | None:
    """Choose a model; None stands for any. An empty list means "not known", not "none"."""
    ranked = sorted(models, key=lambda model: -(model.workers or 0))
    served = tuple(model.name for model in ranked)
    if request.model is not None:
        return model_named(request.model, served) if served else request.model
    wanted = DEFAULT_CONTROL_MODEL if _has_control(request) else DEFAULT_MODEL
    busy = [model.name for model in ranked if model.workers]
    if not served or wanted in busy:
        return wanted
    if _has_control(request):
        return next((name for name in busy if family_of(name).has_control), wanted)
    return busy[0] if busy else None


def _has_control(request: PictureRequest) -> bool:
    return request.source is not None and request.source.control is not None


def _cfg(asked: float | None, family: Family, notes: Notes) -> float:
    if asked is None:
        return family.cfg
    rounded = round(asked, CFG_DECIMALS)
    if rounded != asked:
        notes.append(f"The guidance scale was rounded to {rounded:g}.")
    return rounded


def _source(request: PictureRequest) -> Source | None:
    """Return the source; a mask says what it is for."""
    source = request.source
    if source is None or source.mask is None or source.use is not SourceUse.IMG2IMG:
        return source
    return replace(source, use=SourceUse.INPAINTING)


def _sized(
    request: PictureRequest, family: Family, notes: Notes, *, is_anonymous: bool
) -> PictureRequest:
    """Fill in the size, round it to the grid, and lower it to what needs no kudos beforehand."""
    asked = _asked_size(request, family)
    width, height = (_on_grid(side) for side in asked)
    if (width, height) != asked:
        notes.append(f"The size was rounded to {width}×{height}: AI Horde counts in steps of 64.")
    limit = family.anonymous_side_px
    if is_anonymous and width * height > limit**2:
        width, height = _shrunk(width, height, limit)
        notes.append(f"The size was lowered to {width}×{height}; {_OWN_KEY}.")
    return request.evolve(width=width, height=height)


def _asked_size(request: PictureRequest, family: Family) -> tuple[int, int]:
    """Return the size asked for; half a size is completed to the family's usual area."""
    width, height, side = request.width, request.height, family.side_px
    if width is None and height is None:
        return side, side
    if width is None or height is None:
        given = width or height or side
        other = _on_grid(side**2 // given)
        return (given, other) if height is None else (other, given)
    return width, height


def _shrunk(width: int, height: int, limit_px: int) -> tuple[int, int]:
    """Return the largest size on the grid with about the same shape and at most limit² pixels."""
    scale = limit_px / math.sqrt(width * height)
    lowered = (int(side * scale) // SIDE_STEP_PX * SIDE_STEP_PX for side in (width, height))
    shorter, longer = (max(SIDE_MIN_PX, side) for side in lowered)
    return shorter, longer


def _on_grid(side_px: int) -> int:
    nearest = round(side_px / SIDE_STEP_PX) * SIDE_STEP_PX
    return min(max(nearest, SIDE_MIN_PX), SIDE_MAX_PX)


def _stepped(
    request: PictureRequest, family: Family, notes: Notes, *, is_anonymous: bool
) -> PictureRequest:
    has_control = _has_control(request)
    most = CONTROL_STEPS_MAX if has_control else math.inf
    reason = "a control type takes no more"
    if is_anonymous:
        most, reason = _anonymous_steps_max(request.sampler, has_control=has_control), _OWN_KEY
    steps = request.steps or family.steps
    if steps <= most:
        return request.evolve(steps=steps)
    steps = int(most)
    if request.steps is not None:
        notes.append(f"The steps were lowered to {steps}; {reason}.")
    return request.evolve(steps=steps)


def _anonymous_steps_max(sampler: str | None, *, has_control: bool) -> int:
    """Return the most steps that need no kudos beforehand; some samplers count double."""
    most = ANONYMOUS_CONTROL_STEPS_MAX if has_control else ANONYMOUS_STEPS_MAX
    if sampler == "lcm":
        most = min(most, ANONYMOUS_LCM_STEPS_MAX)
    return most // 2 if sampler in DOUBLE_STEP_SAMPLERS else most


def _patient(request: PictureRequest, notes: Notes) -> PictureRequest:
    """Let slow workers in: to refuse them costs kudos beforehand."""
    if request.conduct.slow_workers:
        return request
    notes.append(f"Slow workers were let in; {_OWN_KEY}.")
    return request.evolve(conduct=replace(request.conduct, slow_workers=True))
