"""Every choice that the member left open, within what an endpoint says of itself.

Pure. A planned request is planned to itself again, so that a submit can do it once more against
the endpoints of that moment and tell the member of nothing but what changed.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import narrowed, unweighted
from bot.domain.requests import PICTURES_MAX, PictureRequest, Source, SourceUse
from bot.providers.aime.endpoints import Endpoint, Wish
from bot.providers.aime.fitting import Notes, busiest, named, within
from bot.providers.aime.wire import TITLE
from bot.providers.base import Plan

USUAL_SIDE_PX, USUAL_STEPS = 1024, 30  # priced where an endpoint does not let anybody choose


def to_plan(request: PictureRequest, *, endpoints: Sequence[Endpoint]) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    No endpoints means that they are not known yet: then only the prices' figures are filled in.

    Raises:
        InvalidRequest: for what no endpoint, or not the one that was asked for, can do.
    """
    if not request.prompt.strip():
        raise InvalidRequest("Describe the picture: the prompt is empty.")
    if not 1 <= request.count <= PICTURES_MAX:
        raise InvalidRequest(f"The count must lie between 1 and {PICTURES_MAX}.")
    if request.source is not None:
        _check_source(request.source)
    if not endpoints:
        return Plan(request=_priceable(request))
    endpoint = _chosen(request, endpoints)
    notes: Notes = []
    planned = _narrowed(unweighted(request, title=TITLE, notes=notes), endpoint, notes)
    planned = planned.evolve(
        model=endpoint.name,
        width=_figure(Wish.WIDTH, planned.width, USUAL_SIDE_PX, endpoint, notes),
        height=_figure(Wish.HEIGHT, planned.height, USUAL_SIDE_PX, endpoint, notes),
        steps=_figure(Wish.STEPS, planned.steps, USUAL_STEPS, endpoint, notes),
        cfg=_cfg(planned, endpoint, notes),
        seed=_seed(planned, endpoint, notes),
    )
    if planned.source is not None:
        planned = planned.evolve(source=_started(planned.source, endpoint, notes))
    return Plan(request=planned, notes=tuple(notes))


def _check_source(source: Source) -> None:
    if source.mask is not None or source.use is not SourceUse.IMG2IMG:
        raise InvalidRequest(f"{TITLE} cannot repaint a part of a picture: leave the mask out.")
    if source.control is not None:
        raise InvalidRequest(f"{TITLE} knows no control types: leave it out.")
    if source.strength is not None and not 0 <= source.strength <= 1:
        raise InvalidRequest("The strength must lie between 0 and 1.")


def _priceable(request: PictureRequest) -> PictureRequest:
    return request.evolve(
        width=request.width or USUAL_SIDE_PX,
        height=request.height or USUAL_SIDE_PX,
        steps=request.steps or USUAL_STEPS,
    )


def _chosen(request: PictureRequest, endpoints: Sequence[Endpoint]) -> Endpoint:
    """Return the endpoint asked for, or the one with the most workers among those that can."""
    if request.model is not None:
        return _named(request.model, request, endpoints)
    able = [one for one in endpoints if _fault(one, request) is None]
    if not able:
        lack = "starts from a picture" if request.source else "does without a picture to start from"
        raise InvalidRequest(f"{TITLE} has no endpoint that {lack}.")
    return busiest(able)


def _named(asked: str, request: PictureRequest, endpoints: Sequence[Endpoint]) -> Endpoint:
    endpoint = named(asked, endpoints)
    if (fault := _fault(endpoint, request)) is None:
        return endpoint
    able = ", ".join(one.name for one in endpoints if _fault(one, request) is None)
    raise InvalidRequest(fault + (f" These can do it: {able}." if able else ""))


def _fault(endpoint: Endpoint, request: PictureRequest) -> str | None:
    """Return why an endpoint is not for a request; None when it is."""
    if request.source is not None and not endpoint.takes(Wish.SOURCE):
        return f"{endpoint.name} cannot start from a picture."
    if request.source is None and endpoint.needs_source:
        return f"{endpoint.name} needs a picture to start from."
    return None


def _narrowed(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> PictureRequest:
    able = {wish.value for wish in (Wish.NEGATIVE, Wish.CFG, Wish.SEED) if endpoint.takes(wish)}
    planned, lost = narrowed(request, able=able)
    if lost:
        notes.append(f"{endpoint.name} knows no {', '.join(lost)}: left out.")
    if not planned.prompt.strip():
        raise InvalidRequest("Describe the picture: the prompt says only what it should not show.")
    return planned


def _figure(wish: Wish, asked: int | None, usual: int, endpoint: Endpoint, notes: Notes) -> int:
    """Return a figure that a price depends on; `usual` stands for what nobody can choose."""
    if not endpoint.takes(wish):
        if asked not in (None, usual):
            notes.append(f"{endpoint.name} chooses the {wish} itself.")
        return usual
    bounds = endpoint.bounds(wish)
    if asked is None:
        return int(bounds.usual or usual)
    return int(within(wish.value, asked, bounds, notes))


def _cfg(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> float | None:
    bounds = endpoint.bounds(Wish.CFG)
    if request.cfg is None:
        return bounds.usual
    return within("guidance scale", request.cfg, bounds, notes)


def _seed(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> int | None:
    if request.seed is None or not endpoint.takes(Wish.SEED):
        return request.seed
    return int(within("seed", request.seed, endpoint.bounds(Wish.SEED), notes))


def _started(source: Source, endpoint: Endpoint, notes: Notes) -> Source:
    """Fit the strength; every endpoint means 1 when it ignores the source."""
    if source.strength is None:
        return source
    if not endpoint.takes(Wish.STRENGTH):
        notes.append(f"{endpoint.name} chooses the strength itself.")
        return replace(source, strength=None)
    fitted = within("strength", source.strength, endpoint.bounds(Wish.STRENGTH), notes)
    return replace(source, strength=fitted)
