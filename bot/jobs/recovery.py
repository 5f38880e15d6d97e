"""What a start takes up again, and what a slow sweep catches: nothing may depend on memory."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from bot.accounts.budgets import forget_old_use
from bot.domain.clock import Clock
from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import JobId
from bot.domain.requests import BlobId
from bot.domain.retention import Retention
from bot.jobs.claims import Claims
from bot.jobs.dispatch import LocalDispatch
from bot.jobs.tracker import QUESTION_LIFE
from storage.blobs import SHARDS, BlobStore
from storage.database import Database, Tx

log = logging.getLogger(__name__)

SWEEP_S = 60.0
FORGET_AT_ONCE_MAX = 200
NEW_BLOB = timedelta(hours=1)
"""So long a blob may wait for the row that names it: an upload, a picture that was just fetched."""


Duty = Callable[[], Coroutine[Any, Any, object]]


class Recovery:
    """Take up open jobs, at start and every minute, and let go what nobody needs any more."""

    def __init__(
        self,
        database: Database,
        dispatch: LocalDispatch,
        *,
        claims: Claims,
        blobs: BlobStore,
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._database = database
        self._dispatch = dispatch
        self._claims = claims
        self._blobs = blobs
        self._retention = retention
        self._clock = clock

    async def take_up(self) -> int:
        """Take over every open job: raise its epoch, so that whoever had it writes nothing more."""
        taken = await self._database.write(lambda tx: tx.jobs.take_over_all())
        for job_id in taken:
            self._dispatch.wake(job_id)
        if taken:
            log.info("open jobs taken up", extra={"count": len(taken)})
        return len(taken)

    async def run(self) -> None:
        """Sweep for ever; what cannot be done now keeps nothing else back, and is tried again.

        What a dead process left behind without a job is taken up at once: cards of commands that
        it had answered, and credits that it held.
        """
        await self._tried(self._claims.close_lost)
        await self._tried(self._expire)
        while True:
            await self._clock.sleep(SWEEP_S)
            for duty in (self._claims.close_lost, *self._duties):
                await self._tried(duty)

    async def sweep(self) -> None:
        """Wake forgotten jobs, expire forgotten reservations, drop old results and stray blobs."""
        for duty in self._duties:
            await duty()

    @property
    def _duties(self) -> tuple[Duty, ...]:
        return (
            self._wake_forgotten,
            self._expire,
            self._forget_use,
            self._forget_results,
            self._forget_words,
            self._drop_strays,
        )

    async def _tried(self, duty: Duty) -> None:
        try:
            await duty()
        except StorageUnavailable as error:
            log.warning("sweep put off", extra={"duty": duty.__name__, "why": str(error)})
        except Exception:
            log.exception("sweep broke", extra={"duty": duty.__name__})

    async def _wake_forgotten(self) -> None:
        for job_id in await self._database.read(lambda tx: tx.jobs.open_ids()):
            if not self._dispatch.knows(job_id):
                log.warning("an open job was forgotten", extra={"job": job_id})
                self._dispatch.wake(job_id)

    async def _expire(self) -> None:
        now = self._clock.now()
        # Looked for without the writer: it may have to look through many that are over.
        if not await self._database.read(lambda tx: tx.credits.overdue(now)):
            return
        expired = await self._database.write(lambda tx: tx.credits.expire(now))
        if expired:
            log.warning("forgotten reservations expired", extra={"count": len(expired)})

    async def _forget_use(self) -> None:
        now = self._clock.now()
        await self._database.write(lambda tx: forget_old_use(tx, now=now))
        await self._database.write(lambda tx: tx.questions.forget(now - QUESTION_LIFE))

    async def _forget_results(self) -> None:
        now = self._clock.now()
        before = now - self._retention.results
        old = await self._database.read(
            lambda tx: tx.jobs.done_before(before, limit=FORGET_AT_ONCE_MAX)
        )
        for job_id in old:
            await self._forget(job_id, now=now)

    async def _forget_words(self) -> None:
        """Blank the requests of jobs that were over before a moment; their figures stay."""
        before = self._clock.now() - self._retention.words

        async def forget(tx: Tx) -> int:
            old = await tx.jobs.worded_before(before, limit=FORGET_AT_ONCE_MAX)
            for job_id in old:
                await tx.jobs.forget_words(job_id)
            return len(old)

        if count := await self._database.write(forget):
            log.info("old requests were blanked", extra={"count": count})
            await self._database.scrub()

    async def _forget(self, job_id: JobId, *, now: datetime) -> None:
        unused = await self._database.write(lambda tx: tx.jobs.forget_results(job_id))
        for blob in unused:
            await self._blobs.delete(blob, older_than=now - NEW_BLOB)

    async def _drop_strays(self) -> None:
        """Delete blobs that no row names: of a refused request, of a process that was killed.

        One shard a sweep, chosen by the time, so that a restart does not begin with the first.
        """
        now = self._clock.now()
        shard = int(now.timestamp() // SWEEP_S) % SHARDS
        old = await self._blobs.find_older_than(now - NEW_BLOB, shard=shard)

        async def strays(tx: Tx) -> list[BlobId]:
            return [blob for blob in old if not await tx.jobs.needs(blob)]

        for blob in await self._database.read(strays):
            if await self._blobs.delete(blob, older_than=now - NEW_BLOB):
                log.info("a stray blob was deleted", extra={"blob": blob})
