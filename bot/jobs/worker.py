"""One job, one step at a time: a re-entrant state machine over durable facts.

Whoever calls `advance` (`bot.jobs.dispatch`) decides only who and when. Every write carries the
job's epoch, so a worker that was superseded changes nothing.
"""

import logging
import os
from collections import Counter
from datetime import datetime
from typing import assert_never

from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import WORKING, FailureKind, Job, JobId, JobState
from bot.jobs.delivering import Delivering
from bot.jobs.running import OVERDUE_SENTENCE, Running
from bot.jobs.steps import Superseded, end, fail, later
from bot.jobs.submitting import Submitting
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

STORAGE_RETRY_S = 5.0
SURPRISES_MAX = 3


class Worker:
    """Advance jobs; holds nothing that a restart would miss."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._running = Running(tools)
        self._submitting = Submitting(tools, self._running)
        self._delivering = Delivering(tools)
        self._epochs: dict[JobId, int] = {}
        self._surprises: Counter[JobId] = Counter()

    async def advance(self, job_id: JobId) -> datetime | None:
        """Take a job as far as it goes now; return when to come again, None when never.

        Never raises: what goes wrong is logged, tried again later, and in the end told to the
        member with everything given back.
        """
        try:
            again = await self._advance(job_id)
        except Superseded:
            log.info("superseded", extra={"job": job_id})
            again = None
        except StorageUnavailable as error:
            log.error("store unavailable", extra={"job": job_id, "why": str(error)})  # noqa: TRY400 — a known fault needs no traceback
            return later(self._tools, 1, at_least_s=STORAGE_RETRY_S)
        except Exception:
            log.exception("a step broke", extra={"job": job_id})
            self._surprises[job_id] += 1
            return later(self._tools, self._surprises[job_id])
        if again is None:
            self._forget(job_id)
        return again

    async def _advance(self, job_id: JobId) -> datetime | None:
        job = await self._tools.database.read(lambda tx: tx.jobs.get(job_id))
        if job is None or self._epochs.setdefault(job_id, job.epoch) != job.epoch:
            return None  # unknown, or taken over by another process
        while job.is_open:
            self._tools.seats.see(job)
            outcome = await self._step(job)
            if isinstance(outcome, datetime):
                return outcome
            job = outcome
        return None

    async def _step(self, job: Job) -> Job | datetime:
        if self._surprises[job.id] >= SURPRISES_MAX and job.state is not JobState.DELIVERED:
            return await self._give_up(job)
        match job.state:
            case JobState.ACCEPTED | JobState.SUBMITTING | JobState.RUNNING:
                return await self._work(job)
            case JobState.COLLECTED:
                return await self._delivering.deliver(job)
            case JobState.DELIVERED:
                return await self._delivering.clean_up(job)
            case JobState.FAILED | JobState.CANCELLED | JobState.EXPIRED:
                return await self._delivering.tell(job)
            case JobState.DONE:
                raise AssertionError(job.state)  # not open, so never here
            case _:
                assert_never(job.state)

    async def _work(self, job: Job) -> Job | datetime:
        if job.provider not in self._tools.providers:
            return await self._submitting.orphaned(job)
        if job.state is JobState.SUBMITTING:
            return await self._submitting.unsure(job)
        if job.cancel_asked_at is not None:
            return await self._cancel(job)
        if job.state is JobState.RUNNING:
            return await self._running.look(job)
        if self._tools.schedule.is_overdue(job.created_at, now=self._tools.clock.now()):
            return await self._expire(job)
        return await self._submitting.accepted(job)

    async def _cancel(self, job: Job) -> Job:
        if job.remote is not None:
            return await self._running.cancel(job)
        return await end(self._tools, job, JobState.CANCELLED, "")

    async def _expire(self, job: Job) -> Job:
        if job.remote is not None:
            return await self._running.give_up(job, OVERDUE_SENTENCE)
        return await end(self._tools, job, JobState.EXPIRED, OVERDUE_SENTENCE)

    async def _give_up(self, job: Job) -> Job | datetime:
        """End a job that broke our own code again and again; say so with a number to report."""
        if job.state not in WORKING:
            now = self._tools.clock.now()
            await self._tools.database.write(
                lambda tx: tx.jobs.mark_told(job.id, epoch=job.epoch, at=now)
            )
            return job.evolve(told_at=now)
        incident = os.urandom(4).hex()
        log.error("job given up", extra={"job": job.id, "incident": incident})
        self._surprises.pop(job.id, None)
        sentence = f"Something broke on our side. If you report it, name incident {incident}."
        return await fail(self._tools, job, FailureKind.OURS, sentence)

    def _forget(self, job_id: JobId) -> None:
        self._submitting.forget(job_id)
        self._running.forget(job_id)
        self._delivering.forget(job_id)
        self._surprises.pop(job_id, None)
        self._epochs.pop(job_id, None)
        self._tools.hearsay.forget(job_id)
        self._tools.seats.leave(job_id)
