"""Every choice that the member left open, within what an endpoint says of itself.

Pure. A planned request is planned to itself again, so that a submit can do it once more against
the endpoints of that moment and tell the member of nothing but what changed.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import narrowed
from bot.domain.requests import PICTURES_MAX, PictureRequest, Source, SourceUse
from bot.domain.weights import without_weights
from bot.providers.aime.endpoints import Bounds, Endpoint, Wish
from bot.providers.aime.wire import TITLE
from bot.providers.base import Plan

NAME_SHOWN_CHARS_MAX = 60
USUAL_SIDE_PX, USUAL_STEPS = 1024, 30  # priced where an endpoint does not let anybody choose

Notes = list[str]


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
    planned = _worded(_narrowed(request, endpoint, notes), endpoint, notes)
    planned = planned.evolve(
        model=endpoint.name,
        width=_side(planned, Wish.WIDTH, endpoint, notes),
        height=_side(planned, Wish.HEIGHT, endpoint, notes),
        steps=_steps(planned, endpoint, notes),
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
        raise InvalidRequest(f"{TITLE} has no endpoint that starts from a picture.")
    return max(able, key=lambda one: one.workers or 0)  # the first of those that are alike


def _named(asked: str, request: PictureRequest, endpoints: Sequence[Endpoint]) -> Endpoint:
    spelt = {one.name.lower(): one for one in endpoints}
    if (endpoint := spelt.get(asked.lower())) is None:
        raise InvalidRequest(
            f"{TITLE} has no model “{asked[:NAME_SHOWN_CHARS_MAX]}”. "
            f"It has: {', '.join(one.name for one in endpoints)}."
        )
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
    return planned


def _worded(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> PictureRequest:
    """Take weights out of the prompt; what should not be there becomes the negative prompt."""
    prompt, negative = without_weights(request.prompt)
    if not prompt.strip():
        raise InvalidRequest("Describe the picture: the prompt says only what it should not show.")
    if prompt == request.prompt:
        return request
    if negative and not endpoint.takes(Wish.NEGATIVE):
        notes.append(
            f"{endpoint.name} takes no negative prompt: what should not show was left out."
        )
        return request.evolve(prompt=prompt)
    notes.append(f"{TITLE} knows no weights: the words were sent without them.")
    both = ", ".join(part for part in (request.negative, negative) if part)
    return request.evolve(prompt=prompt, negative=both)


def _side(request: PictureRequest, wish: Wish, endpoint: Endpoint, notes: Notes) -> int:
    """Return a side on the endpoint's grid; the server would round it without a word."""
    asked = request.width if wish is Wish.WIDTH else request.height
    if not endpoint.takes(wish):
        if asked not in (None, USUAL_SIDE_PX):
            notes.append(f"{endpoint.name} chooses the {wish} itself.")
        return USUAL_SIDE_PX
    bounds = endpoint.bounds(wish)
    if asked is None:
        return int(bounds.usual or USUAL_SIDE_PX)
    fitted = int(_on_grid(asked, bounds))
    if fitted != asked:
        notes.append(f"The {wish} was changed to {fitted}: {endpoint.name} takes no other near it.")
    return fitted


def _steps(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> int:
    if not endpoint.takes(Wish.STEPS):
        if request.steps not in (None, USUAL_STEPS):
            notes.append(f"{endpoint.name} chooses the steps itself.")
        return USUAL_STEPS
    bounds = endpoint.bounds(Wish.STEPS)
    if request.steps is None:
        return int(bounds.usual or USUAL_STEPS)
    return int(_within("steps", request.steps, bounds, notes))


def _cfg(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> float | None:
    bounds = endpoint.bounds(Wish.CFG)
    if request.cfg is None:
        return bounds.usual
    return _within("guidance scale", request.cfg, bounds, notes)


def _seed(request: PictureRequest, endpoint: Endpoint, notes: Notes) -> int | None:
    if request.seed is None or not endpoint.takes(Wish.SEED):
        return request.seed
    return int(_within("seed", request.seed, endpoint.bounds(Wish.SEED), notes))


def _started(source: Source, endpoint: Endpoint, notes: Notes) -> Source:
    """Fit the strength; every endpoint means 1 when it ignores the source."""
    if source.strength is None:
        return source
    if not endpoint.takes(Wish.STRENGTH):
        notes.append(f"{endpoint.name} chooses the strength itself.")
        return replace(source, strength=None)
    fitted = _within("strength", source.strength, endpoint.bounds(Wish.STRENGTH), notes)
    return replace(source, strength=fitted)


def _within(what: str, value: float, bounds: Bounds, notes: Notes) -> float:
    fitted = _on_grid(value, bounds)
    if fitted != value:
        notes.append(f"The {what} was changed to {fitted:g}, the nearest that can be had.")
    return fitted


def _on_grid(value: float, bounds: Bounds) -> float:
    """Return the nearest value that is within the bounds and on the grid."""
    align = bounds.align
    if bounds.is_whole:
        value = round(value / align) * align
    if bounds.most is not None:
        value = min(value, bounds.most // align * align if bounds.is_whole else bounds.most)
    if bounds.least is not None:
        value = max(value, -(-bounds.least // align) * align if bounds.is_whole else bounds.least)
    return value
