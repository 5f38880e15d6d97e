"""Members who want to be forgotten: their jobs are stopped, then everything of theirs goes.

The wish is a row, so whatever happens in between, the next look goes on with it. What is left of a
member in memory goes with the rest; bytes that nobody needs go a little later, when nobody can be
about to name them.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import JobId, UserId
from bot.domain.requests import BlobId
from bot.jobs.dispatch import Dispatch
from storage.blobs import BlobStore
from storage.database import Database

log = logging.getLogger(__name__)

PAUSE_S = 1.0  # while a job of somebody who waits is not over
REST_S = 60.0
YOUNG_BLOB = timedelta(minutes=2)
"""Bytes that came or were renewed since then may be about to be named by somebody else."""
DOOMED_AT_ONCE_MAX = 500
MARK_LIFE = timedelta(days=40)  # longer than any budget counts


def draw_nobody() -> int:
    """Return a number below zero that is nobody's."""
    return -1 - secrets.randbits(62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What else knows members: `settle` writes what only it knows, `let_go` forgets somebody."""

    settle: Callable[[], Awaitable[None]]
    let_go: Sequence[Callable[[UserId], None]]
    learn: Sequence[Callable[[], Awaitable[None]]]
    """Called when somebody was forgotten: what is remembered of everybody has changed."""


class Eraser:
    """Forget members who asked for it."""

    def __init__(
        self,
        database: Database,
        dispatch: Dispatch,
        *,
        blobs: BlobStore,
        memory: Memory,
        clock: Clock,
        draw: Callable[[], int] = draw_nobody,
    ) -> None:
        self._database = database
        self._dispatch = dispatch
        self._blobs = blobs
        self._memory = memory
        self._clock = clock
        self._draw = draw
        self._bell = asyncio.Event()
        self._waiting: dict[UserId, asyncio.Event] = {}
        self._is_scrubbed = False  # a killed process may have left that to us

    async def ask(self, owner_id: UserId) -> None:
        """Note that a member wants to be forgotten; from now on they can begin nothing new."""
        now = self._clock.now()
        self._waiting.setdefault(owner_id, asyncio.Event())
        await self._database.write(lambda tx: tx.forgetting.ask(owner_id, at=now))
        self._bell.set()

    async def wait(self, owner_id: UserId, *, at_most_s: float) -> bool:
        """Wait until a member who asked is forgotten; False when it takes longer."""
        done = self._waiting.get(owner_id)
        if done is None:  # it is done already
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await done.wait()
        return done.is_set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._bell.clear()
            try:
                is_quiet = await self.look()
            except StorageUnavailable as error:
                log.warning("an erasure is put off", extra={"why": str(error)})
                is_quiet = False
            with suppress(TimeoutError):
                async with asyncio.timeout(REST_S if is_quiet else PAUSE_S):
                    await self._bell.wait()

    async def look(self) -> bool:
        """Go on with whoever waits; tell whether nobody does any more."""
        asked = await self._database.read(lambda tx: tx.forgetting.asked())
        forgotten = [owner_id for owner_id in asked if await self._forgotten(owner_id)]
        await self._drop_doomed()
        await self._drop_marks()
        if forgotten:
            self._is_scrubbed = False
        if not self._is_scrubbed:
            self._is_scrubbed = await self._database.scrub()
        for owner_id in forgotten:
            self._waiting.pop(owner_id, asyncio.Event()).set()
        return len(forgotten) == len(asked) and self._is_scrubbed

    async def _forgotten(self, owner_id: UserId) -> bool:
        """Forget a member, unless a job of theirs is still open: then have it stopped."""
        await self._memory.settle()
        now, nobody_id = self._clock.now(), self._draw()
        if not await self._database.write(
            lambda tx: tx.forgetting.erase(owner_id, nobody_id=nobody_id, at=now)
        ):
            await self._stop_jobs(owner_id)
            return False
        for let_go in self._memory.let_go:
            let_go(owner_id)
        for learn in self._memory.learn:
            await learn()
        log.info("a member was forgotten")
        return True

    async def _stop_jobs(self, owner_id: UserId) -> None:
        for job_id in await self._database.read(lambda tx: tx.forgetting.open_jobs(owner_id)):
            await self._ask_cancel(job_id)

    async def _ask_cancel(self, job_id: JobId) -> None:
        now = self._clock.now()
        if await self._database.write(lambda tx: tx.jobs.ask_cancel(job_id, at=now)):
            self._dispatch.wake(job_id)

    async def _drop_doomed(self) -> None:
        doomed = await self._database.read(
            lambda tx: tx.forgetting.doomed(limit=DOOMED_AT_ONCE_MAX)
        )
        for blob in doomed:
            await self._drop(blob)

    async def _drop(self, blob: BlobId) -> None:
        """Delete bytes that nobody needs; those that just came are looked at again later."""
        before = self._clock.now() - YOUNG_BLOB
        if not await self._database.read(lambda tx: tx.jobs.needs(blob)):
            await self._blobs.delete(blob, older_than=before)
            if await self._blobs.is_stored(blob):
                return
        await self._database.write(lambda tx: tx.forgetting.settle_blob(blob))

    async def _drop_marks(self) -> None:
        before = self._clock.now() - MARK_LIFE
        if await self._database.read(lambda tx: tx.forgetting.has_marks(before=before)):
            await self._database.write(lambda tx: tx.forgetting.drop_marks(before=before))
