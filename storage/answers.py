"""Answers that a provider gives once only: which of a running job's calls have been answered.

No epoch guards them. Whoever received such an answer has to keep it, also a worker that was
superseded meanwhile: nobody else will get it.
"""

from collections.abc import Mapping

from bot.domain.jobs import JobId
from bot.domain.requests import BlobId
from storage.executor import Executor


class Answers:
    """The kept answers of one transaction; `Jobs.move` drops them with the state they belong to."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def keep(self, job_id: JobId, name: str, blob: BlobId) -> bool:
        """Note where an answer is stored; False on a repeat, or when nobody waits for it any more."""
        changed = await self._db.change(
            """
            INSERT INTO answers (job_id, name, blob)
            SELECT id, :name, :blob FROM jobs WHERE id = :job_id AND state = 'running'
            ON CONFLICT (job_id, name) DO NOTHING
            """,
            job_id=job_id,
            name=name,
            blob=blob,
        )
        return changed == 1

    async def of(self, job_id: JobId) -> Mapping[str, BlobId]:
        """Return where a job's answers are stored, by name."""
        rows = await self._db.rows(
            "SELECT name, blob FROM answers WHERE job_id = :job_id", job_id=job_id
        )
        return {row["name"]: BlobId(row["blob"]) for row in rows}
