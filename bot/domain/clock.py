"""Time as a parameter: what now is, and how to wait."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tell the time and wait; tests bring their own."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking anybody."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)
