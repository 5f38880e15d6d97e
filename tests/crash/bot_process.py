"""The real service as a process of its own that dies with -9 at a chosen durable step.

`CRASH_AT` is `inside:<step>` (the statement ran, its transaction did not commit) or `after:<step>`
(committed, nothing later happened); without it the process runs until it is told to stop.
"""

import asyncio
import os
import signal
import sys

from bot import app
from bot.client import sync
from bot.settings import load

STEPS_OF_JOBS = ("accept", "move", "add_picture", "mark_told", "note_progress", "ask_cancel")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class WatchedJobs:
    """The jobs of a transaction; names every durable step that runs through it."""

    def __init__(self, jobs, steps):
        self._jobs = jobs
        self._steps = steps

    def __getattr__(self, name):
        method = getattr(self._jobs, name)
        if name not in STEPS_OF_JOBS:
            return method

        async def watched(*args, **kwargs):
            result = await method(*args, **kwargs)
            if result:
                self._steps.append(args[1].state.value if name == "move" else name)
            return result

        return watched


class WatchedResealing:
    """The sealed secrets of a transaction; a batch in which anything changed is a step."""

    def __init__(self, resealing, steps):
        self._resealing = resealing
        self._steps = steps

    async def batch(self, place, *, after):
        batch = await self._resealing.batch(place, after=after)
        if batch.resealed:
            self._steps.append(f"reseal_{place.table}")
        return batch


class WatchedTx:
    def __init__(self, tx, steps):
        self.jobs = WatchedJobs(tx.jobs, steps)
        self.resealing = WatchedResealing(tx.resealing, steps)
        self._tx = tx

    def __getattr__(self, name):
        return getattr(self._tx, name)


class KillingDatabase:
    """Passes everything on, and dies when the chosen step comes."""

    def __init__(self, database, *, when, step):
        self._database = database
        self._when = when
        self._step = step

    async def read(self, fn):
        return await self._database.read(fn)

    async def write(self, fn):
        steps = []

        async def watched(tx):
            result = await fn(WatchedTx(tx, steps))
            if self._when == "inside" and self._step in steps:
                die()
            return result

        result = await self._database.write(watched)
        if self._when == "after" and self._step in steps:
            die()
        return result


async def main():
    settings = load()
    when, _, step = os.environ.get("CRASH_AT", ":").partition(":")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.open_service(
        settings, wrap_database=lambda db: KillingDatabase(db, when=when, step=step)
    ) as service:
        serving = asyncio.create_task(service.serve(stop))
        async with asyncio.timeout(30):
            while not service.bot.is_ready() and not serving.done():
                await asyncio.sleep(0.01)
        await sync(service.bot, known_hash=None)
        await serving


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
