"""Time passes for accepted requests: one heap of what happens next, and who is told."""

import asyncio
import heapq
import itertools
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.jobs import Job, PartState
from bot.sandbox.providers.horde.scripts import Outcome

POSITION_KNOWN_AFTER_S = 1.0  # before that, a poll reads position 0 and no waiting time


J = TypeVar("J", bound=Job)


class Queue(Generic[J]):
    """The requests of one kind that the server knows of. `run` is its heartbeat; `catch_up` makes it current.

    Whoever is told is given the index of the part.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        lifetime_s: float,
        on_taken_up: Callable[[J, int], None],
        on_delivered: Callable[[J, int], None],
    ) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._on_taken_up = on_taken_up
        self._on_delivered = on_delivered
        self._jobs: dict[str, J] = {}
        self._heap: list[tuple[float, int, J]] = []
        self._turns = itertools.count()
        self._queued: list[int] = []  # numbers of the jobs with waiting parts, in order
        self._waiting_of: Counter[str] = Counter()  # by remote id, as last counted
        self._waiting_by_user: Counter[str] = Counter()
        self._wake = asyncio.Event()
        clock.on_advance(self._wake.set)

    def __iter__(self) -> Iterator[J]:
        return iter(tuple(self._jobs.values()))

    def find(self, remote_id: str) -> J | None:
        """Return a request that is still known, as of now."""
        self.catch_up()
        return self._jobs.get(remote_id)

    def accept(self, job: J) -> None:
        """Let a request wait for its turn, as its script says."""
        self._jobs[job.remote_id] = job
        job.expires_at_s = job.accepted_at_s + self._lifetime_s
        turn_s = job.accepted_at_s + job.script.queue_s
        if job.script.outcome is Outcome.EXPIRED:
            job.expires_at_s = turn_s
        elif job.possible and not job.script.held:
            job.next_at_s = turn_s
        self._touched(job)

    def cancel(self, job: J) -> None:
        """Drop what waits of a request."""
        job.cancel(self._clock.elapsed_s())
        self._touched(job)

    def hold(self, job: J) -> None:
        """Stop time for a request; only its expiry goes on."""
        if not job.is_over:
            job.next_at_s = None
            self._touched(job)

    def release(self, job: J) -> None:
        """Let time go on for a request that was held: its next step is due now."""
        if not job.is_over:
            job.next_at_s = self._clock.elapsed_s()
            self._touched(job)

    def step(self, job: J) -> None:
        """Do the next step of a request now, and hold it again."""
        if not job.is_over:
            self._happen(job, self._clock.elapsed_s())
            self.hold(job)

    def finish(self, job: J) -> None:
        """Do all its remaining steps now."""
        while not job.is_over:
            self._happen(job, self._clock.elapsed_s())

    def forget(self) -> None:
        """Lose every request, as a server does that starts with an empty memory."""
        self._jobs.clear()
        self._heap.clear()
        self._queued.clear()
        self._waiting_of.clear()
        self._waiting_by_user.clear()

    def catch_up(self) -> None:
        """Let everything happen that is due."""
        now_s = self._clock.elapsed_s()
        while self._heap and self._heap[0][0] <= now_s:
            at_s, _, job = heapq.heappop(self._heap)
            if job.remote_id in self._jobs and self._due_s(job) == at_s:
                self._happen(job, at_s)

    async def run(self) -> None:
        """Keep current for ever."""
        while True:
            self.catch_up()
            await self._clock.until(self._heap[0][0] if self._heap else None, self._wake)

    def position(self, job: J) -> int:
        """Return the place of a request among those that wait, from 1; 0 is unknown or not queued."""
        age_s = self._clock.elapsed_s() - job.accepted_at_s
        if not job.waiting or job.faulted or age_s < POSITION_KNOWN_AFTER_S:
            return 0
        return bisect_left(self._queued, job.number) + 1

    def wait_s(self, job: J) -> float:
        """Return a rough time until the whole request is done; 0 is unknown."""
        now_s = self._clock.elapsed_s()
        if job.is_over or now_s - job.accepted_at_s < POSITION_KNOWN_AFTER_S:
            return 0.0
        step_s = max(0.0, job.next_at_s - now_s) if job.next_at_s is not None else 0.0
        return step_s + job.waiting * job.script.seconds_per_picture

    def waiting(self, account: Account | None = None) -> int:
        """Return how many parts wait, of one account or of all."""
        if account is None:
            return self._waiting_by_user.total()
        return self._waiting_by_user[account.username]

    def _due_s(self, job: J) -> float:
        return job.expires_at_s if job.next_at_s is None else min(job.next_at_s, job.expires_at_s)

    def _happen(self, job: J, at_s: float) -> None:
        if at_s >= job.expires_at_s:
            job.expire()
            del self._jobs[job.remote_id]
            self._touched(job)
            return
        delivered = job.step(at_s)
        job.expires_at_s = at_s + self._lifetime_s
        self._touched(job)
        for part in job.parts:
            if part.state is PartState.PROCESSING:
                self._on_taken_up(job, part.index)
        if delivered:
            self._on_delivered(job, delivered.index)

    def _touched(self, job: J) -> None:
        """Count a job's waiting parts anew and wake the heartbeat for its next step."""
        waiting = 0 if job.expired or job.faulted else job.waiting
        was = self._waiting_of[job.remote_id]
        self._waiting_by_user[job.account.username] += waiting - was
        self._waiting_of[job.remote_id] = waiting
        if waiting and not was:
            insort(self._queued, job.number)
        if was and not waiting:
            del self._queued[bisect_left(self._queued, job.number)]
        if waiting == 0:
            del self._waiting_of[job.remote_id]
        if not job.expired:
            heapq.heappush(self._heap, (self._due_s(job), next(self._turns), job))
            self._wake.set()
