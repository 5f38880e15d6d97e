"""Time passes for accepted requests: who is taken up, what happens next, what lapses."""

import asyncio
import heapq
import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator

from bot.sandbox.clock import Clock
from bot.sandbox.providers.aime.endpoints import Endpoint
from bot.sandbox.providers.aime.jobs import Job, JobState
from bot.sandbox.providers.aime.rules import AimeRules

Ring = Callable[[float], object]  # called with the time for which it was set


class Queue:
    """The requests that the server knows of. `run` is its heartbeat; `catch_up` makes it current.

    Endpoints have queues and workers of their own; a worker does one request at a time.
    """

    def __init__(
        self, clock: Clock, *, rules: AimeRules, endpoint_named: Callable[[str], Endpoint]
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._endpoint_named = endpoint_named
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, list[Job]] = {}  # by endpoint, in order of acceptance
        self._working: dict[str, list[Job]] = {}
        self._alarms: list[tuple[float, int, Ring]] = []
        self._turns = itertools.count()
        self._wake = asyncio.Event()
        clock.on_advance(self._wake.set)

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def find(self, remote_id: str, *, process: int) -> Job | None:
        """Return a request that this process still knows, as of now."""
        self.catch_up()
        job = self._jobs.get(remote_id)
        return job if job is not None and job.process == process else None

    def accept(self, job: Job) -> None:
        """Let a request wait for a worker."""
        self._jobs[job.remote_id] = job
        job.held = job.script.held
        job.lapses_at_s = job.accepted_at_s + job.endpoint.max_time_in_queue
        self._waiting_with(job).append(job)
        self._touched(job)
        self._at(job.ready_at_s, lambda at_s: self.give_work(job.endpoint.name, at_s))
        self.catch_up()

    def waiting(self, endpoint: str) -> int:
        """Return how many requests wait at an endpoint."""
        return len(self._waiting.get(endpoint, ()))

    def working(self, endpoint: str) -> int:
        """Return how many requests its workers are at."""
        return len(self._working.get(endpoint, ()))

    def position(self, job: Job) -> int:
        """Return a request's place among those that wait, from 1; 0 once it is taken up."""
        if job.state is not JobState.QUEUED:
            return 0
        return bisect_left(self._waiting_with(job), job.number, key=_number) + 1

    def wait_s(self, job: Job) -> float:
        """Return a rough time until a request is done."""
        now_s = self._clock.elapsed_s()
        if job.started_at_s is not None:
            return max(0.0, job.started_at_s + job.script.seconds - now_s)
        return max(0.0, job.ready_at_s - now_s) + self.position(job) * job.script.seconds

    def hold(self, job: Job) -> None:
        """Stop time for a request; only its lapse goes on."""
        job.held, job.next_at_s = True, None

    def release(self, job: Job) -> None:
        """Let time go on for a request that was held: its next step is due now."""
        job.held = False
        if job.state is JobState.PROCESSING:
            job.next_at_s = self._clock.elapsed_s()
            self._touched(job)
        self.give_work(job.endpoint.name, self._clock.elapsed_s())
        self.catch_up()

    def step(self, job: Job) -> None:
        """Do the next step of a request now, and hold it again."""
        self._step(job)
        if job.is_open:
            self.hold(job)

    def finish(self, job: Job) -> None:
        """Do all its remaining steps now."""
        while job.is_open:
            self._step(job)
        self.catch_up()

    def give_work(self, endpoint: str, at_s: float) -> None:
        """Let idle workers take up what waits, in order."""
        idle = max(0, self._endpoint_named(endpoint).workers - self.working(endpoint))
        ready = (
            job
            for job in self._waiting.get(endpoint, ())
            if job.may_start and job.ready_at_s <= at_s
        )
        for job in list(itertools.islice(ready, idle)):
            self._start(job, at_s)

    def send_workers_home(self, endpoint: str) -> None:
        """Let everything in work fall silent."""
        silent_at_s = self._clock.elapsed_s() + self._rules.silence_s
        for job in self._working.get(endpoint, ()):
            job.next_at_s = None
            job.lapses_at_s = min(job.lapses_at_s, silent_at_s)
            self._touched(job)

    def forget(self, job: Job) -> None:
        """Lose one request."""
        job.forget()
        del self._jobs[job.remote_id]
        self._leave(job, self._clock.elapsed_s())

    def catch_up(self) -> None:
        """Let everything happen that is due."""
        while self._alarms and self._alarms[0][0] <= self._clock.elapsed_s():
            at_s, _, ring = heapq.heappop(self._alarms)
            ring(at_s)

    async def wait(self, seconds: float, event: asyncio.Event) -> bool:
        """Wait for an event, but no longer than this; tell whether it came."""
        timeout = asyncio.Event()
        self._at(self._clock.elapsed_s() + seconds, lambda _: timeout.set())
        waits = [asyncio.ensure_future(each.wait()) for each in (event, timeout)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        return event.is_set()

    async def run(self) -> None:
        """Keep current for ever."""
        while True:
            self.catch_up()
            await self._clock.until(self._alarms[0][0] if self._alarms else None, self._wake)

    def _start(self, job: Job, at_s: float) -> None:
        self._waiting_with(job).remove(job)
        self._working_with(job).append(job)
        job.start(at_s, self._rules)
        self._touched(job)

    def _step(self, job: Job) -> None:
        now_s = self._clock.elapsed_s()
        if job.state is JobState.QUEUED:
            self._start(job, now_s)
        else:
            self._work(job, now_s)

    def _work(self, job: Job, at_s: float) -> None:
        job.work(at_s, self._rules)
        if not job.is_open:
            self._leave(job, at_s)
        self._touched(job)

    def _leave(self, job: Job, at_s: float) -> None:
        """Make room for another request."""
        for place in (self._waiting_with(job), self._working_with(job)):
            if job in place:
                place.remove(job)
        self.give_work(job.endpoint.name, at_s)

    def _touched(self, job: Job) -> None:
        """Have a job looked at when it is due next."""
        next_at_s = math.inf if job.next_at_s is None else job.next_at_s
        due_s = min(next_at_s, job.lapses_at_s, job.forgotten_at_s)
        if due_s < math.inf:
            self._at(due_s, lambda at_s: self._look(job, at_s))

    def _look(self, job: Job, at_s: float) -> None:
        """Do what is due; an alarm that was overtaken by events finds nothing."""
        if job.state is JobState.FORGOTTEN:
            return
        if at_s >= job.forgotten_at_s:
            self.forget(job)
        elif at_s >= job.lapses_at_s:
            job.lapse(at_s, self._rules)
            self._leave(job, at_s)
            self._touched(job)
        elif job.next_at_s is not None and at_s >= job.next_at_s:
            self._work(job, at_s)

    def _at(self, at_s: float, ring: Ring) -> None:
        heapq.heappush(self._alarms, (at_s, next(self._turns), ring))
        self._wake.set()

    def _waiting_with(self, job: Job) -> list[Job]:
        return self._waiting.setdefault(job.endpoint.name, [])

    def _working_with(self, job: Job) -> list[Job]:
        return self._working.setdefault(job.endpoint.name, [])


def _number(job: Job) -> int:
    return job.number
