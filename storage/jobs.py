"""Jobs: the only truth about what was asked and how far it came.

Every write of a worker names the epoch that it works under; a takeover raises the epoch, so a
worker that was frozen and thaws changes no row and is told so by False.
"""

import logging
from dataclasses import replace
from datetime import datetime

from bot.domain.errors import ConfigurationError
from bot.domain.jobs import NEXT, Job, JobId, JobState, Progress, Target, UserId
from bot.domain.requests import BlobId, without_words
from storage.executor import Executor, Row, Value
from storage.job_rows import (
    FIELDS,
    Columns,
    changed_fields,
    columns_of,
    job_of,
    picture_columns,
    picture_of,
    progress_to_text,
)
from storage.moments import from_text, to_text
from storage.sealing import Purpose, Sealed, Sealer

_log = logging.getLogger(__name__)

REMOTE_IDS_MAX = 10_000

# What a worker of this epoch may still touch; correlated, so that it looks at one row only.
_MINE = """
    WHERE id = :id AND epoch = :epoch
    AND EXISTS (SELECT 1 FROM working_jobs WHERE working_jobs.id = jobs.id)"""


class Jobs:
    """The jobs of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    # ------------------------------------------------------------ the life of a job

    async def accept(self, job: Job) -> bool:
        """Keep a new job; False when its id is known already, and then nothing changes."""
        columns = columns_of(job, *FIELDS) | self._token_columns(job.id, job.owner_id, job.target)
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        insert = f"INSERT INTO jobs ({names}) VALUES ({places}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - names are ours
        if not await self._db.change(insert, **columns):
            return False
        for blob in sorted(job.request.sources):
            await self._db.change(
                "INSERT INTO job_sources (job_id, blob) VALUES (:job_id, :blob)",
                job_id=job.id,
                blob=blob,
            )
        await self._put_pictures(job)
        await self._record_move(job)
        await self._db.change("DELETE FROM claims WHERE id = :id", id=job.id)
        return True

    async def get(self, job_id: JobId) -> Job | None:
        """Return a job with its pictures, or None."""
        row = await self._db.row("SELECT * FROM jobs WHERE id = :id", id=job_id)
        return None if row is None else await self._job_of(row)

    async def move(self, before: Job, after: Job) -> bool:
        """Write every fact in which `after` differs from `before`, in one guarded statement.

        False: the stored job has another epoch or state than `before`; somebody else was faster
        and nothing was written. The state may stay the same, when only facts change. What others
        write meanwhile (progress, a wish to cancel, a new target) is not overwritten by an old
        value. The token goes when nothing is left to do.
        """
        assert (before.id, before.epoch) == (after.id, after.epoch), "a move keeps id and epoch"
        assert after.state is before.state or after.state in NEXT[before.state]
        if not await self._update(before, after):
            return False
        if after.pictures != before.pictures:
            await self._put_pictures(after)
        if after.state is not before.state:
            await self._record_move(after)
            if before.state is JobState.RUNNING:
                await self._db.change("DELETE FROM answers WHERE job_id = :id", id=after.id)
        return True

    async def note_progress(self, job_id: JobId, *, epoch: int, progress: Progress) -> bool:
        """Keep the newest progress of a working job."""
        changed = await self._db.change(
            f"UPDATE jobs SET progress = :progress {_MINE}",  # noqa: S608 - a constant of ours
            id=job_id,
            epoch=epoch,
            progress=progress_to_text(progress),
        )
        return changed == 1

    async def ask_cancel(self, job_id: JobId, at: datetime) -> bool:
        """Note the wish to cancel; False when it was noted before or nobody is waiting any more."""
        changed = await self._db.change(
            """
            UPDATE jobs SET cancel_asked_at = :at WHERE id = :id AND cancel_asked_at IS NULL
            AND EXISTS (SELECT 1 FROM working_jobs WHERE working_jobs.id = jobs.id)
            """,
            id=job_id,
            at=to_text(at),
        )
        return changed == 1

    async def mark_told(self, job_id: JobId, *, epoch: int, at: datetime) -> bool:
        """Note that the card shows the end, and drop the token; False when it was noted before."""
        changed = await self._db.change(
            """
            UPDATE jobs SET told_at = :at, token = NULL, token_key_id = NULL
            WHERE id = :id AND epoch = :epoch AND told_at IS NULL
            """,
            id=job_id,
            epoch=epoch,
            at=to_text(at),
        )
        return changed == 1

    async def take_over_all(self) -> tuple[JobId, ...]:
        """Raise the epoch of every open job and return their ids, the oldest first."""
        rows = await self._db.rows(
            """
            UPDATE jobs SET epoch = epoch + 1 WHERE id IN (SELECT id FROM open_jobs)
            RETURNING id, created_at
            """
        )
        ordered = sorted((row["created_at"], row["id"]) for row in rows)
        return tuple(JobId(job_id) for _, job_id in ordered)

    # ------------------------------------------------------------ questions

    async def open_ids(self) -> tuple[JobId, ...]:
        """Return the jobs with anything left to do, the oldest first."""
        return _ids(await self._db.rows("SELECT id FROM open_jobs ORDER BY created_at, id"))

    async def count_working(self, owner_id: UserId) -> int:
        """Count the jobs that a member is waiting for."""
        row = await self._db.row(
            "SELECT COUNT(*) AS working FROM working_jobs WHERE owner_id = :owner_id",
            owner_id=owner_id,
        )
        assert row is not None
        return int(row["working"])

    async def at_providers(self) -> tuple[tuple[JobId, UserId], ...]:
        """Return the jobs that a provider has, or may have, and whose they are."""
        rows = await self._db.rows(
            """
            SELECT id, owner_id FROM working_jobs
            WHERE state IN ('submitting', 'running') OR state = 'accepted' AND remote_id IS NOT NULL
            """
        )
        return tuple((JobId(row["id"]), UserId(row["owner_id"])) for row in rows)

    async def newest(self, limit: int) -> tuple[JobId, ...]:
        """Return the newest jobs of everybody, the newest first."""
        rows = await self._db.rows(
            "SELECT id FROM jobs ORDER BY created_at DESC, id DESC LIMIT :limit", limit=limit
        )
        return _ids(rows)

    async def recent(self, owner_id: UserId, limit: int) -> tuple[Job, ...]:
        """Return a member's newest jobs, the newest first."""
        rows = await self._db.rows(
            """
            SELECT * FROM jobs WHERE owner_id = :owner_id
            ORDER BY created_at DESC, id DESC LIMIT :limit
            """,
            owner_id=owner_id,
            limit=limit,
        )
        return tuple([await self._job_of(row) for row in rows])

    async def moves(self, job_id: JobId) -> tuple[tuple[JobState, datetime], ...]:
        """Return every state a job has had and when, the first first."""
        rows = await self._db.rows(
            "SELECT state, at FROM job_moves WHERE job_id = :job_id ORDER BY seq", job_id=job_id
        )
        return tuple((JobState(row["state"]), from_text(row["at"])) for row in rows)

    async def remote_ids(self, provider: str) -> frozenset[str]:
        """Return the remote ids of a provider's newest jobs: whatever else runs there is lost."""
        rows = await self._db.rows(
            """
            SELECT remote_id FROM jobs WHERE provider = :provider
            ORDER BY created_at DESC LIMIT :limit
            """,
            provider=provider,
            limit=REMOTE_IDS_MAX,
        )
        return frozenset(row["remote_id"] for row in rows if row["remote_id"] is not None)

    # ------------------------------------------------------------ retention

    async def done_before(self, at: datetime, limit: int) -> tuple[JobId, ...]:
        """Return finished jobs that last changed before `at` and may still hold results or sources.

        Each is named until `forget_results` was called for it.
        """
        return _ids(
            await self._db.rows(
                """
                SELECT id FROM jobs WHERE may_have_results = 1 AND changed_at < :at
                AND NOT EXISTS (SELECT 1 FROM open_jobs WHERE open_jobs.id = jobs.id)
                ORDER BY changed_at LIMIT :limit
                """,
                at=to_text(at),
                limit=limit,
            )
        )

    async def forget_results(self, job_id: JobId) -> frozenset[BlobId]:
        """Drop a job's results and sources; return the blobs that no other job needs."""
        held = await self._db.rows(
            """
            SELECT blob FROM pictures WHERE job_id = :id
            UNION SELECT blob FROM job_sources WHERE job_id = :id
            """,
            id=job_id,
        )
        await self._db.change(
            "UPDATE jobs SET passages = '[]', may_have_results = 0 WHERE id = :id", id=job_id
        )
        await self._db.change("DELETE FROM pictures WHERE job_id = :id", id=job_id)
        await self._db.change("DELETE FROM job_sources WHERE job_id = :id", id=job_id)
        return frozenset([row["blob"] for row in held if not await self.needs(row["blob"])])

    async def worded_before(self, at: datetime, limit: int) -> tuple[JobId, ...]:
        """Return finished jobs that last changed before `at` and whose words are still known."""
        return _ids(
            await self._db.rows(
                """
                SELECT id FROM jobs WHERE has_words = 1 AND changed_at < :at
                AND NOT EXISTS (SELECT 1 FROM open_jobs WHERE open_jobs.id = jobs.id)
                ORDER BY changed_at LIMIT :limit
                """,
                at=to_text(at),
                limit=limit,
            )
        )

    async def forget_words(self, job_id: JobId) -> None:
        """Drop what a finished job's member and its provider wrote; the figures stay."""
        job = await self.get(job_id)
        if job is None:
            return
        bare = job.evolve(
            request=without_words(job.request),
            second=None,
            notes=(),
            failure=job.failure and replace(job.failure, sentence=""),
            remote=None,
            progress=None,
        )
        columns = columns_of(bare, *changed_fields(job, bare))
        assignments = "".join(f", {name} = :{name}" for name in columns)
        await self._db.change(
            f"UPDATE jobs SET has_words = 0{assignments} WHERE id = :its_id",  # noqa: S608 - names are ours
            **columns,
            its_id=job_id,
        )

    async def needs(self, blob: BlobId) -> bool:
        """Tell whether any job's picture, source or answer is these stored bytes."""
        uses = """
            SELECT 1 FROM pictures WHERE blob = :blob
            UNION ALL SELECT 1 FROM job_sources WHERE blob = :blob
            UNION ALL SELECT 1 FROM answers WHERE blob = :blob LIMIT 1"""
        return await self._db.row(uses, blob=blob) is not None

    # ------------------------------------------------------------ parts of the above

    async def _update(self, before: Job, after: Job) -> bool:
        columns: Columns = columns_of(after, "state", *changed_fields(before, after))
        if not after.is_open:
            columns |= {"token": None, "token_key_id": None}
        elif after.target.token != before.target.token:
            columns |= self._token_columns(after.id, after.owner_id, after.target)
        guard: dict[str, Value] = {"its_id": before.id, "its_state": before.state.value}
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        changed = await self._db.change(
            f"""
            UPDATE jobs SET {assignments}
            WHERE id = :its_id AND epoch = :its_epoch AND state = :its_state
            """,  # noqa: S608 - names are ours
            **columns,
            **guard,
            its_epoch=before.epoch,
        )
        return changed == 1

    async def _put_pictures(self, job: Job) -> None:
        # One that is stored already stays: a picture paid for is never lost to an old value.
        for position, picture in enumerate(job.pictures):
            columns = picture_columns(picture)
            await self._db.change(
                f"""
                INSERT INTO pictures (job_id, position, {", ".join(columns)})
                VALUES (:job_id, :position, {", ".join(f":{name}" for name in columns)})
                ON CONFLICT (job_id, item_id) DO UPDATE SET position = excluded.position
                """,  # noqa: S608 - names are ours
                job_id=job.id,
                position=position,
                **columns,
            )

    async def _record_move(self, job: Job) -> None:
        await self._db.change(
            """
            INSERT INTO job_moves (job_id, state, epoch, at)
            VALUES (:job_id, :state, :epoch, :at)
            """,
            job_id=job.id,
            state=job.state.value,
            epoch=job.epoch,
            at=to_text(job.changed_at),
        )

    async def _job_of(self, row: Row) -> Job:
        pictures = await self._db.rows(
            "SELECT * FROM pictures WHERE job_id = :id ORDER BY position, item_id", id=row["id"]
        )
        return job_of(
            row, pictures=tuple(picture_of(picture) for picture in pictures), token=self._token(row)
        )

    def _token_columns(self, job_id: JobId, owner_id: UserId, target: Target) -> Columns:
        if target.token is None:
            return {"token": None, "token_key_id": None}
        sealed = self._sealer.seal(
            target.token, purpose=Purpose.INTERACTION_TOKEN, owner_id=owner_id, name=job_id
        )
        return {"token": sealed.data, "token_key_id": sealed.key_id}

    def _token(self, row: Row) -> str | None:
        if row["token"] is None:
            return None
        try:
            return self._sealer.unseal(
                Sealed(key_id=row["token_key_id"], data=row["token"]),
                purpose=Purpose.INTERACTION_TOKEN,
                owner_id=row["owner_id"],
                name=row["id"],
            )
        except ConfigurationError:
            # The token is good for minutes and the card has other ways; the job must go on.
            _log.warning("interaction token cannot be opened", extra={"job": row["id"]})
            return None


def _ids(rows: list[Row]) -> tuple[JobId, ...]:
    return tuple(JobId(row["id"]) for row in rows)
