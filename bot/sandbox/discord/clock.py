"""The sandbox's time: real time that can be pushed ahead, so a deadline needs no waiting."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """One clock for every deadline, id, log line and version, so that all of them compare."""

    def __init__(self) -> None:
        self._started_at = datetime.now(UTC)
        self._started_s = time.monotonic()
        self._ahead_s = 0.0
        self._moved = asyncio.Event()

    def elapsed_s(self) -> float:
        """Seconds since the clock was made; never goes back."""
        return time.monotonic() - self._started_s + self._ahead_s

    def now(self) -> datetime:
        """Aware UTC, advancing exactly as `elapsed_s` does."""
        return self._started_at + timedelta(seconds=self.elapsed_s())

    def advance(self, seconds: float) -> None:
        """Push time ahead and wake everything that waits for it."""
        if seconds < 0:
            message = "the clock only goes forward"
            raise ValueError(message)
        self._ahead_s += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def reach(self, at_s: float) -> None:
        """Return when `elapsed_s()` is at least `at_s`."""
        while (left_s := at_s - self.elapsed_s()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), left_s)
            except TimeoutError:
                continue

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock's time."""
        await self.reach(self.elapsed_s() + seconds)
