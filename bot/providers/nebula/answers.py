"""What a call brought: its pictures in their order, and what is known of all calls so far."""

import logging
from collections.abc import Sequence
from datetime import datetime

from pydantic import SecretStr

from bot.domain.errors import Ambiguous, InVain
from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.base import Item
from bot.providers.downloads import PICTURE_BYTES_MAX, sniff
from bot.providers.http import Answer
from bot.providers.nebula.errors import failure
from bot.providers.nebula.payload import seed_of
from bot.providers.nebula.wire import NAME, READER, TITLE, Drawn, Entry
from bot.providers.reading import decoded

NO_HANDLE = "-"  # the service names nothing that could be asked for again
_CALLS, _CAME = "calls", "came"

log = logging.getLogger(__name__)


def calls_of(remote: Remote | None) -> int:
    """Return how many calls were answered so far."""
    return 0 if remote is None else int(remote.extras[_CALLS])


def came_of(remote: Remote | None) -> int:
    """Return how many pictures they brought."""
    return 0 if remote is None else int(remote.extras[_CAME])


def to_items(
    answer: Answer, request: PictureRequest, *, call: int, key: SecretStr
) -> tuple[Item, ...]:
    """Return the pictures of a good answer in their order.

    Raises:
        Ambiguous: it cannot be read, although the call may have been paid for.
        InVain: it says that there are some, and there are none in it.
        Permanent, UserError, RateLimited: it says that there are none.
    """
    drawn = READER.read(Drawn, answer, is_submit=True)
    if not drawn.is_success:
        raise failure(drawn, answer, key=key)
    if drawn.data is None:
        raise Ambiguous(f"{TITLE} sent an answer that cannot be read.", provider=NAME)
    pictures = [data for entry in _in_order(drawn.data) if (data := _picture(entry)) is not None]
    if not pictures:
        raise InVain(f"{TITLE} says that it has drawn this, and sent no picture.", provider=NAME)
    seed = seed_of(request.seed, call)
    return tuple(
        Item(
            id=f"{call + 1}-{place}",
            data=data,
            seed=None if seed is None else str(seed),
            model=request.model,
        )
        for place, data in enumerate(pictures, start=1)
    )


def after_call(
    so_far: Remote | None, request: PictureRequest, *, came: int, now: datetime
) -> Remote:
    """Return what is known of all calls, the one that was answered just now included."""
    calls, all_came = calls_of(so_far) + 1, came_of(so_far) + came
    return Remote(
        id=NO_HANDLE,
        total=request.count,
        submitted_at=now if so_far is None else so_far.submitted_at,
        seed=request.seed,
        extras={_CALLS: str(calls), _CAME: str(all_came)},
    )


def is_complete(remote: Remote) -> bool:
    """Tell whether nothing more is to be asked for."""
    return max(calls_of(remote), came_of(remote)) >= remote.total


def shortfall(remote: Remote) -> tuple[str, ...]:
    """Say that there are fewer pictures than were asked for."""
    came = came_of(remote)
    return () if came >= remote.total else (f"{TITLE} drew {came} of {remote.total} pictures.",)


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Sort by index; an entry without one has the place where it stands."""
    placed = list(enumerate(entries))
    placed.sort(key=lambda pair: pair[0] if pair[1].index is None else pair[1].index)
    return [entry for _, entry in placed]


def _picture(entry: Entry) -> bytes | None:
    data = decoded(entry.b64_json) if entry.b64_json else None
    if data is None or len(data) > PICTURE_BYTES_MAX or sniff(data) is None:
        log.warning("an entry holds no picture", extra={"provider": NAME})
        return None
    return data
