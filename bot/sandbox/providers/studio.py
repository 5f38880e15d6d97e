"""Draw pictures off the event loop, each once."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from bot.sandbox.providers.pictures import PictureWish, draw

THREADS = 2
KEPT_MAX = 512  # pictures; older ones are drawn again, to the same bytes


class Studio:
    """Start drawing early with `prepare`, fetch the bytes with `picture`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sandbox-picture")
        self._drawn: OrderedDict[PictureWish, asyncio.Future[bytes]] = OrderedDict()

    def prepare(self, wish: PictureWish) -> asyncio.Future[bytes]:
        """Have the picture drawn; needs a running loop."""
        if (future := self._drawn.get(wish)) is None:
            future = asyncio.get_running_loop().run_in_executor(self._threads, draw, wish)
            self._drawn[wish] = future
            if len(self._drawn) > KEPT_MAX:
                self._drawn.popitem(last=False)
        return future

    async def picture(self, wish: PictureWish) -> bytes:
        """Return the picture's bytes; a caller that gives up does not stop the drawing."""
        return await asyncio.shield(self.prepare(wish))

    async def close(self) -> None:
        """Let the threads go, once the pictures they are at are finished."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
