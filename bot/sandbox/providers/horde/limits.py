"""Rate limits in fixed windows, as the Horde keeps them per address and path."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bot.sandbox.clock import Clock

PERIOD_NAMES = {1: "second", 60: "minute", 3600: "hour"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many calls in a window that begins with the first of them."""

    count: int
    period_s: int

    def __str__(self) -> str:
        return f"{self.count} per 1 {PERIOD_NAMES[self.period_s]}"


@dataclass(slots=True, kw_only=True)
class Window:
    """The calls since the window began."""

    ends_s: float
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What one call found: the limit that its headers speak of, and whether it may go on."""

    limit: Limit
    window: Window
    granted: bool


SUBMIT_LIMITS = (Limit(count=2, period_s=1), Limit(count=90, period_s=60))
TRUSTED_SUBMIT_LIMITS = (Limit(count=10, period_s=1), Limit(count=300, period_s=60))
SWEEP_AT = 5000  # windows kept at least before the finished ones are thrown away


class Limiter:
    """All windows of one server process; a restart forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, Limit], Window] = {}
        self._sweep_at = SWEEP_AT

    def take(self, bucket: str, limits: Iterable[Limit]) -> Seat:
        """Count a call against each limit; the first one that is used up refuses it."""
        self._sweep()
        seats = [self._take(bucket, limit) for limit in limits]
        return next((seat for seat in seats if not seat.granted), seats[0])

    def headers(self, seat: Seat) -> dict[str, str]:
        """Return the headers as of now: the server computes them when it answers.

        `Retry-After` is in the client's seconds, so that a sped-up sandbox is not waited for.
        """
        left_s = seat.window.ends_s - self._clock.elapsed_s()
        used = min(seat.window.used, seat.limit.count) if left_s > 0 else 0
        return {
            "X-RateLimit-Limit": str(seat.limit.count),
            "X-RateLimit-Remaining": str(seat.limit.count - used),
            "X-RateLimit-Reset": str(math.ceil(self._clock.at(seat.window.ends_s).timestamp())),
            "Retry-After": str(max(0, math.ceil(self._clock.real_s(left_s)))),
        }

    def _take(self, bucket: str, limit: Limit) -> Seat:
        now_s = self._clock.elapsed_s()
        window = self._windows.get((bucket, limit))
        if window is None or window.ends_s <= now_s:
            window = self._windows[bucket, limit] = Window(ends_s=now_s + limit.period_s)
        window.used += 1
        return Seat(limit=limit, window=window, granted=window.used <= limit.count)

    def _sweep(self) -> None:
        if len(self._windows) < self._sweep_at:
            return
        now_s = self._clock.elapsed_s()
        self._windows = {
            key: window for key, window in self._windows.items() if window.ends_s > now_s
        }
        self._sweep_at = max(SWEEP_AT, 2 * len(self._windows))
