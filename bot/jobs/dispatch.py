"""Who runs a job's next step, and when: an interface, and the engine for one process.

The tables are the truth. An engine only calls `advance(job_id)`, a re-entrant step of the state
machine that answers when to come again, or None when nothing is left to do.
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.jobs import JobId

log = logging.getLogger(__name__)

STEPS_AT_ONCE_MAX = 1024  # a last edit that waits for room in its channel holds one
JOBS_MAX = 10_000  # taken in at once; about 10 MB of memory

Advance = Callable[[JobId], Awaitable[datetime | None]]


class Dispatch(Protocol):
    """Decide who runs `advance` for a job; at most one at a time for each job."""

    def wake(self, job_id: JobId, *, at: datetime | None = None) -> None:
        """Have a job advanced at a moment, or as soon as possible."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether there is more work than may be taken in."""
        ...


class LocalDispatch:
    """Run every job in this process: one heap of moments, no task for a job that waits."""

    def __init__(self, advance: Advance, *, clock: Clock) -> None:
        self._advance = advance
        self._clock = clock
        self._due: dict[JobId, datetime] = {}
        self._heap: list[tuple[datetime, int, JobId]] = []
        self._tie = itertools.count()
        self._busy: set[JobId] = set()
        self._changed = asyncio.Event()
        self._stopping = False
        self._steps: set[asyncio.Task[None]] = set()

    def wake(self, job_id: JobId, *, at: datetime | None = None) -> None:
        """Have a job advanced at a moment, or as soon as possible; the earliest moment counts."""
        moment = at or self._clock.now()
        known = self._due.get(job_id)
        if known is None or moment < known:
            self._due[job_id] = moment
            heapq.heappush(self._heap, (moment, next(self._tie), job_id))
            self._changed.set()

    @property
    def is_full(self) -> bool:
        """Whether there is more work than may be taken in."""
        return len(self._due) + len(self._busy) >= JOBS_MAX

    def knows(self, job_id: JobId) -> bool:
        """Tell whether a job waits here or is being advanced."""
        return job_id in self._due or job_id in self._busy

    async def run(self) -> None:
        """Advance jobs as they fall due, until `drain` is called."""
        while not self._stopping:
            self._changed.clear()
            pause_s = self._start_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()

    async def drain(self, *, timeout_s: float) -> None:
        """Start nothing more and let what runs come to its end, for so long; then hand over.

        A step cut off here is taken up again at the next start: every durable fact is written.
        """
        self._stopping = True
        self._changed.set()
        if not self._steps:
            return
        _, late = await asyncio.wait(self._steps, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _start_due(self) -> float | None:
        """Start what is due; return the seconds until the next moment, None when there is none."""
        while self._heap and not self._stopping:
            moment, _, job_id = self._heap[0]
            if self._due.get(job_id) != moment:
                heapq.heappop(self._heap)  # an earlier moment took its place
                continue
            wait_s = (moment - self._clock.now()).total_seconds()
            if wait_s > 0:
                return wait_s
            if job_id in self._busy:
                heapq.heappop(self._heap)  # `_step` looks at `_due` again when it ends
                continue
            if len(self._busy) >= STEPS_AT_ONCE_MAX:
                return None  # the end of any step sets `_changed`
            heapq.heappop(self._heap)
            del self._due[job_id]
            self._start(job_id)
        return None

    def _start(self, job_id: JobId) -> None:
        self._busy.add(job_id)
        task = asyncio.create_task(self._step(job_id), name=f"job {job_id}")
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)

    async def _step(self, job_id: JobId) -> None:
        again: datetime | None = None
        try:
            again = await self._advance(job_id)
        finally:
            self._busy.discard(job_id)
            called = self._due.pop(job_id, None)
            moments = [moment for moment in (again, called) if moment is not None]
            if moments:
                self.wake(job_id, at=min(moments))
            self._changed.set()
