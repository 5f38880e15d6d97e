"""What becomes of a submit that nobody took: tried again later, given to the second choice, or failed."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.errors import (
    ContentRefused,
    InVain,
    KeyBusy,
    KeyRejected,
    Permanent,
    RateLimited,
    ShutOut,
    Transient,
    UserError,
)
from bot.domain.jobs import FailureKind, Job, JobId, JobState
from bot.jobs.failover import is_second_open, is_time, may_take_over, take_over
from bot.jobs.looks import jitter
from bot.jobs.schedule import LINE_LOOKS_PER_S_MAX
from bot.jobs.steps import begin_running, fail, later, save, tell_trouble
from bot.jobs.tools import Tools
from bot.jobs.unsure import Unsure

log = logging.getLogger(__name__)


class Refusals:
    """Count how often a job was refused, and decide; `forget` lets go of a job that moves on."""

    def __init__(self, tools: Tools, unsure: Unsure, *, forget: Callable[[JobId], None]) -> None:
        self._tools = tools
        self._unsure = unsure
        self._forget = forget
        self._count: Counter[JobId] = Counter()
        self._rests_until: dict[JobId, datetime] = {}

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job."""
        self._count.pop(job_id, None)
        self._rests_until.pop(job_id, None)

    def rests_until(self, job: Job) -> datetime | None:
        """Return until when a job stays out of the line; None when it may stand in it."""
        until = self._rests_until.get(job.id)
        return until if until is not None and self._tools.clock.now() < until else None

    async def passing(self, job: Job, error: Transient) -> Job | datetime:
        """Withdraw the intent: the provider took nothing; try again later, but not for ever."""
        tools, now = self._tools, self._tools.clock.now()
        log.info("submit refused", extra={"job": job.id, "why": str(error)})
        self._count[job.id] += 1
        moment = later(tools, self._count[job.id], at_least_s=error.retry_after_s)
        self._tell_others(job, error, until=moment)
        is_too_late = tools.schedule.is_too_late(job.created_at, begins_at=moment)
        is_last = is_too_late or self._count[job.id] >= tools.schedule.submits_max
        if may_take_over(tools, job):
            is_slow = is_time(error, refusals=self._count[job.id])
            if is_last or (is_slow and is_second_open(tools, job)):
                return await self.elsewhere(job, str(error))
        if is_last:
            return await self.final(job, FailureKind.OVERLOADED, str(error))
        # A refused submit is no attempt: `attempt` counts those that may have arrived.
        withdrawn = job.to(JobState.ACCEPTED, at=now, attempt=job.attempt - 1)
        await save(tools, job, withdrawn)
        tell_trouble(tools, withdrawn, error, failures=self._count[job.id])
        self._rest(job, moment)
        return moment

    def _tell_others(self, job: Job, error: Transient, *, until: datetime) -> None:
        """Let others know: a provider that names a limit is well, and takes nobody for a while."""
        health, limits = self._tools.health, self._tools.providers[job.provider].limits
        if not isinstance(error, RateLimited):
            health.failed(job, str(error))
            return
        health.worked(job)
        paces = self._tools.turns[job.provider].paces
        is_keys = limits.by_key or isinstance(error, KeyBusy)
        if isinstance(error, ShutOut):
            health.shut_out(job.provider, str(error), until=until)
        if is_keys and not isinstance(error, ShutOut):
            paces.shut_key(job.key_owner, until, now=self._tools.clock.now(), why=str(error))
        else:
            paces.shut(until, why=str(error))

    async def for_good(self, job: Job, error: Permanent | UserError) -> Job:
        """End a job that would be refused again here, or let the second choice have it.

        What is the member's to mend is nobody else's to try, nor what was done already, in vain.
        """
        is_theirs = isinstance(error, Permanent) and not isinstance(error, InVain)
        if is_theirs and may_take_over(self._tools, job):
            return await self.elsewhere(job, str(error))
        return await self.final(job, _kind(error), str(error))

    async def blocked(self, job: Job, until: datetime) -> Job | datetime:
        """Let a job wait, not for ever, while its provider is left alone."""
        tools = self._tools
        why = tools.health.why_down(job.provider, job.key_owner)
        self._count[job.id] += 1
        is_last = self._count[job.id] >= tools.schedule.submits_max
        if may_take_over(tools, job) and (is_last or is_second_open(tools, job)):
            return await self.elsewhere(job, why)
        if is_last:
            return await self.final(job, FailureKind.OVERLOADED, why)
        wait_s = (until - tools.clock.now()).total_seconds()
        error = Transient(why, provider=job.provider, retry_after_s=wait_s)
        tell_trouble(tools, job, error, failures=self._count[job.id])
        self._rest(job, until)
        return until

    async def shut_out(self, job: Job) -> Job | datetime | None:
        """Tell a job in line that its provider takes nothing for a while; end it where that is too long.

        None when the door is open, and it only waits for its turn.
        """
        tools, now = self._tools, self._tools.clock.now()
        turns = tools.turns[job.provider]
        opens_at = turns.paces.opens_at(job.key_owner, now)
        why = turns.paces.why_shut(job.key_owner, now)
        if opens_at <= now:
            return None
        if tools.schedule.is_too_late(job.created_at, begins_at=opens_at):
            if may_take_over(tools, job):  # better somebody who may be down than nobody
                return await self.elsewhere(job, why)
            return await self.final(job, FailureKind.OVERLOADED, why)
        wait_s = (opens_at - now).total_seconds()
        error = Transient(why, provider=job.provider, retry_after_s=wait_s)
        tell_trouble(tools, job, error, failures=0)
        apart_s = jitter(job.id) * turns.waiting / LINE_LOOKS_PER_S_MAX  # its turn wakes it earlier
        return opens_at + timedelta(seconds=apart_s)

    async def final(self, job: Job, kind: FailureKind, sentence: str) -> Job:
        """Fail a job; what earlier parts of it became is delivered."""
        try:
            key = await self._tools.keys.of(job)
            remote = None if job.remote is None else await self._unsure.found(job, key=key)
        except Transient:
            remote = None
        if remote is None:
            return await fail(self._tools, job, kind, sentence)
        running = await begin_running(self._tools, job, remote, note=sentence)
        self._forget(job.id)
        return running

    async def elsewhere(self, job: Job, why: str) -> Job:
        """Let the second choice have a job."""
        self._forget(job.id)
        return await take_over(self._tools, job, why)

    def _rest(self, job: Job, until: datetime) -> None:
        """Keep a job out of the line for a while; another one of its member may go meanwhile."""
        self._rests_until[job.id] = until
        if job.remote is None:
            self._tools.seats.leave(job.id)


def _kind(error: UserError | Permanent) -> FailureKind:
    match error:
        case ContentRefused():
            return FailureKind.CONTENT
        case KeyRejected():
            return FailureKind.KEY
        case UserError():
            return FailureKind.INVALID
        case _:
            return FailureKind.BACKEND
