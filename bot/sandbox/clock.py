"""The sandboxes' time: as fast as a test wants it, and pushed ahead by hand."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Time that runs `speed` times as fast as the wall's; 0 moves only by `advance`.

    One clock serves every deadline, id, log line and version of a world, so that all compare.
    """

    def __init__(self, *, speed: float = 1.0, started_at: datetime | None = None) -> None:
        self.speed = speed
        self._started_at = started_at or datetime.now(UTC)
        self._started_s = time.monotonic()
        self._ahead_s = 0.0
        self._moved = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    def elapsed_s(self) -> float:
        """Seconds of this clock since it was made; never goes back."""
        return (time.monotonic() - self._started_s) * self.speed + self._ahead_s

    def at(self, elapsed_s: float) -> datetime:
        """Turn a reading of `elapsed_s` into aware UTC."""
        return self._started_at + timedelta(seconds=elapsed_s)

    def now(self) -> datetime:
        """Aware UTC, advancing exactly as `elapsed_s` does."""
        return self.at(self.elapsed_s())

    def real_s(self, seconds: float) -> float:
        """How long these seconds last for a client, whose time is the wall's."""
        return seconds / self.speed if self.speed else seconds

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever time jumps, so that whoever sleeps looks again."""
        self._listeners.append(listener)

    def advance(self, seconds: float) -> None:
        """Push time ahead and wake everything that waits for it."""
        if seconds < 0:
            message = "the clock only goes forward"
            raise ValueError(message)
        self._ahead_s += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        for listener in self._listeners:
            listener()

    async def until(self, at_s: float | None, wake: asyncio.Event) -> None:
        """Return when `elapsed_s()` may have reached `at_s`, or when `wake` is set."""
        left_s = None
        if at_s is not None and self.speed:
            left_s = max(0.0, (at_s - self.elapsed_s()) / self.speed)
        try:
            await asyncio.wait_for(wake.wait(), left_s)
        except TimeoutError:
            return
        wake.clear()

    async def reach(self, at_s: float) -> None:
        """Return when `elapsed_s()` is at least `at_s`."""
        while self.elapsed_s() < at_s:
            await self.until(at_s, self._moved)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock's time."""
        await self.reach(self.elapsed_s() + seconds)
