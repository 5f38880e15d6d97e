"""From accepted to running: wait in line, write the intent, send it once, write the answer."""

import logging
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    BotError,
    ContentRefused,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProviderError,
    RateLimited,
    ShutOut,
    Transient,
    UserError,
)
from bot.domain.jobs import FailureKind, Job, JobId, JobState, Progress, Remote
from bot.domain.keys import ON_KEY
from bot.domain.requests import AlchemyRequest, BlobId, PictureRequest, Request, Source
from bot.jobs.failover import is_second_open, is_time, may_take_over, take_over, why_leave_line
from bot.jobs.running import Running
from bot.jobs.steps import end, fail, later, save, tell_trouble
from bot.jobs.tools import Tools
from bot.jobs.turns import Place, Turns
from bot.media.normalise import inverted
from bot.providers.base import Accepted, Inputs

log = logging.getLogger(__name__)

ATTEMPTS_WHEN_UNSURE_MAX = 2
PLACE_SHOWN_MIN = 3
OWN_LINE_NOTE = "{each} of your requests run at once; this one waits until another is done."
LINE_LOOK_MIN_S, LINE_LOOK_MAX_S = 5.0, 300.0
SOURCE_GONE_SENTENCE = (
    "The picture you started from is no longer stored: attach it to /imagine again."
)
UNSURE_SENTENCE = (
    "The connection broke while the request was being sent, and it could not be found again. "
    "It may have been lost."
)
LOST_IN_CALL_SENTENCE = (
    "The connection broke while the picture was being drawn. It may have been drawn all the same, "
    "but it cannot be asked for again."
)
NOT_OFFERED_SENTENCE = "This provider is not offered here any more."
FIRST_NOT_OFFERED = "The provider that was chosen is not offered here any more."
LOST_PART_NOTE = "The connection broke during one of the pictures: it is lost."


class Submitting:
    """The steps of a job that is accepted or on its way to the provider."""

    def __init__(self, tools: Tools, running: Running) -> None:
        self._tools = tools
        self._running = running
        self._rests_until: dict[JobId, datetime] = {}
        self._unsure_since: dict[JobId, datetime] = {}
        self._refusals: Counter[JobId] = Counter()
        self._answers: dict[JobId, Accepted] = {}

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job that is past these steps."""
        self._rests_until.pop(job_id, None)
        self._unsure_since.pop(job_id, None)
        self._refusals.pop(job_id, None)
        self._answers.pop(job_id, None)
        self._tools.health.let_go(job_id)
        for turns in self._tools.turns.values():
            turns.leave(job_id)

    async def accepted(self, job: Job) -> Job | datetime:
        """Send an accepted job when its turn at the provider has come."""
        now = self._tools.clock.now()
        rests_until = self._rests_until.get(job.id)
        if rests_until is not None and now < rests_until:
            return rests_until
        if not self._turns(job).claim(job):
            why_leave = why_leave_line(self._tools, job)
            return await self._elsewhere(job, why_leave) if why_leave else self._in_line(job)
        blocked_until = self._tools.health.blocked_until(job)
        if blocked_until is not None:
            return await self._blocked(job, blocked_until)
        try:
            inputs = await self._inputs(job)
        except InvalidRequest as error:
            return await self._no_more(job, FailureKind.INVALID, str(error))
        if job.key_owner is not None and job.remote is None:  # not again for each part
            job = await self._estimated(job, inputs)
        sending = job.to(JobState.SUBMITTING, at=self._tools.clock.now(), attempt=job.attempt + 1)
        sending = await save(self._tools, job, sending)
        if self._tools.hearsay.news_of(sending) is not None:
            return sending  # an earlier attempt has arrived after all
        return await self._send(sending, inputs)

    async def unsure(self, job: Job) -> Job | datetime:
        """Take up a job whose submit may have arrived: look for it, then decide by policy."""
        tools, now = self._tools, self._tools.clock.now()
        answer = self._answers.get(job.id)
        if answer is not None:
            return await self._took(job, answer)  # it was answered; only the store was not ready
        since = self._unsure_since.setdefault(job.id, now)
        key = await tools.key_for(job)
        try:
            remote = self._called_back(job) or await self._found(job, key=key)
        except Transient as error:
            return await self._not_looked(job, error)
        if remote is not None and remote != job.remote:
            return await self._go_on(job, remote)
        return await self._not_found(job, key=key, since=since, earlier=remote)

    async def _found(self, job: Job, *, key: SecretStr) -> Remote | None:
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
            return await self._go_on(job, earlier, note=LOST_PART_NOTE if draws_in_call else None)
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
        self._refusals[job.id] += 1
        tell_trouble(tools, job, error, failures=self._refusals[job.id])
        return later(tools, 3, at_least_s=error.retry_after_s)

    def _show(self, job: Job, *, place: int | None = None) -> None:
        """Show how far a job is that is not running: in line, or drawn by the call itself."""
        progress = Progress(
            is_queued=place is not None,
            finished=job.came,
            total=job.request.count,
            place=place,
        )
        self._tools.notifier.show(job.evolve(progress=progress))

    def _turns(self, job: Job) -> Turns:
        return self._tools.turns[job.provider]

    def _in_line(self, job: Job) -> datetime:
        """Show the place of a job that has to wait for a while; its turn wakes it earlier.

        It is looked at again after half of the expected time, so that even a long line costs
        each job only a handful of looks.
        """
        place = self._turns(job).place(job.id) or Place(1, is_own=False)
        if place.is_own:
            note = OWN_LINE_NOTE.format(each=self._tools.seats.each)
            self._show(job.evolve(notes=(*job.notes, note)), place=place.number)
        elif place.number >= PLACE_SHOWN_MIN:
            self._show(job, place=place.number)
        rate = self._tools.providers[job.provider].limits.submits_per_min / 60
        look_s = min(max(place.number / rate / 2, LINE_LOOK_MIN_S), LINE_LOOK_MAX_S)
        return self._tools.clock.now() + timedelta(seconds=look_s)

    async def _estimated(self, job: Job, inputs: Inputs) -> Job:
        """Tell a member what a job on a key of theirs or their server's will cost there, where the provider says."""
        provider = self._tools.providers[job.provider]
        self._turns(job).pace.book(self._tools.clock.now())  # asking counts as a submit
        try:
            cost = await provider.estimate(
                job.request, key=await self._tools.key_to_submit(job), inputs=inputs
            )
        except BotError as error:
            log.info("no estimate", extra={"job": job.id, "why": str(error)})
            return job
        note = f"About {cost:g} {provider.unit} {ON_KEY[job.key_kind]}."
        job = job.evolve(notes=(*job.notes, note))
        self._tools.notifier.show(job)
        return job

    async def _inputs(self, job: Job) -> Inputs:
        picture, mask = _bytes_of(job.request)
        return Inputs(
            source=await self._blob(picture),
            mask=await self._mask(job, mask),
            callback_url=self._tools.callback_url(job),
            on_behalf_of=self._tools.pseudonym(job),
            so_far=job.remote,
        )

    async def _mask(self, job: Job, blob: BlobId | None) -> bytes | None:
        """Return the mask in the provider's meaning; ours is that white is drawn anew."""
        mask = await self._blob(blob)
        if mask is None or not self._tools.providers[job.provider].repaints_black:
            return mask
        return await self._tools.pictures.run(inverted, mask)

    async def _blob(self, blob: BlobId | None) -> bytes | None:
        if blob is None:
            return None
        data = await self._tools.blobs.get(blob)
        if data is None:
            raise InvalidRequest(SOURCE_GONE_SENTENCE)
        return data

    async def _send(self, job: Job, inputs: Inputs) -> Job | datetime:
        tools = self._tools
        provider = tools.providers[job.provider]
        if provider.draws_in_call:
            self._show(job)
        try:
            key = await tools.key_to_submit(job)
        except KeyRejected as error:  # erased meanwhile, which says nothing of the provider
            return await self._out(job, error)
        try:
            accepted = await provider.submit(
                job.request, key=key, inputs=inputs, now=tools.clock.now()
            )
        except Ambiguous as error:
            log.warning("submit unsure", extra={"job": job.id, "why": str(error)})
            tools.health.failed(job, str(error))
            self._unsure_since[job.id] = tools.clock.now()
            return later(tools, 1)
        except Transient as error:
            return await self._refused(job, error)
        except Permanent as error:
            tools.health.failed(job, str(error), is_final=isinstance(error, KeyRejected))
            return await self._out(job, error)
        except UserError as error:
            tools.health.worked(job)
            return await self._no_more(job, _kind(error), str(error))
        self._answers[job.id] = accepted
        return await self._took(job, accepted)

    async def _took(self, job: Job, accepted: Accepted) -> Job | datetime:
        """Write down what was answered, together with the pictures that came along.

        The answer stays in memory until then: not every provider can be asked for it again.
        """
        self._tools.health.worked(job)
        finished = accepted.finished
        held = job if finished is None else await self._running.bring(job, finished)
        held = held.evolve(notes=job.notes + accepted.notes)
        if not accepted.is_complete:
            return await self._partly(job, held, accepted.remote)
        running = await self._go_on(job, accepted.remote, held=held)
        log.info("job submitted", extra={"job": job.id, "provider": job.provider})
        return running if finished is None else await self._running.take(running, finished)

    async def _partly(self, job: Job, held: Job, remote: Remote) -> Job:
        """Keep what was taken so far and go back in line for the next part, with a clean count."""
        now = self._tools.clock.now()
        taken = held.to(JobState.ACCEPTED, at=now, attempt=0, remote=remote)
        taken = await save(self._tools, job, taken)
        self._answers.pop(job.id, None)
        self._refusals.pop(job.id, None)
        return taken

    async def _go_on(
        self, job: Job, remote: Remote, *, held: Job | None = None, note: str | None = None
    ) -> Job:
        """Let a job run with what was taken of it; `held` is what else is known by now."""
        held = job if held is None else held
        running = held.to(
            JobState.RUNNING,
            at=self._tools.clock.now(),
            remote=self._as_sent(job, remote),
            notes=held.notes if note is None else (*held.notes, note),
        )
        running = await save(self._tools, job, running)
        self.forget(job.id)
        return running

    async def _no_more(self, job: Job, kind: FailureKind, sentence: str) -> Job:
        """Fail a job that is refused for good; what earlier parts of it became is delivered."""
        try:
            key = await self._tools.key_for(job)
            remote = None if job.remote is None else await self._found(job, key=key)
        except Transient:
            remote = None
        if remote is None:
            return await fail(self._tools, job, kind, sentence)
        return await self._go_on(job, remote, note=sentence)

    def _as_sent(self, job: Job, remote: Remote) -> Remote:
        return replace(remote, has_callback=self._tools.callback_url(job) is not None)

    async def _refused(self, job: Job, error: Transient) -> Job | datetime:
        """Withdraw the intent: the provider took nothing; try again later, but not for ever."""
        tools, now = self._tools, self._tools.clock.now()
        log.info("submit refused", extra={"job": job.id, "why": str(error)})
        self._refusals[job.id] += 1
        moment = later(tools, self._refusals[job.id], at_least_s=error.retry_after_s)
        self._note_refusal(job, error, until=moment)
        is_too_late = tools.schedule.is_overdue(job.created_at, now=moment)
        is_last = is_too_late or self._refusals[job.id] >= tools.schedule.submits_max
        if may_take_over(tools, job):
            is_slow = is_time(error, refusals=self._refusals[job.id])
            if is_last or (is_slow and is_second_open(tools, job)):
                return await self._elsewhere(job, str(error))
        if is_last:
            return await self._no_more(job, FailureKind.OVERLOADED, str(error))
        # A refused submit is no attempt: `attempt` counts those that may have arrived.
        withdrawn = job.to(JobState.ACCEPTED, at=now, attempt=job.attempt - 1)
        await save(tools, job, withdrawn)
        tell_trouble(tools, withdrawn, error, failures=self._refusals[job.id])
        self._rest(job, moment)
        return moment

    def _note_refusal(self, job: Job, error: Transient, *, until: datetime) -> None:
        """Let others know: a provider that names a limit is well, and takes nobody for a while."""
        health, limits = self._tools.health, self._tools.providers[job.provider].limits
        if not isinstance(error, RateLimited):
            health.failed(job, str(error))
            return
        health.worked(job)
        if job.key_owner is None or not limits.by_key:
            self._turns(job).pace.shut(until, why=str(error))
        if isinstance(error, ShutOut):
            health.shut_out(job.provider, str(error), until=until)

    async def _out(self, job: Job, error: Permanent) -> Job:
        """End a job that would be refused again here, or let the second choice have it."""
        if may_take_over(self._tools, job):
            return await self._elsewhere(job, str(error))
        return await self._no_more(job, _kind(error), str(error))

    async def _blocked(self, job: Job, until: datetime) -> Job | datetime:
        """Let a job wait, not for ever, while its provider is left alone."""
        tools = self._tools
        why = tools.health.why_down(job.provider, job.key_owner)
        self._refusals[job.id] += 1
        is_last = self._refusals[job.id] >= tools.schedule.submits_max
        if may_take_over(tools, job) and (is_last or is_second_open(tools, job)):
            return await self._elsewhere(job, why)
        if is_last:
            return await self._no_more(job, FailureKind.OVERLOADED, why)
        wait_s = (until - tools.clock.now()).total_seconds()
        error = Transient(why, provider=job.provider, retry_after_s=wait_s)
        tell_trouble(tools, job, error, failures=self._refusals[job.id])
        self._rest(job, until)
        return until

    def _rest(self, job: Job, until: datetime) -> None:
        """Keep a job out of the line for a while; another one of its member may go meanwhile."""
        self._rests_until[job.id] = until
        if job.remote is None:
            self._tools.seats.leave(job.id)

    async def orphaned(self, job: Job) -> Job:
        """Go on with a job whose provider is not offered any more: nobody can be asked about it.

        So a submit that may have arrived is not looked for; what came already is delivered.
        """
        tools = self._tools
        if job.cancel_asked_at is not None:
            return await end(tools, job, JobState.CANCELLED, "")
        if job.state is JobState.SUBMITTING and job.came:
            return await save(tools, job, job.to(JobState.ACCEPTED, at=tools.clock.now()))
        if job.state is JobState.ACCEPTED and may_take_over(tools, job):
            return await self._elsewhere(job, FIRST_NOT_OFFERED)
        return await self._running.abandon(job, NOT_OFFERED_SENTENCE)

    async def _elsewhere(self, job: Job, why: str) -> Job:
        self.forget(job.id)
        return await take_over(self._tools, job, why)


def _bytes_of(request: Request) -> tuple[BlobId | None, BlobId | None]:
    """Name the source and the mask that go along with a request."""
    match request:
        case PictureRequest(source=Source(picture=picture, mask=mask)):
            return picture, mask
        case AlchemyRequest(picture=picture):
            return picture, None
        case _:
            return None, None


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
