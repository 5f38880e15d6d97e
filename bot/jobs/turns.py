"""Whose turn it is to be sent: a fair queue in front of a provider's budget of submits.

Servers take turns, in a server its members, and a member's own jobs go in their order: somebody
who asks for ten pictures does not stand before ten people who ask for one. Whoever has as many
jobs running as one may have is passed over until one of them is done, and so is whoever's key is
out of budget. A job that waits here has no task and no timer; `run` wakes the next one when the
provider's budget has a place and not too many are on their way to it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from bot.domain.clock import Clock
from bot.domain.jobs import Job, JobId, UserId
from bot.domain.keys import Payer
from bot.jobs.pace import Paces
from bot.jobs.seats import Seats

SENT_AT_ONCE_MAX = 80
"""Calls of one provider that wait for an answer: with the looks at its jobs fewer than connections."""

Wake = Callable[[JobId], None]


class _Waiting(NamedTuple):
    """A job in its member's own line, in the order in which they go."""

    is_new: bool  # one that sits already was sent before, and comes back
    asked_at: datetime
    id: JobId
    payer: Payer


class _Next(NamedTuple):
    """Who may go, and when."""

    server: int | None
    owner_id: UserId
    moment: datetime


_Members = OrderedDict[UserId, deque[_Waiting]]


@dataclass(slots=True)
class _Line:
    """The waiting jobs of all servers; whoever was served last stands last."""

    seats: Seats
    paces: Paces
    servers: OrderedDict[int | None, _Members] = field(default_factory=OrderedDict)
    where: dict[JobId, tuple[int | None, UserId, _Waiting]] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        server = job.target.guild_id
        members = self.servers.setdefault(server, OrderedDict())
        jobs = members.setdefault(job.owner_id, deque())
        waiting = _Waiting(not self.seats.has(job.id), job.created_at, job.id, job.key_owner)
        index = len(jobs)
        while index and waiting[:3] < jobs[index - 1][:3]:
            index -= 1
        jobs.insert(index, waiting)
        self.where[job.id] = (server, job.owner_id, waiting)

    def remove(self, job_id: JobId) -> None:
        server, owner_id, waiting = self.where.pop(job_id)
        members = self.servers[server]
        members[owner_id].remove(waiting)
        self._tidy(server, owner_id)

    def take(self, now: datetime) -> JobId | None:
        """Remove and return the next one that may go, book its call and seat it; None for nobody."""
        found = self._next(now)
        if found is None or found.moment > now:
            return None
        members = self.servers[found.server]
        waiting = members[found.owner_id].popleft()
        del self.where[waiting.id]
        self.paces.book(waiting.payer, now)
        self.seats.take(waiting.id, found.owner_id)
        members.move_to_end(found.owner_id)
        self.servers.move_to_end(found.server)
        self._tidy(found.server, found.owner_id)
        return waiting.id

    def opens_at(self, now: datetime) -> datetime | None:
        """Return when somebody may go: now, later, or None when nobody may as things are."""
        found = self._next(now)
        return None if found is None else found.moment

    def place(self, job_id: JobId) -> "Place | None":
        """Return where a job stands; None when it does not wait."""
        found = self.where.get(job_id)
        if found is None:
            return None
        server, owner_id, waiting = found
        mine = self.servers[server][owner_id]
        before = mine.index(waiting)
        room = self._room(owner_id, mine)
        if before >= room:
            return Place(1 + before - room, is_own=True)
        payer = waiting.payer
        here = self._may_go(self.servers[server], payer)
        there = {
            other: sum(self._may_go(members, payer).values())
            for other, members in self.servers.items()
        }
        return Place(_turn(there, server, _turn(here, owner_id, before + 1)), is_own=False)

    def _may_go(self, members: _Members, payer: Payer) -> dict[UserId, int]:
        """Return how many jobs of each member may go as things are, from the same budget."""
        return {
            owner_id: min(len(jobs), self._room(owner_id, jobs))
            for owner_id, jobs in members.items()
            if not self.paces.by_key or jobs[0].payer == payer
        }

    def _room(self, owner_id: UserId, jobs: deque[_Waiting]) -> int:
        """Return how many of a member's jobs here may go before another of theirs is done."""
        return self.seats.free(owner_id) + self.seats.has(jobs[0].id)

    def _next(self, now: datetime) -> _Next | None:
        """Return the first one that may go now, or else whoever may go soonest."""
        soonest: _Next | None = None
        not_before, moments = self.paces.not_before(now), dict[Payer, datetime]()
        for server, members in self.servers.items():
            for owner_id, jobs in members.items():
                if not self._room(owner_id, jobs):
                    continue
                payer = jobs[0].payer
                if payer not in moments:
                    moments[payer] = self.paces.next(payer, now)
                if soonest is None or moments[payer] < soonest.moment:
                    soonest = _Next(server, owner_id, moments[payer])
                if soonest.moment <= not_before:
                    return soonest
        return soonest

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

    def __init__(self, paces: Paces, *, seats: Seats, clock: Clock) -> None:
        self.paces = paces
        self._clock = clock
        self._line = _Line(seats, paces)
        self._granted: set[JobId] = set()
        self._sending: set[JobId] = set()
        self._changed = asyncio.Event()
        seats.listen(self._changed.set)

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
            self._changed.set()
        return False

    @contextmanager
    def sending(self, job_id: JobId) -> Iterator[None]:
        """Count a job whose turn was claimed as on its way until the block ends."""
        self._sending.add(job_id)
        try:
            yield
        finally:
            self._sending.discard(job_id)
            self._changed.set()

    def leave(self, job_id: JobId) -> None:
        """Let go of a job that need not be sent any more."""
        if job_id in self._granted:
            self._granted.discard(job_id)
            self._changed.set()
        if job_id in self._line.where:
            self._line.remove(job_id)

    def place(self, job_id: JobId) -> Place | None:
        """Return a waiting job's place in its line; None when it does not wait."""
        return self._line.place(job_id)

    async def run(self, wake: Wake) -> None:
        """Wake one job per place in the provider's budget, for ever."""
        while True:
            self._changed.clear()
            now = self._clock.now()
            opens_at = self._line.opens_at(now) if self._has_room else None
            if opens_at is None:
                await self._changed.wait()
            elif opens_at > now:
                await self._until(opens_at)
            elif (job_id := self._line.take(now)) is not None:
                self._granted.add(job_id)
                wake(job_id)

    @property
    def _has_room(self) -> bool:
        return len(self._granted) + len(self._sending) < SENT_AT_ONCE_MAX

    async def _until(self, moment: datetime) -> None:
        """Wait for a moment, or until something has changed."""
        wait_s = (moment - self._clock.now()).total_seconds()
        sleeps = asyncio.ensure_future(self._clock.sleep(max(0.0, wait_s)))
        changes = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({sleeps, changes}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeps.cancel()
            changes.cancel()
