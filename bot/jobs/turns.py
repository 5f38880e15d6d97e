"""Whose turn it is to be sent: a fair queue in front of a provider's budget of submits.

Servers take turns, in a server its members, and a member's own jobs go in their order: somebody
who asks for ten pictures does not stand before ten people who ask for one. Whoever has as many
jobs running as one may have is passed over until one of them is done. A job that waits here
has no task and no timer; `run` wakes the next one when the provider's budget has a place.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from bot.domain.clock import Clock
from bot.domain.jobs import Job, JobId, UserId
from bot.jobs.pace import Pace
from bot.jobs.seats import Seats

Wake = Callable[[JobId], None]


class _Waiting(NamedTuple):
    """A job in its member's own line, in the order in which they go."""

    is_new: bool  # one that sits already was sent before, and comes back
    asked_at: datetime
    id: JobId


_Members = OrderedDict[UserId, deque[_Waiting]]


@dataclass(slots=True)
class _Line:
    """The waiting jobs of all servers; whoever was served last stands last."""

    seats: Seats
    servers: OrderedDict[int | None, _Members] = field(default_factory=OrderedDict)
    where: dict[JobId, tuple[int | None, UserId, _Waiting]] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        server = job.target.guild_id
        members = self.servers.setdefault(server, OrderedDict())
        jobs = members.setdefault(job.owner_id, deque())
        waiting = _Waiting(not self.seats.has(job.id), job.created_at, job.id)
        index = len(jobs)
        while index and waiting < jobs[index - 1]:
            index -= 1
        jobs.insert(index, waiting)
        self.where[job.id] = (server, job.owner_id, waiting)

    def remove(self, job_id: JobId) -> None:
        server, owner_id, waiting = self.where.pop(job_id)
        members = self.servers[server]
        members[owner_id].remove(waiting)
        self._tidy(server, owner_id)

    def take(self) -> JobId | None:
        """Remove and return the next one that may go, and seat it; None when nobody may."""
        found = self._next()
        if found is None:
            return None
        server, owner_id = found
        members = self.servers[server]
        job_id = members[owner_id].popleft().id
        del self.where[job_id]
        self.seats.take(job_id, owner_id)
        members.move_to_end(owner_id)
        self.servers.move_to_end(server)
        self._tidy(server, owner_id)
        return job_id

    @property
    def may_go(self) -> bool:
        """Whether anybody waits who may go."""
        return self._next() is not None

    def room(self, owner_id: UserId, jobs: deque[_Waiting]) -> int:
        """Return how many of a member's jobs here may go before another of theirs is done."""
        return self.seats.free(owner_id) + self.seats.has(jobs[0].id)

    def place(self, job_id: JobId) -> "Place | None":
        """Return where a job stands; None when it does not wait."""
        found = self.where.get(job_id)
        if found is None:
            return None
        server, owner_id, waiting = found
        mine = self.servers[server][owner_id]
        before = mine.index(waiting)
        room = self.room(owner_id, mine)
        if before >= room:
            return Place(1 + before - room, is_own=True)
        here = {owner: self._may_go(owner, jobs) for owner, jobs in self.servers[server].items()}
        turn = _turn(here, owner_id, before + 1)
        there = {other: self._all_may_go(members) for other, members in self.servers.items()}
        return Place(_turn(there, server, turn), is_own=False)

    def _may_go(self, owner_id: UserId, jobs: deque[_Waiting]) -> int:
        return min(len(jobs), self.room(owner_id, jobs))

    def _all_may_go(self, members: _Members) -> int:
        return sum(self._may_go(owner_id, jobs) for owner_id, jobs in members.items())

    def _next(self) -> tuple[int | None, UserId] | None:
        for server, members in self.servers.items():
            for owner_id, jobs in members.items():
                if self.room(owner_id, jobs):
                    return server, owner_id
        return None

    def _tidy(self, server: int | None, owner_id: UserId) -> None:
        members = self.servers[server]
        if not members[owner_id]:
            del members[owner_id]
        if not members:
            del self.servers[server]


K = TypeVar("K")


def _turn(may_go: Mapping[K, int], mine: K, nth: int) -> int:
    """Return as which of all the `nth` of `mine` goes, where all take turns in this order.

    Whoever stands earlier in the round goes once more before it than whoever stands later.
    """
    turn, rounds = nth, nth
    for each, count in may_go.items():
        if each == mine:
            rounds = nth - 1
        else:
            turn += min(count, rounds)
    return turn


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands in line, from 1.

    `is_own`: only among its member's jobs, of which as many run as may; else among all that go
    before it, as long as nobody comes or leaves.
    """

    number: int
    is_own: bool


class Turns:
    """The queue of one provider; `wake` is told whose turn has come."""

    def __init__(self, pace: Pace, *, seats: Seats, clock: Clock) -> None:
        self.pace = pace
        self._clock = clock
        self._line = _Line(seats)
        self._granted: set[JobId] = set()
        self._somebody = asyncio.Event()
        seats.listen(self._somebody.set)

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

    def place(self, job_id: JobId) -> Place | None:
        """Return a waiting job's place in its line; None when it does not wait."""
        return self._line.place(job_id)

    async def run(self, wake: Wake) -> None:
        """Wake one job per place in the provider's budget, for ever."""
        while True:
            await self._somebody.wait()
            if not self._line.may_go:
                self._somebody.clear()
                continue
            await self._until_open()
            job_id = self._line.take()
            if job_id is not None:  # else whoever waited has left meanwhile
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
