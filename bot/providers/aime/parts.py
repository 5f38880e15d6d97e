"""A request as one job there or several: an endpoint without a count draws one picture per job."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.jobs import Remote
from bot.domain.requests import SEED_MAX, PictureRequest, TextRequest
from bot.providers.aime.endpoints import Endpoint, Wish

_ENDPOINT, _IDS, _COUNTS, _KIND, _LENGTH = "endpoint", "ids", "counts", "kind", "length"
_BETWEEN = " "
_TEXT = "text"  # of the kind; pictures name none


def endpoint_of(remote: Remote) -> str:
    """Return the endpoint that the parts were sent to."""
    return remote.extras[_ENDPOINT]


def is_text(remote: Remote) -> bool:
    """Tell whether words are awaited, not pictures."""
    return remote.extras.get(_KIND) == _TEXT


def length_of(remote: Remote) -> int:
    """Return the most tokens of the words that are awaited."""
    return int(remote.extras[_LENGTH])


def ids_of(remote: Remote | None) -> tuple[str, ...]:
    """Return the ids of the parts that were taken, in their order."""
    return () if remote is None else tuple(remote.extras[_IDS].split(_BETWEEN))


def named(remote: Remote) -> Mapping[str, str]:
    """Return the ids of the parts by names of ours, in their order: an id there is a capability."""
    return {str(number): job_id for number, job_id in enumerate(ids_of(remote), 1)}


def counts_of(remote: Remote | None) -> tuple[int, ...]:
    """Return how many pictures each of these parts was asked for."""
    return () if remote is None else tuple(map(int, remote.extras[_COUNTS].split(_BETWEEN)))


def next_part(request: PictureRequest, endpoint: Endpoint, so_far: Remote | None) -> PictureRequest:
    """Return what to ask for next: as many as one job can bring, with seeds that count on."""
    taken = counts_of(so_far)
    seed = request.seed
    if seed is not None:
        most = endpoint.bounds(Wish.SEED).most
        seed = (seed + len(taken)) % (int(SEED_MAX if most is None else most) + 1)
    count = min(request.count - sum(taken), endpoint.pictures_at_once)
    return request.evolve(count=count, seed=seed)


def with_part(
    so_far: Remote | None,
    remote_id: str,
    part: PictureRequest | TextRequest,
    *,
    total: int,
    now: datetime,
) -> Remote:
    """Return what names all parts taken so far and the one taken just now."""
    ids = (*ids_of(so_far), remote_id)
    counts: Sequence[int] = (*counts_of(so_far), part.count)
    words = {_KIND: _TEXT, _LENGTH: f"{part.length}"} if isinstance(part, TextRequest) else {}
    return Remote(
        id=ids[0],
        total=total,
        submitted_at=so_far.submitted_at if so_far else now,
        seed=so_far.seed if so_far else part.seed,
        extras={
            _ENDPOINT: part.model or "",
            _IDS: _BETWEEN.join(ids),
            _COUNTS: _BETWEEN.join(map(str, counts)),
            **words,
        },
    )


def is_complete(remote: Remote) -> bool:
    """Tell whether every picture has been asked for."""
    return sum(counts_of(remote)) >= remote.total
