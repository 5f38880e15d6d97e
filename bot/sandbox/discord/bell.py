"""Wake those who wait for a change, without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """`ring()` wakes every present waiter once."""

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    def ring(self) -> None:
        """Wake everyone; each looks for itself whether its wish came true."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, look: Callable[[], T | None], *, timeout_s: float | None = None) -> T:
        """Return the first truthy answer of `look`, asked now and after each ring.

        Raises `TimeoutError` after `timeout_s` seconds of real time, where a limit is given.
        """
        async with asyncio.timeout(timeout_s):
            while not (found := look()):
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter
        return found
