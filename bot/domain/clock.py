"""Time as a parameter: what now is, and how to wait."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

CATCHING_UP = 0.8  # how fast time goes while the machine's clock is behind


class Clock(Protocol):
    """Tell the time and wait; tests bring their own."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking anybody."""
        ...


class SystemClock:
    """The machine's own clock, that never goes back.

    When the machine's clock is put forward (or the machine slept), time has passed and is believed.
    When it is put back, every timer would stand still for as long: then time goes on by the
    steady clock, a little slower, until the machine's has caught up.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady_s = steady_s
        self._last = wall()
        self._last_s = steady_s()

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        steady_s = self._steady_s()
        slower = timedelta(seconds=(steady_s - self._last_s) * CATCHING_UP)
        self._last = max(self._wall(), self._last + slower)
        self._last_s = steady_s
        return self._last

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)
