"""From running to collected: look, fetch what is there, keep it before anything else."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import ProtocolBroken, ProviderError, RateLimited, Transient
from bot.domain.jobs import (
    Failure,
    FailureKind,
    Job,
    JobId,
    JobState,
    Progress,
    ProviderCost,
)
from bot.jobs.announced import Announced
from bot.jobs.answers import AnswerBook
from bot.jobs.fetching import Fetching
from bot.jobs.gathering import Gathering, of_another_size
from bot.jobs.looks import Looks, jitter
from bot.jobs.progressing import believable, differs, progress_of
from bot.jobs.steps import Superseded, close, end, later, save, tell_trouble
from bot.jobs.tools import Tools
from bot.providers.base import Ended, Ending, Finished, Item, Working

log = logging.getLogger(__name__)

FAILED_LOOKS_MIN = 3  # before a late job is given up unseen: a start may come before the network
STALLED_LOOKS_MAX, STALLED_MAX = 3, timedelta(seconds=30)
PROGRESS_KEPT_EVERY = timedelta(seconds=10)

NOTHING_CAME = "The provider finished without a single result."
ALL_WITHHELD = "The provider's content filter withheld everything."
OVERDUE_SENTENCE = "It took too long, so it was given up."
STALLED_SENTENCE = "The provider says that this is over, and shows nothing of it."
OTHER_SIZE_NOTE = "{count} came in another size than the provider says."
UNREADABLE_NOTE = "{count} could not be read and cost nothing."


@dataclass(slots=True)
class _Memory:
    """What is remembered of a job from look to look; a start goes on without it."""

    failed_looks: int = 0
    next_look: datetime | None = None
    collected_at: datetime | None = None
    progress: Progress | None = None
    progress_kept_at: datetime | None = None
    is_misled: bool = False
    stopped_since: datetime | None = None
    stopped_looks: int = 0


class Running:
    """The steps of a job that a provider has accepted."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        fetching = Fetching(tools)
        self._announced = Announced(tools, fetching)
        self._gathering = Gathering(fetching, self._announced)
        self._answers = AnswerBook(tools.database, tools.blobs)
        self._looks = {name: Looks(one.limits) for name, one in tools.providers.items()}
        self._memory: defaultdict[JobId, _Memory] = defaultdict(_Memory)

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job that is past these steps."""
        self._announced.drop(job_id)
        self._answers.forget(job_id)
        for looks in self._looks.values():
            looks.forget(job_id)
        self._memory.pop(job_id, None)
        self._gathering.forget(job_id)

    async def look(self, job: Job) -> Job | datetime:
        """Show what was called back; ask the provider once, if it is time, and act on that."""
        job = job.evolve(progress=self._memory[job.id].progress or job.progress)
        looks = self._looks[job.provider]
        looks.watch(job.id)
        rests_until = await self._hear(job)
        if rests_until is None and not self._is_late(job):
            rests_until = looks.begins_at(job, now=self._tools.clock.now())
        if rests_until is not None:
            return rests_until
        with looks.looking():
            return await self._asked(job)

    async def _asked(self, job: Job) -> Job | datetime:
        assert job.remote is not None
        provider = self._tools.providers[job.provider]
        try:
            seen = await provider.poll(
                job.remote,
                key=await self._tools.keys.of(job),
                expects_end=self._may_list(job),
                once=self._answers.of(job.id),
            )
        except (Transient, ProtocolBroken) as error:
            return await self._failed(job, error)
        except ProviderError as error:
            return await self._over(job, JobState.FAILED, FailureKind.BACKEND, str(error))
        self._memory[job.id].failed_looks = 0
        match seen:
            case Working():
                return await self._working(job, believable(seen))
            case Finished():
                return await self._finished(job, seen)
            case Ended():
                return await self._ended(job, seen)

    async def _hear(self, job: Job) -> datetime | None:
        """Show what was called back; return when to look, None when it is time to ask now."""
        gathers_until = self._announced.gathers_until(job, now=self._tools.clock.now())
        if gathers_until is not None:
            return gathers_until
        has_news = await self._announced.hear(job)
        if has_news:
            self._tools.notifier.show(self._announced.on_card(job))
        return self._rests_until(job, has_news=has_news)

    async def bring(self, job: Job, finished: Finished) -> Job:
        """Store what came with the answer to a submit; its rows are written with the caller's move."""
        return await self._gathering.bring(job, finished)

    async def take(self, job: Job, finished: Finished) -> Job | datetime:
        """Go on with the answer to a submit that brought the whole result, or the rest of it."""
        return await self._finished(job, finished)

    async def cancel(self, job: Job) -> Job:
        """Stop a running job; what was shown already stays and is paid for."""
        job = await self._settled(job)
        await self._stop(job)
        return await end(self._tools, job, JobState.CANCELLED, "")

    async def give_up(self, job: Job, sentence: str) -> Job:
        """Stop a job that ran too long; what came is delivered."""
        job = await self._settled(job)
        await self._stop(job)
        return await self._over(job, JobState.EXPIRED, FailureKind.TIMEOUT, sentence)

    async def abandon(self, job: Job, sentence: str) -> Job:
        """End a job that nobody can be asked about any more; what came is delivered."""
        return await self._over(job, JobState.FAILED, FailureKind.BACKEND, sentence)

    async def _stop(self, job: Job) -> None:
        assert job.remote is not None
        provider = self._tools.providers[job.provider]
        try:
            await provider.cancel(job.remote, key=await self._tools.keys.of(job))
        except ProviderError as error:
            # The member is let go all the same: nothing of it will be posted any more.
            log.warning("provider did not cancel", extra={"job": job.id, "why": str(error)})

    async def _over(self, job: Job, state: JobState, kind: FailureKind, reason: str) -> Job:
        """End a job that gets nothing more: deliver what came, or close it with the reason."""
        self.forget(job.id)
        if job.came:
            return await self._collected(job, notes=(reason,))
        failure = Failure(kind=kind, sentence=reason)
        ended = job.to(state, at=self._tools.clock.now(), failure=failure)
        return await close(self._tools, job, ended)

    async def _collected(self, job: Job, *, notes: tuple[str, ...], held: Job | None = None) -> Job:
        """Write the move, and in the same transaction what `held` knows more than the store."""
        held = held or job
        now = self._tools.clock.now()
        collected = held.to(JobState.COLLECTED, at=now, notes=held.notes + notes)
        return await save(self._tools, job, collected)

    async def _failed(self, job: Job, error: Transient | ProtocolBroken) -> Job | datetime:
        memory = self._memory[job.id]
        memory.failed_looks += 1
        failures = memory.failed_looks
        log.info("cannot look", extra={"job": job.id, "failures": failures, "why": str(error)})
        if failures >= FAILED_LOOKS_MIN and self._is_late(job):
            return await self.give_up(job, OVERDUE_SENTENCE)
        if failures >= self._tools.schedule.reads_failed_max:
            return await self._over(job, JobState.FAILED, FailureKind.OVERLOADED, str(error))
        tell_trouble(self._tools, job, error, failures=failures)
        now = self._tools.clock.now()
        wait_s = error.retry_after_s if isinstance(error, Transient) else None
        at = self._tools.schedule.retry_look(
            failures, now=now, created_at=job.created_at, at_least_s=wait_s
        )
        if isinstance(error, RateLimited):
            self._looks[job.provider].shut(job, at, now=now)
        return at

    async def _working(self, job: Job, seen: Working) -> Job | datetime:
        tools, now = self._tools, self._tools.clock.now()
        if self._announced.is_complete(job):
            self._memory[job.id].is_misled = True
        if seen.items is not None:
            job = await self._kept(job, seen.items)
        shown = self._announced.on_card(job)
        if seen.finished > shown.came + job.withheld and self._may_collect(job, now):
            job = await self._kept(job, await self._collected_so_far(job))
        if self._is_late(job):
            return await self.give_up(job, OVERDUE_SENTENCE)
        if seen.has_stopped and self._has_stalled(job):
            return await self._over(job, JobState.FAILED, FailureKind.LOST, STALLED_SENTENCE)
        shown = self._announced.on_card(job)
        progress = progress_of(seen, now=now, shown=shown.came).after(job.progress)
        await self._keep_progress(job, progress.stored, now=now)
        job = job.evolve(progress=progress)
        tools.notifier.show(self._announced.on_card(job))
        next_look = self._next_look(job, seen, now=now)
        self._memory[job.id].next_look = next_look
        return next_look

    def _is_late(self, job: Job) -> bool:
        """Tell whether a running job has had its time: asked after a look, for it may be over."""
        schedule, now = self._tools.schedule, self._tools.clock.now()
        patience_s = self._tools.providers[job.provider].limits.patience_s
        if patience_s is not None and now - job.changed_at > timedelta(seconds=patience_s):
            return True
        return schedule.is_overdue(job.created_at, now=now)

    def _has_stalled(self, job: Job) -> bool:
        """Count a look at a job that is said to be over and shows nothing; True when it is lost."""
        memory, now = self._memory[job.id], self._tools.clock.now()
        since, looks = memory.stopped_since or now, memory.stopped_looks
        memory.stopped_since, memory.stopped_looks = since, looks + 1
        return looks >= STALLED_LOOKS_MAX and now - since >= STALLED_MAX

    async def _keep_progress(self, job: Job, progress: Progress, *, now: datetime) -> None:
        """Remember how far a job is, and every few seconds have the store remember it too.

        A start asks the provider at once, so all that is lost with a process is a glance.
        """
        if job.progress is not None and not differs(progress, job.progress.stored):
            return
        memory = self._memory[job.id]
        memory.progress = progress
        assert job.remote is not None
        if now - (memory.progress_kept_at or job.remote.submitted_at) < PROGRESS_KEPT_EVERY:
            return
        memory.progress_kept_at = now
        if not await self._tools.database.write(
            lambda tx: tx.jobs.note_progress(job.id, epoch=job.epoch, progress=progress)
        ):
            raise Superseded

    def _next_look(self, job: Job, seen: Working, *, now: datetime) -> datetime:
        limits, schedule = self._tools.providers[job.provider].limits, self._tools.schedule
        watched = self._looks[job.provider].watched
        if self._is_called_back(job):
            return schedule.next_slow_poll(
                seen, limits=limits, now=now, watched=watched, jitter=jitter(job.id)
            )
        return schedule.next_poll(
            seen,
            limits=limits,
            now=now,
            since=job.changed_at,
            watched=watched,
            jitter=jitter(job.id),
        )

    def _is_called_back(self, job: Job) -> bool:
        """Tell whether callbacks may be waited for; not once they said more than was true."""
        is_misled = self._memory[job.id].is_misled
        return job.remote is not None and job.remote.has_callback and not is_misled

    def _rests_until(self, job: Job, *, has_news: bool) -> datetime | None:
        """Return when to ask, if that is not now.

        News of one picture among several move nothing. A job that was sent a moment ago is not
        asked about yet: the first answer would know neither place nor time.
        """
        assert job.remote is not None
        if self._announced.is_complete(job):
            return None
        now = self._tools.clock.now()
        moment = self._tools.schedule.first_poll(job.remote.submitted_at, now=now)
        if has_news:
            moment = self._memory[job.id].next_look or moment
        return moment if moment > now else None

    def _may_list(self, job: Job) -> bool:
        """Tell whether to ask for the results themselves, within the provider's limit on that.

        When all is announced, they decide; and what is on the card since the last look should
        not stay there for long without being listed.
        """
        memory, now = self._memory[job.id], self._tools.clock.now()
        is_late = memory.next_look is not None and self._announced.is_on_card(job)
        if not (self._announced.is_complete(job) or is_late) or not self._may_collect(job, now):
            return False
        memory.collected_at = now
        return True

    def _may_collect(self, job: Job, now: datetime) -> bool:
        gap = timedelta(seconds=self._tools.providers[job.provider].limits.collect_gap_s)
        last = self._memory[job.id].collected_at
        return last is None or now - last >= gap

    async def _collected_so_far(self, job: Job) -> tuple[Item, ...] | None:
        """List what is there already; a failure costs nothing, the end lists everything."""
        assert job.remote is not None
        provider = self._tools.providers[job.provider]
        self._memory[job.id].collected_at = self._tools.clock.now()
        try:
            return await provider.collect(job.remote, key=await self._tools.keys.of(job))
        except ProviderError as error:
            log.info("cannot collect yet", extra={"job": job.id, "why": str(error)})
            return None

    async def _kept(self, job: Job, items: Sequence[Item] | None) -> Job:
        """Keep what a running job's provider lists and drop what was only announced."""
        if items is None:
            return job
        held, _ = await self._gathering.held(job, items)
        self._announced.drop(job.id)
        return await self._saved(job, held)

    async def _saved(self, job: Job, held: Job) -> Job:
        return job if held == job else await save(self._tools, job, held)

    async def _settled(self, job: Job) -> Job:
        """Make sure of what was only announced before a job is stopped: it may be paid for."""
        if not self._announced.is_on_card(job):
            return job
        items = await self._collected_so_far(job)
        return await self._kept(job, items or ())

    async def _finished(self, job: Job, seen: Finished) -> Job | datetime:
        tools = self._tools
        held, missing = await self._gathering.held(job, seen.items)
        self._announced.drop(job.id)
        if failures := self._gathering.failures(job, missing):
            await self._saved(job, held)
            return later(tools, failures)
        held = _costed(held, seen, tools)
        if not held.came:
            kind = FailureKind.CONTENT if held.withheld else FailureKind.BACKEND
            reason = ALL_WITHHELD if held.withheld else NOTHING_CAME
            job = await self._saved(job, held)
            return await self._over(job, JobState.FAILED, kind, reason)
        notes = seen.notes
        if missing:
            notes += (UNREADABLE_NOTE.format(count=len(missing)),)
        if strange := of_another_size(held, seen.items):
            notes += (OTHER_SIZE_NOTE.format(count=strange),)
        collected = await self._collected(job, held=held, notes=notes)
        self.forget(job.id)
        return collected

    async def _ended(self, job: Job, seen: Ended) -> Job:
        match seen.how:
            case Ending.EXPIRED:
                return await self._over(job, JobState.EXPIRED, FailureKind.TIMEOUT, seen.reason)
            case Ending.LOST:
                return await self._over(job, JobState.FAILED, FailureKind.LOST, seen.reason)
            case Ending.REFUSED:
                return await self._over(job, JobState.FAILED, FailureKind.CONTENT, seen.reason)
            case Ending.FAILED:
                return await self._over(job, JobState.FAILED, FailureKind.BACKEND, seen.reason)


def _costed(job: Job, seen: Finished, tools: Tools) -> Job:
    """Note what the provider took for a job; where it does not say, an estimate stays."""
    if seen.cost is None:
        return job
    cost = ProviderCost(amount=seen.cost, unit=tools.providers[job.provider].unit)
    log.info("provider took", extra={"job": job.id, "cost": cost.amount, "unit": cost.unit})
    return job.evolve(provider_cost=cost)
