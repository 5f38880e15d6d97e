"""How many more requests Discord takes where, learned from its answers alone.

Discord publishes no number per route and changes them at will, so nothing is assumed: a bucket that
was never seen is entered one request at a time, and from then on its own headers say how big it is.
A window is one bucket for one channel or one token until its reset (Discord, "Rate Limits").
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FINAL_SHARE = 0.4  # of a window: the part that progress leaves to last edits
SAME_WINDOW = timedelta(seconds=0.25)  # answers of one window name its end this exactly
WINDOWS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request counts: its route, and the channel or token that Discord counts apart."""

    route: str
    major: str = field(repr=False)  # it may be an interaction's token


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The state of a bucket, as an answer tells it."""

    bucket: str
    limit: int
    remaining: int
    reset_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A 429: nothing more here, or anywhere, for so long."""

    retry_after_s: float
    is_global: bool = False


@dataclass(slots=True)
class _Window:
    """What is left until a moment that is known only as nearly as answers were quick."""

    remaining: int
    earliest: datetime
    resets_at: datetime  # at the latest


class EditBudgets:
    """What is left in each bucket, less what is under way."""

    def __init__(self) -> None:
        self._buckets: dict[str, str] = {}
        self._limits: dict[str, int] = {}
        self._windows: dict[tuple[str, str], _Window] = {}
        self._windows_max = WINDOWS_KEPT
        self._under_way: Counter[Place] = Counter()
        self._shut_until: datetime | None = None

    def opens_at(self, place: Place, *, is_final: bool, now: datetime) -> datetime | None:
        """Return when a request may go: `now`, later, or None for "when one comes back there".

        A last edit may have every place of a window; progress leaves the last ones to it.
        """
        if self._shut_until is not None and now < self._shut_until:
            return self._shut_until
        under_way = self._under_way[place]
        window, limit = self._window(place), self._limits.get(self._bucket(place.route))
        if window is not None and now < window.resets_at:
            remaining, resets_at = window.remaining, window.resets_at
        elif limit is not None:
            remaining, resets_at = limit, now
        else:  # never seen: ask one at a time
            return None if under_way else now
        spare = 0 if is_final else _spare(limit)
        if remaining - under_way > spare:
            return now
        return None if remaining > spare else resets_at

    def take(self, place: Place) -> None:
        """Count a request that begins; `give_back` once it is over, however it went."""
        self._under_way[place] += 1

    def give_back(self, place: Place) -> None:
        """Count a request as over."""
        self._under_way[place] -= 1
        if not self._under_way[place]:
            del self._under_way[place]

    def learn(
        self, place: Place, room: Room, *, now: datetime, asked_at: datetime | None = None
    ) -> None:
        """Believe an answer to a request that was begun at `asked_at`.

        Discord counted it somewhere between then and now, so a slow answer tells the window's end
        only roughly, and answers overtake one another. Those whose ends may be the same moment are
        of one window, in which the fuller one counts and each makes the end surer.
        """
        self._buckets[place.route] = room.bucket
        self._limits[room.bucket] = room.limit
        wait = timedelta(seconds=room.reset_after_s)
        heard = _Window(room.remaining, (asked_at or now) + wait, now + wait)
        known = self._window(place)
        if known is None or now >= known.resets_at:
            self._keep(place, heard, now)
        elif heard.resets_at < known.earliest - SAME_WINDOW:
            return  # an answer from the window before
        elif heard.earliest > known.resets_at + SAME_WINDOW:
            self._keep(place, heard, now)
        else:
            remaining = min(heard.remaining, known.remaining)
            earliest = max(heard.earliest, known.earliest)
            resets_at = max(min(heard.resets_at, known.resets_at), earliest)
            self._keep(place, _Window(remaining, earliest, resets_at), now)

    def refuse(self, place: Place, refusal: Refusal, *, now: datetime) -> None:
        """Close a bucket, or everything, for as long as Discord says."""
        until = now + timedelta(seconds=refusal.retry_after_s)
        if refusal.is_global:
            self._shut_until = max(until, self._shut_until or until)
        else:
            self._keep(place, _Window(0, until, until), now)

    def _bucket(self, route: str) -> str:
        return self._buckets.get(route, route)  # a route is its own bucket until Discord names one

    def _window(self, place: Place) -> _Window | None:
        return self._windows.get((self._bucket(place.route), place.major))

    def _keep(self, place: Place, window: _Window, now: datetime) -> None:
        self._windows[self._bucket(place.route), place.major] = window
        if len(self._windows) > self._windows_max:
            self._windows = {k: kept for k, kept in self._windows.items() if now < kept.resets_at}
            self._windows_max = max(WINDOWS_KEPT, 2 * len(self._windows))


def _spare(limit: int | None) -> int:
    """Return how many places of a window progress may not have; one is always left to it."""
    return min(limit - 1, math.ceil(limit * FINAL_SHARE)) if limit else 0
