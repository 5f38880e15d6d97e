"""Whose turn it is to be sent: a fair queue in front of a provider's budget of submits.

Servers take turns, in a server its members, and a member's own jobs go in their order: somebody
who asks for ten pictures does not stand before ten people who ask for one. A job that waits here
has no task and no timer; `run` wakes the next one when the provider's budget has a place.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.clock import Clock
from bot.domain.jobs import Job, JobId, UserId
from bot.jobs.pace import Pace

Wake = Callable[[JobId], None]
_Members = OrderedDict[UserId, deque[JobId]]


@dataclass(slots=True)
class _Line:
    """The waiting jobs of all servers; whoever was served last stands last."""

    servers: OrderedDict[int | None, _Members] = field(default_factory=OrderedDict)
    where: dict[JobId, tuple[int | None, UserId]] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        server = job.target.guild_id
        members = self.servers.setdefault(server, OrderedDict())
        members.setdefault(job.owner_id, deque()).append(job.id)
        self.where[job.id] = (server, job.owner_id)

    def remove(self, job_id: JobId) -> None:
        server, owner_id = self.where.pop(job_id)
        members = self.servers[server]
        members[owner_id].remove(job_id)
        self._tidy(server, owner_id)

    def take(self) -> JobId:
        """Remove and return the next one; at least one must be waiting."""
        server, members = next(iter(self.servers.items()))
        owner_id, jobs = next(iter(members.items()))
        job_id = jobs.popleft()
        del self.where[job_id]
        members.move_to_end(owner_id)
        self.servers.move_to_end(server)
        self._tidy(server, owner_id)
        return job_id

    def _tidy(self, server: int | None, owner_id: UserId) -> None:
        members = self.servers[server]
        if not members[owner_id]:
            del members[owner_id]
        if not members:
            del self.servers[server]


class Turns:
    """The queue of one provider; `wake` is told whose turn has come."""

    def __init__(self, pace: Pace, *, clock: Clock) -> None:
        self.pace = pace
        self._clock = clock
        self._line = _Line()
        self._granted: set[JobId] = set()
        self._somebody = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._line.where)

    def claim(self, job: Job) -> bool:
        """Tell whether a job's turn has come, and use it up; otherwise let it wait in line."""
        if job.id in self._granted:
            self._granted.discard(job.id)
            return True
        if job.id not in self._line.where:
            self._line.add(job)
            self._somebody.set()
        return False

    def leave(self, job_id: JobId) -> None:
        """Let go of a job that need not be sent any more."""
        self._granted.discard(job_id)
        if job_id in self._line.where:
            self._line.remove(job_id)

    def place(self, job_id: JobId) -> int | None:
        """Return a waiting job's place in its line, from 1; None when it does not wait.

        Whoever stands earlier in the round goes once more before it than whoever stands later:
        exact while one server asks, an estimate across servers.
        """
        found = self._line.where.get(job_id)
        if found is None:
            return None
        server, owner_id = found
        mine = self._line.servers[server][owner_id]
        before = mine.index(job_id)
        place, rounds = 1 + before, before + 1
        for members in self._line.servers.values():
            for jobs in members.values():
                if jobs is mine:
                    rounds = before
                else:
                    place += min(len(jobs), rounds)
        return place

    async def run(self, wake: Wake) -> None:
        """Wake one job per place in the provider's budget, for ever."""
        while True:
            await self._somebody.wait()
            await self._until_open()
            if not self.waiting:
                self._somebody.clear()
                continue
            job_id = self._line.take()
            self._granted.add(job_id)
            wake(job_id)

    async def _until_open(self) -> None:
        """Book a place and wait for it; again, when the provider shut its door meanwhile."""
        while True:
            moment = self.pace.book(self._clock.now())
            wait_s = (moment - self._clock.now()).total_seconds()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            if not self.pace.is_shut(self._clock.now()):
                return
