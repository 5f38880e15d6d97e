"""From accepted to running: wait in line, write the intent, send it once, write the answer."""

import logging
from datetime import datetime

from bot.domain.errors import (
    Ambiguous,
    BotError,
    InvalidRequest,
    KeyRejected,
    Permanent,
    Transient,
    UserError,
)
from bot.domain.jobs import Job, JobId, JobState, Progress, ProviderCost, Remote
from bot.jobs.failover import may_take_over, why_leave_line
from bot.jobs.inputs import inputs_of
from bot.jobs.refusals import Refusals
from bot.jobs.running import Running
from bot.jobs.steps import begin_running, end, later, save
from bot.jobs.tools import Tools
from bot.jobs.turns import Place, Turns
from bot.jobs.unsure import Unsure
from bot.providers.base import Accepted, Inputs

log = logging.getLogger(__name__)

PLACE_SHOWN_MIN = 3
OWN_LINE_NOTE = "{each} of your requests run at once; this one waits until another is done."
NOT_OFFERED_SENTENCE = "This provider is not offered here any more."
FIRST_NOT_OFFERED = "The provider that was chosen is not offered here any more."


class Submitting:
    """The steps of a job that is accepted or on its way to the provider."""

    def __init__(self, tools: Tools, running: Running) -> None:
        self._tools = tools
        self._running = running
        self._unsure = Unsure(tools)
        self._refusals = Refusals(tools, self._unsure, forget=self.forget)
        self._answers: dict[JobId, Accepted] = {}

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job that is past these steps."""
        self._answers.pop(job_id, None)
        self._unsure.forget(job_id)
        self._refusals.forget(job_id)
        self._tools.health.let_go(job_id)
        for turns in self._tools.turns.values():
            turns.leave(job_id)

    async def accepted(self, job: Job) -> Job | datetime:
        """Send an accepted job when its turn at the provider has come."""
        rests_until = self._refusals.rests_until(job)
        if rests_until is not None:
            return rests_until
        if not self._turns(job).claim(job):
            why = why_leave_line(self._tools, job)
            if why:
                return await self._refusals.elsewhere(job, why)
            return await self._refusals.shut_out(job) or self._in_line(job)
        with self._turns(job).sending(job.id):
            return await self._on_its_way(job)

    async def _on_its_way(self, job: Job) -> Job | datetime:
        """Send a job whose turn has come, unless its provider is left alone just now."""
        blocked_until = self._tools.health.blocked_until(job)
        if blocked_until is not None:
            return await self._refusals.blocked(job, blocked_until)
        try:
            inputs = await inputs_of(self._tools, job)
        except InvalidRequest as error:
            return await self._refusals.for_good(job, error)
        estimated = await self._estimated(job, inputs)
        now = self._tools.clock.now()
        sending = estimated.to(JobState.SUBMITTING, at=now, attempt=job.attempt + 1)
        sending = await save(self._tools, job, sending)
        if self._tools.hearsay.news_of(sending) is not None:
            return sending  # an earlier attempt has arrived after all
        return await self._send(sending, inputs)

    async def unsure(self, job: Job) -> Job | datetime:
        """Take up a job whose submit may have arrived."""
        answer = self._answers.get(job.id)
        if answer is not None:
            return await self._took(job, answer)  # it was answered; only the store was not ready
        outcome = await self._unsure.decide(job)
        if isinstance(outcome, Job) and outcome.state is JobState.RUNNING:
            self.forget(job.id)
        return outcome

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
            return await self._refusals.elsewhere(job, FIRST_NOT_OFFERED)
        return await self._running.abandon(job, NOT_OFFERED_SENTENCE)

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
        """Show the place of a job that has to wait for a while; its turn wakes it earlier."""
        place = self._turns(job).place(job.id) or Place(1, is_own=False)
        if place.is_own:
            note = OWN_LINE_NOTE.format(each=self._tools.seats.each)
            self._show(job.evolve(notes=(*job.notes, note)), place=place.number)
        elif place.number >= PLACE_SHOWN_MIN:
            self._show(job, place=place.number)
        return self._tools.schedule.next_line_look(
            place.number,
            submits_per_s=self._tools.providers[job.provider].limits.submits_per_min / 60,
            waiting=self._turns(job).waiting,
            now=self._tools.clock.now(),
        )

    async def _estimated(self, job: Job, inputs: Inputs) -> Job:
        """Tell a member what a job on a key of theirs or their server's will cost, if that is known.

        Asked once: not again for each part, or after a refusal.
        """
        if job.key_owner is None or job.remote is not None or job.provider_cost is not None:
            return job
        provider = self._tools.providers[job.provider]
        now = self._tools.clock.now()
        self._turns(job).paces.book(job.key_owner, now)  # asking counts as a submit
        try:
            cost = await provider.estimate(
                job.request, key=await self._tools.keys.to_submit(job), inputs=inputs
            )
        except BotError as error:
            log.info("no estimate", extra={"job": job.id, "why": str(error)})
            return job
        about = ProviderCost(amount=cost, unit=provider.unit, is_estimate=True)
        job = job.evolve(provider_cost=about)
        self._tools.notifier.show(job)
        return job

    async def _send(self, job: Job, inputs: Inputs) -> Job | datetime:
        tools = self._tools
        provider = tools.providers[job.provider]
        if provider.draws_in_call:
            self._show(job)
        try:
            key = await tools.keys.to_submit(job)
        except KeyRejected as error:  # erased meanwhile, which says nothing of the provider
            return await self._refusals.for_good(job, error)
        try:
            accepted = await provider.submit(
                job.request, key=key, inputs=inputs, now=tools.clock.now()
            )
        except Ambiguous as error:
            log.warning("submit unsure", extra={"job": job.id, "why": str(error)})
            tools.health.failed(job, str(error))
            self._unsure.begins(job)
            return later(tools, 1)
        except Transient as error:
            return await self._refusals.passing(job, error)
        except Permanent as error:
            tools.health.refused(job, error)
            return await self._refusals.for_good(job, error)
        except UserError as error:
            tools.health.worked(job)
            return await self._refusals.for_good(job, error)
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
        running = await begin_running(self._tools, job, accepted.remote, held=held)
        self.forget(job.id)
        log.info("job submitted", extra={"job": job.id, "provider": job.provider})
        return running if finished is None else await self._running.take(running, finished)

    async def _partly(self, job: Job, held: Job, remote: Remote) -> Job:
        """Keep what was taken so far and go back in line for the next part."""
        now = self._tools.clock.now()
        # A mere place is no proof that an earlier, unsure submit did not arrive.
        attempt = job.attempt - 1 if remote.is_empty else 0
        taken = held.to(JobState.ACCEPTED, at=now, attempt=attempt, remote=remote)
        taken = await save(self._tools, job, taken)
        self._answers.pop(job.id, None)
        self._refusals.forget(job.id)
        return taken
