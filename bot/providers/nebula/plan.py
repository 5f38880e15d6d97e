"""Every choice that the member left open, and what Nebula Block cannot do. Pure.

The document bounds neither size nor steps; these are what its models were made for.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.capabilities import Ability, Capability
from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import chosen, narrowed, unweighted, within
from bot.domain.requests import PICTURES_MAX, PictureRequest, Source, SourceUse
from bot.providers.base import Model, Plan
from bot.providers.nebula.catalog import DOCUMENTED, FILL, USUAL, Row, Takes, row_of
from bot.providers.nebula.payload import SIDE_MAX_PX, SIDE_MIN_PX, SIDE_STEP_PX
from bot.providers.nebula.wire import TITLE

SIDE_USUAL_PX = 1024
STEPS_MAX, STEPS_PRICED = 50, 30  # priced where a model does not let anybody choose
CFG_MIN, CFG_MAX = 1.0, 20.0

_WISHES = {Takes.NEGATIVE: "negative", Takes.GUIDANCE: "cfg", Takes.SEED: "seed"}


def capability_of(row: Row) -> Capability:
    """Tell what a model can do."""
    return Capability(
        abilities=frozenset({Ability.INPAINT if row.repaints else Ability.TEXT_TO_PICTURE}),
        wishes=frozenset(wish for takes, wish in _WISHES.items() if takes in row.takes),
        sides_px=(SIDE_MIN_PX, SIDE_MAX_PX, SIDE_STEP_PX),
        steps=None if row.steps is None else (1, STEPS_MAX),
    )


def to_plan(request: PictureRequest, *, models: Sequence[Model]) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    Raises:
        InvalidRequest: for what Nebula Block, or the model that was asked for, cannot do.
    """
    if not 1 <= request.count <= PICTURES_MAX:
        raise InvalidRequest(f"The count must lie between 1 and {PICTURES_MAX}.")
    if request.source is not None:
        _check_source(request.source)
    names = [one.name for one in models] or DOCUMENTED
    row = _chosen(request, names)
    notes: list[str] = []
    planned = _narrowed(unweighted(request, title=TITLE, notes=notes), row, notes)
    planned = planned.evolve(
        model=row.name,
        width=_side("Width", request.width, notes),
        height=_side("Height", request.height, notes),
        steps=_steps(request.steps, row, notes),
        cfg=_cfg(planned.cfg, row, notes),
        source=_started(request.source, notes),
    )
    if row.repaints and (request.width or request.height):
        notes.append("The picture keeps its own shape; the size that you gave is the most.")
    return Plan(request=planned, notes=tuple(notes), takes_seed=Takes.SEED in row.takes)


def _check_source(source: Source) -> None:
    if source.mask is None:
        raise InvalidRequest(
            f"{TITLE} starts from a picture only to repaint a part of it: add a mask, "
            "white where it should be drawn anew."
        )
    if source.use not in {SourceUse.IMG2IMG, SourceUse.INPAINTING}:
        raise InvalidRequest(f"{TITLE} knows no {source.use}: it repaints what a mask marks.")
    if source.control is not None:
        raise InvalidRequest(f"{TITLE} knows no control types: leave it out.")


def _chosen(request: PictureRequest, names: Sequence[str]) -> Row:
    """Return the model asked for, or the usual one for what is asked."""
    able = [name for name in names if row_of(name).repaints is (request.source is not None)]
    if request.model is None:
        if not able:
            does = "repaints" if request.source else "draws from a description alone"
            raise InvalidRequest(f"{TITLE} offers no model now that {does}.")
        usual = USUAL if request.source is None else FILL
        return row_of(usual if usual in able else able[0])
    row = row_of(chosen(request.model, names, usual=USUAL, title=TITLE))
    if row.repaints and request.source is None:
        raise InvalidRequest(f"{row.name} needs a picture and a mask of what to draw anew.")
    if request.source is not None and not row.repaints:
        also = f" This one can: {', '.join(able)}." if able else ""
        raise InvalidRequest(f"{row.name} cannot start from a picture.{also}")
    return row


def _narrowed(request: PictureRequest, row: Row, notes: list[str]) -> PictureRequest:
    planned, lost = narrowed(request, able=capability_of(row).wishes)
    if lost:
        notes.append(f"{row.name} knows no {', '.join(lost)}: left out.")
    if not planned.prompt.strip():
        raise InvalidRequest("Describe the picture: the prompt is empty.")
    return planned


def _side(what: str, asked_px: int | None, notes: list[str]) -> int:
    on_grid = round((asked_px or SIDE_USUAL_PX) / SIDE_STEP_PX) * SIDE_STEP_PX
    return within(what, on_grid, low=SIDE_MIN_PX, high=SIDE_MAX_PX, notes=notes)


def _steps(asked: int | None, row: Row, notes: list[str]) -> int:
    if row.steps is None:
        if asked not in {None, STEPS_PRICED}:
            notes.append(f"{row.name} chooses the steps itself.")
        return STEPS_PRICED
    return within("Steps", asked or row.steps, low=1, high=STEPS_MAX, notes=notes)


def _cfg(asked: float | None, row: Row, notes: list[str]) -> float | None:
    if row.cfg is None:
        return None
    usual = row.cfg if asked is None else asked
    return within("Guidance scale", usual, low=CFG_MIN, high=CFG_MAX, notes=notes)


def _started(source: Source | None, notes: list[str]) -> Source | None:
    if source is None or source.strength is None:
        return source
    notes.append(f"{TITLE} draws what is masked wholly anew: the strength was left out.")
    return replace(source, strength=None)
