"""How many jobs of one member run at once: a seat for each that is at a provider, or on its way.

Whoever asks for more waits in line instead of being refused. Seats are counted over all providers
and remembered in memory; at a start they are read from the jobs themselves.
"""

from collections.abc import Callable

from bot.domain.jobs import Job, JobId, JobState, UserId
from storage.database import Database

_AT_A_PROVIDER = frozenset({JobState.SUBMITTING, JobState.RUNNING})


class Seats:
    """The seats of all members, `each` for everybody."""

    def __init__(self, database: Database, *, each: int) -> None:
        self._database = database
        self.each = each
        self._taken: dict[UserId, set[JobId]] = {}
        self._whose: dict[JobId, UserId] = {}
        self._listeners: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Learn which jobs are at a provider already, as many as they may be."""
        for job_id, owner_id in await self._database.read(lambda tx: tx.jobs.at_providers()):
            self.take(job_id, owner_id)

    def listen(self, on_free: Callable[[], None]) -> None:
        """Be told when a seat becomes free."""
        self._listeners.append(on_free)

    def free(self, owner_id: UserId) -> int:
        """Return how many more jobs of a member may go."""
        return max(0, self.each - len(self._taken.get(owner_id, ())))

    def has(self, job_id: JobId) -> bool:
        """Tell whether a job sits already."""
        return job_id in self._whose

    def take(self, job_id: JobId, owner_id: UserId) -> None:
        """Give a job a seat; one that is at a provider gets it even where there is none left."""
        self._taken.setdefault(owner_id, set()).add(job_id)
        self._whose[job_id] = owner_id

    def leave(self, job_id: JobId) -> None:
        """Free a job's seat, if it has one."""
        owner_id = self._whose.pop(job_id, None)
        if owner_id is None:
            return
        taken = self._taken[owner_id]
        taken.discard(job_id)
        if not taken:
            del self._taken[owner_id]
        for on_free in self._listeners:
            on_free()

    def see(self, job: Job) -> None:
        """Follow a job from step to step: seated while a provider has it, off when it is past that.

        One that waits in line keeps what it has: whether its turn has come is not seen from here.
        """
        if job.state in _AT_A_PROVIDER or (job.state is JobState.ACCEPTED and job.remote):
            self.take(job.id, job.owner_id)
        elif job.state is not JobState.ACCEPTED:
            self.leave(job.id)
