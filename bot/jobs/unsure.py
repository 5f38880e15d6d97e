"""What becomes of a submit that may or may not have arrived: looked for, sent again, or given up."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain.errors import ProviderError, Transient
from bot.domain.jobs import FailureKind, Job, JobId, JobState, Remote
from bot.jobs.steps import begin_running, end, fail, later, save, tell_trouble
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

ATTEMPTS_WHEN_UNSURE_MAX = 2
UNSURE_SENTENCE = (
    "The connection broke while the request was being sent, and it could not be found again. "
    "It may have been lost."
)
LOST_IN_CALL_SENTENCE = (
    "The connection broke while the picture was being drawn. It may have been drawn all the same, "
    "but it cannot be asked for again."
)
LOST_PART_NOTE = "The connection broke during one of the pictures: it is lost."


class Unsure:
    """The step of a job whose submit was not answered."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._since: dict[JobId, datetime] = {}
        self._failed_looks: Counter[JobId] = Counter()

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job that is past this step."""
        self._since.pop(job_id, None)
        self._failed_looks.pop(job_id, None)

    def begins(self, job: Job) -> None:
        """Note that a submit was sent just now, and nobody knows whether it arrived."""
        self._since[job.id] = self._tools.clock.now()

    async def decide(self, job: Job) -> Job | datetime:
        """Look for a submit, then decide by policy; return the job as it goes on, or when to look."""
        tools = self._tools
        since = self._since.setdefault(job.id, tools.clock.now())
        key = await tools.keys.of(job)
        try:
            remote = self._called_back(job) or await self.found(job, key=key)
        except Transient as error:
            return await self._not_looked(job, error)
        if remote is not None and remote != job.remote:
            return await begin_running(tools, job, remote)
        return await self._not_found(job, key=key, since=since, earlier=remote)

    async def found(self, job: Job, *, key: SecretStr) -> Remote | None:
        """Look for what became of a job at its provider; `Transient` when that cannot be told now."""
        tools = self._tools
        known = await tools.database.read(lambda tx: tx.jobs.remote_ids(job.provider))
        try:
            return await tools.providers[job.provider].find(
                job.request, key=key, known=known, now=tools.clock.now(), so_far=job.remote
            )
        except Transient:
            raise
        except ProviderError as error:
            log.warning("cannot look for a submit", extra={"job": job.id, "why": str(error)})
            return None

    async def _not_found(
        self, job: Job, *, key: SecretStr, since: datetime, earlier: Remote | None
    ) -> Job | datetime:
        """Decide about a submit that nobody knows of: wait for word of it, send again, give it up.

        `earlier` is what other parts of the request became: they are gone on with in any case.
        """
        tools, now = self._tools, self._tools.clock.now()
        if job.cancel_asked_at is None:
            waits_until = self._word_may_come(job, key=key, since=since)
            if waits_until is not None:
                return waits_until
            if self._may_send_again(job):
                log.warning("sending again, unsure", extra={"job": job.id, "attempt": job.attempt})
                return await save(tools, job, job.to(JobState.ACCEPTED, at=now))
        draws_in_call = tools.providers[job.provider].draws_in_call
        if earlier is not None:
            return await begin_running(
                tools, job, earlier, note=LOST_PART_NOTE if draws_in_call else None
            )
        if job.cancel_asked_at is not None:
            return await end(tools, job, JobState.CANCELLED, "")
        sentence = LOST_IN_CALL_SENTENCE if draws_in_call else UNSURE_SENTENCE
        return await fail(tools, job, FailureKind.LOST, sentence)

    def _word_may_come(self, job: Job, *, key: SecretStr, since: datetime) -> datetime | None:
        """Return when to look for a submit again; None when it would have shown up by now."""
        tools, now = self._tools, self._tools.clock.now()
        lag_s = tools.providers[job.provider].find_lag_s(job.request, key=key)
        if now - since < timedelta(seconds=lag_s):
            return later(tools, 2)
        heard_by = tools.schedule.heard_by(since)
        if tools.callback_url(job) is not None and now < heard_by:
            return heard_by  # a callback wakes it earlier
        return None

    def _may_send_again(self, job: Job) -> bool:
        """Tell whether an unsure submit may be sent once more: never what may be a bill for minutes."""
        draws_in_call = self._tools.providers[job.provider].draws_in_call
        is_first = job.attempt < ATTEMPTS_WHEN_UNSURE_MAX
        return self._tools.may_submit_again and is_first and not draws_in_call

    def _called_back(self, job: Job) -> Remote | None:
        """Return what a submit without an answer became, when a callback has named it."""
        news = self._tools.hearsay.news_of(job)
        if news is None:
            return None
        log.info("an unanswered submit called back", extra={"job": job.id})
        return Remote(
            id=news.remote_id,
            total=job.request.count,
            submitted_at=job.changed_at,
            seed=job.request.seed,
            extras=news.extras,
        )

    async def _not_looked(self, job: Job, error: Transient) -> Job | datetime:
        """Ask again where a submit went, as long as somebody waits for the answer."""
        tools = self._tools
        log.info("cannot look for a submit yet", extra={"job": job.id, "why": str(error)})
        if job.cancel_asked_at is not None:
            return await end(tools, job, JobState.CANCELLED, "")
        if tools.schedule.is_overdue(job.created_at, now=tools.clock.now()):
            return await fail(tools, job, FailureKind.LOST, UNSURE_SENTENCE)
        self._failed_looks[job.id] += 1
        tell_trouble(tools, job, error, failures=self._failed_looks[job.id])
        return later(tools, 3, at_least_s=error.retry_after_s)
