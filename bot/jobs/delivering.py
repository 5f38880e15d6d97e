"""From collected to done: the last edit, the money, the cleaning up; and telling of other ends."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.credits import share
from bot.domain.errors import CardDelayed, CardLost, FilesRefused
from bot.domain.jobs import Failure, FailureKind, Job, JobId, JobState
from bot.jobs.steps import close, fail, later, save
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)  # with a Discord that refuses a card and does not call it lost
PATIENCE_OF_A_START = timedelta(hours=1)  # which may come days after the last try
DELAYS_COUNTED_MAX = 4  # eight intervals: a card should not wait for long once Discord is back


@dataclass(slots=True)
class _Delays:
    """How often a card was refused in a row, and since when; a start counts anew."""

    since: datetime
    count: int = 0


class Delivering:
    """The steps of a job whose outcome is known and has to reach its card."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._delays: dict[JobId, _Delays] = {}

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job whose card has its last state."""
        self._delays.pop(job_id, None)

    def _later(self, job: Job, error: CardDelayed) -> datetime | None:
        """Come again soon, and less often while Discord stays away; None when that is too long."""
        now = self._tools.clock.now()
        delays = self._delays.setdefault(job.id, _Delays(since=now))
        if now - job.changed_at > PATIENCE and now - delays.since > PATIENCE_OF_A_START:
            return None
        delays.count += 1
        failures = min(delays.count, DELAYS_COUNTED_MAX)
        return later(self._tools, failures, at_least_s=error.retry_after_s)

    async def deliver(self, job: Job) -> Job | datetime:
        """Put the pictures on the card, then write that it happened and take the credits.

        The edit comes first and may be repeated after a crash: it is the same edit. The charge
        comes with the write, once.
        """
        tools = self._tools
        charged = share(job.price, delivered=job.came, asked=job.request.count)
        expected = job.to(JobState.DELIVERED, at=tools.clock.now(), charged=charged)
        try:
            await tools.notifier.finish(expected)
        except CardDelayed as error:
            return self._later(job, error) or await self._undeliverable(job, str(error))
        except FilesRefused as error:
            log.warning("files refused", extra={"job": job.id, "why": str(error)})
            return await fail(tools, job, FailureKind.UNDELIVERABLE, str(error))
        except CardLost as error:
            log.warning("card lost", extra={"job": job.id, "why": str(error)})
            return await self._undeliverable(job, str(error))
        log.info("job delivered", extra={"job": job.id, "results": job.came})
        now = tools.clock.now()
        delivered = job.to(JobState.DELIVERED, at=now, charged=charged)
        done = delivered.to(JobState.DONE, at=now, told_at=now)
        return await close(tools, job, delivered, done)

    async def _undeliverable(self, job: Job, sentence: str) -> Job:
        """End a job without a card: all credits back, nobody left to tell, the pictures kept.

        They stay for as long as any others, and `/jobs` shows them to their owner.
        """
        now = self._tools.clock.now()
        failure = Failure(kind=FailureKind.UNDELIVERABLE, sentence=sentence)
        ended = job.to(JobState.FAILED, at=now, failure=failure, told_at=now)
        return await close(self._tools, job, ended)

    async def clean_up(self, job: Job) -> Job:
        """Close a job that an earlier release left delivered; today both moves are one write."""
        now = self._tools.clock.now()
        return await save(self._tools, job, job.to(JobState.DONE, at=now, told_at=now))

    async def tell(self, job: Job) -> Job | datetime:
        """Bring the card of a job that ended without delivery up to date, once it is possible."""
        tools = self._tools
        # Of a failure no result is shown: its credits went back, and files may be why it failed.
        shown = job.evolve(pictures=(), passages=()) if job.state is JobState.FAILED else job
        try:
            await tools.notifier.finish(shown)
        except CardDelayed as error:
            again = self._later(job, error)
            if again is not None:
                return again
            log.warning("nobody could be told", extra={"job": job.id, "why": str(error)})
        except CardLost as error:
            log.info("nobody to tell", extra={"job": job.id, "why": str(error)})
        now = tools.clock.now()
        await tools.database.write(lambda tx: tx.jobs.mark_told(job.id, epoch=job.epoch, at=now))
        return job.evolve(told_at=now)
