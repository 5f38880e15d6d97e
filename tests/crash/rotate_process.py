"""`./easel rotate-keys` without a service, dying with -9 at the batch named in `CRASH_AT`.

Batches are of one secret, so that there are several: `inside:2` dies before the second is kept,
`after:2` right after that.
"""

import asyncio
import os
import sys

from bot import rotate
from bot.accounts.rotation import reseal_all
from bot.settings import load
from storage import resealing
from tests.crash.bot_process import die

resealing.BATCH = 1


class CountingDatabase:
    """Passes everything on, and dies at the chosen batch."""

    def __init__(self, database, *, when, number):
        self._database = database
        self._when = when
        self._number = number
        self._batches = 0

    async def write(self, fn):
        self._batches += 1
        is_it = self._batches == self._number

        async def watched(tx):
            result = await fn(tx)
            if is_it and self._when == "inside":
                die()
            return result

        result = await self._database.write(watched)
        if is_it and self._when == "after":
            die()
        return result


async def dying(database):
    when, _, number = os.environ["CRASH_AT"].partition(":")
    return await reseal_all(CountingDatabase(database, when=when, number=int(number)))


if __name__ == "__main__":
    rotate.reseal_all = dying
    sys.exit(asyncio.run(rotate.rotate_keys(load(), drops_old=False)))
