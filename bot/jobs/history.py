"""A member's own jobs, looked at later: what became of them, and its results for as long as kept."""

from datetime import timedelta

from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.history import Past
from bot.domain.jobs import Job, JobId, PictureFile, UserId
from bot.jobs.album import Album
from storage.database import Database

JOBS_SHOWN = 10

UNKNOWN = "I don't know this job any more."
NOT_YOURS = "Only the person who asked for this can look at it here."
NOT_KEPT = "These pictures are not kept any more."


class History:
    """Answer for what was; changes nothing."""

    def __init__(self, database: Database, album: Album, *, retention: timedelta) -> None:
        self._database = database
        self._album = album
        self._retention = retention

    async def recent(self, owner_id: UserId) -> tuple[Past, ...]:
        """Return a member's newest jobs, the newest first."""
        jobs = await self._database.read(lambda tx: tx.jobs.recent(owner_id, JOBS_SHOWN))
        return tuple(self._past(job) for job in jobs)

    async def job(self, job_id: JobId, *, by: UserId) -> Job:
        """Return a member's own job; raise `InvalidRequest` or `NotAllowed`."""
        job = await self._database.read(lambda tx: tx.jobs.get(job_id))
        if job is None:
            raise InvalidRequest(UNKNOWN)
        if job.owner_id != by:
            raise NotAllowed(NOT_YOURS)
        return job

    async def pictures(self, job: Job, *, bytes_max: int) -> tuple[PictureFile, ...]:
        """Load a job's pictures, each within a place's limit; `InvalidRequest` once they are gone.

        Of a job whose results are words there are none: those are in the job itself.
        """
        try:
            files = await self._album.files(job, bytes_max=bytes_max)
        except LookupError as error:  # let go of between the question and the answer
            raise InvalidRequest(NOT_KEPT) from error
        if not files and not job.passages:
            raise InvalidRequest(NOT_KEPT)
        return files

    def _past(self, job: Job) -> Past:
        has_pictures = not job.is_open and bool(job.pictures)
        return Past(
            job=job,
            is_kept=not job.is_open and job.came > 0,
            kept_until=job.changed_at + self._retention if has_pictures else None,
        )
