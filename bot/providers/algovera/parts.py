"""One picture per call: a job of several pictures is several jobs there, kept in one `Remote`."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.algovera.plan import SEED_MAX
from bot.providers.algovera.wire import NAME, TITLE
from bot.providers.base import Ended, Ending, Item, Working
from bot.providers.reading import StrangeStates

OVER_REMEMBERED_MAX = 10_000

_IDS, _MODEL = "ids", "model"
_BETWEEN_IDS = ","


class Part(StrEnum):
    """How one of the jobs stands."""

    RUNNING = "created"  # in the queue or at work: Algovera does not tell
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # no longer known there


class Statuses:
    """Reads status texts; an unknown one means "go on", and is logged once.

    What is over stays so, whatever is said later, and need not be asked about again; a restart asks
    once more.
    """

    def __init__(self) -> None:
        self._strange = StrangeStates(provider=NAME)
        self._over: OrderedDict[str, Part] = OrderedDict()

    def known(self, remote_id: str) -> Part | None:
        """Return how a job ended, if it is known to be over."""
        return self._over.get(remote_id)

    def read(self, text: str, *, of: str) -> Part:
        """Return the state that a text stands for, told of a job."""
        if text in {Part.DONE, Part.FAILED}:
            self._over[of] = Part(text)
            if len(self._over) > OVER_REMEMBERED_MAX:
                self._over.popitem(last=False)
            return Part(text)
        if text != Part.RUNNING:
            self._strange.note(text)
        return Part.RUNNING


def ids_of(remote: Remote | None) -> tuple[str, ...]:
    """Return the ids of the parts that were taken, in their order."""
    return () if remote is None else tuple(remote.extras[_IDS].split(_BETWEEN_IDS))


def named(remote: Remote) -> dict[str, str]:
    """Return the ids of the parts by their numbers, from 1; the ids are capabilities: no item has one."""
    return {str(number): part for number, part in enumerate(ids_of(remote), start=1)}


def seed_of(first: int, index: int) -> int:
    """Return the seed of a part: they count on from the first, as most services do."""
    return (first + index) % (SEED_MAX + 1)


def with_part(
    so_far: Remote | None, remote_id: str, *, request: PictureRequest, seed: int, now: datetime
) -> Remote:
    """Return what names all parts taken so far and the one taken just now."""
    ids = (*ids_of(so_far), remote_id)
    return Remote(
        id=ids[0],
        total=request.count,
        submitted_at=so_far.submitted_at if so_far else now,
        seed=seed,
        extras={_IDS: _BETWEEN_IDS.join(ids), _MODEL: request.model or ""},
    )


def to_items(remote: Remote, pictures: Mapping[str, bytes | None]) -> tuple[Item, ...]:
    """Return the parts with these numbers, in their order; None stands for a picture that is late."""
    return tuple(
        Item(
            id=number,
            data=pictures[number],
            seed=None if remote.seed is None else str(seed_of(remote.seed, int(number) - 1)),
            model=remote.extras[_MODEL] or None,
        )
        for number in sorted(pictures, key=int)
    )


def to_working(remote: Remote, pictures: Mapping[str, bytes | None], *, had: int) -> Working:
    """Return how far a job is that brought these pictures now, and so many before."""
    came = {number: picture for number, picture in pictures.items() if picture is not None}
    return Working(
        is_queued=False,
        finished=had + len(came),
        total=remote.total,
        items=to_items(remote, came),
    )


def to_ended(states: Collection[Part]) -> Ended:
    """Judge a job none of whose parts has a picture."""
    if Part.FAILED in states:
        return Ended(how=Ending.FAILED, reason=f"{TITLE} failed at this and gives no reason.")
    return Ended(how=Ending.LOST, reason=f"{TITLE} no longer knows this request.")


def shortfall(done: int, total: int) -> tuple[str, ...]:
    """Say that there are fewer pictures than were asked for."""
    return () if done >= total else (f"{TITLE} delivered {done} of {total} pictures.",)
