"""Requests that wait for their member's word: a job as it would be taken in, and nothing held."""

import json
from datetime import datetime

from bot.domain.jobs import Job, JobId
from storage.executor import Executor
from storage.job_rows import FIELDS, columns_of, job_of
from storage.moments import to_text


class Questions:
    """The open questions of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def put(self, job: Job, *, at: datetime) -> None:
        """Keep a request until it is answered; the token of its card is not kept."""
        await self._db.change(
            """
            INSERT INTO questions (job_id, owner_id, guild_id, facts, asked_at)
            VALUES (:job_id, :owner_id, :guild_id, :facts, :at)
            ON CONFLICT (job_id) DO NOTHING
            """,
            job_id=job.id,
            owner_id=job.owner_id,
            guild_id=job.target.guild_id,
            facts=json.dumps(columns_of(job, *FIELDS)),
            at=to_text(at),
        )

    async def get(self, job_id: JobId, *, asked_after: datetime) -> Job | None:
        """Return a request that was asked about since a moment and is not answered, or None."""
        row = await self._db.row(
            "SELECT facts FROM questions WHERE job_id = :job_id AND asked_at > :moment",
            job_id=job_id,
            moment=to_text(asked_after),
        )
        return None if row is None else job_of(json.loads(row["facts"]), pictures=(), token=None)

    async def take(self, job_id: JobId) -> bool:
        """Let a question be answered; False when it was, or is not there."""
        changed = await self._db.change(
            "DELETE FROM questions WHERE job_id = :job_id", job_id=job_id
        )
        return changed == 1

    async def forget(self, asked_before: datetime) -> None:
        """Drop what was not answered in time."""
        await self._db.change(
            "DELETE FROM questions WHERE asked_at < :moment", moment=to_text(asked_before)
        )
