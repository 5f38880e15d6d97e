"""Answers that a provider gives once only: on the disk before anything is made of them.

What is left to chance is the time between the provider's sending and our write: the way through
the network, and here one file and one row, each flushed. While the store cannot write, the answer
waits in memory, and such providers are not asked for more than may wait there.
"""

import logging
from collections.abc import Collection

from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import JobId
from bot.domain.requests import BlobId
from storage.blobs import BlobStore
from storage.database import Database

log = logging.getLogger(__name__)

UNWRITTEN_BYTES_MAX = 256 * 1024 * 1024
NO_ROOM = "The store takes nothing, and too many answers wait for it already."


class AnswerBook:
    """The kept answers of running jobs."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs
        self._known: dict[JobId, dict[str, BlobId]] = {}
        self._unwritten: dict[JobId, dict[str, bytes]] = {}
        self._unwritten_bytes = 0

    def of(self, job_id: JobId) -> "JobAnswers":
        """Return what a provider is given to keep one job's answers by."""
        return JobAnswers(self, job_id)

    async def names(self, job_id: JobId) -> Collection[str]:
        """Name the answers that a job has had; read from the store once.

        Raises `StorageUnavailable` while this job's answers, or too many of others, cannot be
        written: then nothing may be asked that could bring one more.
        """
        for name, answer in list(self._unwritten.get(job_id, {}).items()):
            await self.keep(job_id, name, answer)
        if self._unwritten_bytes > UNWRITTEN_BYTES_MAX:
            raise StorageUnavailable(NO_ROOM)
        if job_id not in self._known:
            found = await self._database.read(lambda tx: tx.answers.of(job_id))
            self._known[job_id] = dict(found)
        return self._known[job_id].keys()

    async def get(self, job_id: JobId, name: str) -> bytes | None:
        """Return an answer that `names` has named."""
        return await self._blobs.get(self._known[job_id][name])

    async def keep(self, job_id: JobId, name: str, answer: bytes) -> None:
        """Return once an answer is durable.

        Raises `StorageUnavailable` when it is not; it stays in memory, and `names` tries again.
        """
        waiting = self._unwritten.setdefault(job_id, {})
        if name not in waiting:
            waiting[name] = answer
            self._unwritten_bytes += len(answer)
        blob = await self._blobs.put(answer)
        await self._database.write(lambda tx: tx.answers.keep(job_id, name, blob))
        self._known.setdefault(job_id, {})[name] = blob
        self._written(job_id, name)

    def forget(self, job_id: JobId) -> None:
        """Let go of a job that is past being asked about; its rows went with that move."""
        self._known.pop(job_id, None)
        for name in list(self._unwritten.get(job_id, ())):
            self._written(job_id, name)

    def _written(self, job_id: JobId, name: str) -> None:
        waiting = self._unwritten.get(job_id, {})
        self._unwritten_bytes -= len(waiting.pop(name, b""))
        if not waiting:
            self._unwritten.pop(job_id, None)


class JobAnswers:
    """One job's answers, as `bot.providers.base.Once` wants them."""

    def __init__(self, book: AnswerBook, job_id: JobId) -> None:
        self._book = book
        self._job_id = job_id

    async def names(self) -> Collection[str]:
        """Name the answers there have been."""
        return await self._book.names(self._job_id)

    async def get(self, name: str) -> bytes | None:
        """Return one of them; None when its bytes are gone."""
        return await self._book.get(self._job_id, name)

    async def keep(self, name: str, answer: bytes) -> None:
        """Return once an answer is durable."""
        await self._book.keep(self._job_id, name, answer)
