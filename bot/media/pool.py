"""Where pictures are worked on: a few threads, so that the event loop never waits for Pillow.

Pillow lets go of the interpreter while it decodes and encodes; more than four threads gain nothing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Self, TypeVar

THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")


class PictureWork:
    """Run picture functions beside the event loop, a bounded number at a time."""

    def __init__(self, *, threads: int = THREADS) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pictures")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        # Waiting for a picture in work must not hold up everything else that is being closed.
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns, or raise what it raises; later calls wait in line."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))
