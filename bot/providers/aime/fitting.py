"""A wish fitted to an endpoint: which one is meant, and the nearest value that it takes."""

from collections.abc import Sequence

from bot.domain.errors import InvalidRequest
from bot.providers.aime.endpoints import Bounds, Endpoint
from bot.providers.aime.wire import TITLE

NAME_SHOWN_CHARS_MAX = 60

Notes = list[str]


def named(asked: str, endpoints: Sequence[Endpoint]) -> Endpoint:
    """Return the endpoint of a name; raise `InvalidRequest` with those there are."""
    spelt = {one.name.lower(): one for one in endpoints}
    if (endpoint := spelt.get(asked.lower())) is None:
        raise InvalidRequest(
            f"{TITLE} has no model “{asked[:NAME_SHOWN_CHARS_MAX]}” for this. "
            f"It has: {', '.join(one.name for one in endpoints)}."
        )
    return endpoint


def busiest(endpoints: Sequence[Endpoint]) -> Endpoint:
    """Return the endpoint with the most workers; the first of those that are alike."""
    return max(endpoints, key=lambda one: one.workers or 0)


def within(what: str, value: float, bounds: Bounds, notes: Notes) -> float:
    """Return the nearest value that an endpoint takes; note it when it is another one."""
    fitted = _on_grid(value, bounds)
    if fitted != value:
        notes.append(f"{what.capitalize()} changed to {fitted:.10g}, the nearest that can be had.")
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
