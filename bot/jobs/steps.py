"""What a step of a job can come to, and the moves that more than one step makes."""

from dataclasses import replace
from datetime import datetime

from bot.accounts.budgets import give_back_unused
from bot.accounts.credits import resolve
from bot.accounts.strikes import provider_strike
from bot.domain.credits import share
from bot.domain.errors import ProviderError, Transient
from bot.domain.jobs import ENDS, Failure, FailureKind, Job, JobState, Remote
from bot.jobs.tools import Tools
from storage.database import Tx

FAILURES_TOLD_MIN = 3  # in a row
WAIT_TOLD_S = 10.0


class Superseded(Exception):
    """Somebody else moved the job meanwhile: whatever this step knows is old."""


async def save(tools: Tools, before: Job, after: Job) -> Job:
    """Write a move that touches no money; `Superseded` when the job is not as it was."""
    if not await tools.database.write(lambda tx: tx.jobs.move(before, after)):
        raise Superseded
    return after


async def close(tools: Tools, before: Job, after: Job, last: Job | None = None) -> Job:
    """Write a move that ends a job's claim on credits and budgets, all in one transaction.

    What a provider refused for its content is held against the member, in the same one. `last` is
    a move that follows at once, where nothing can come between.
    """
    strike = provider_strike(after)

    async def move(tx: Tx) -> bool:
        if not await tx.jobs.move(before, after):
            return False
        unspent = await resolve(tx, after, at=after.changed_at)
        await give_back_unused(tx, after, unspent=unspent)
        if strike is not None:
            await tx.strikes.add(strike)
        return last is None or await tx.jobs.move(after, last)

    if not await tools.database.write(move):
        raise Superseded
    if strike is not None:
        tools.strikes.remember(strike)
    return last or after


async def begin_running(
    tools: Tools, job: Job, remote: Remote, *, held: Job | None = None, note: str | None = None
) -> Job:
    """Let a job run with what was taken of it; `held` is what else is known by now."""
    held = job if held is None else held
    running = held.to(
        JobState.RUNNING,
        at=tools.clock.now(),
        remote=replace(remote, has_callback=tools.callback_url(job) is not None),
        notes=held.notes if note is None else (*held.notes, note),
    )
    return await save(tools, job, running)


async def fail(tools: Tools, job: Job, kind: FailureKind, sentence: str) -> Job:
    """End a job as failed; everything that was held goes back."""
    failure = Failure(kind=kind, sentence=sentence)
    ended = job.to(JobState.FAILED, at=tools.clock.now(), failure=failure)
    return await close(tools, job, ended)


async def end(tools: Tools, job: Job, state: JobState, sentence: str) -> Job:
    """End a job early; what was already shown is paid for, the rest goes back."""
    assert state in ENDS
    charged = share(job.price, delivered=job.came, asked=job.request.count)
    failure = Failure(kind=FailureKind.TIMEOUT, sentence=sentence) if sentence else None
    ended = job.to(state, at=tools.clock.now(), charged=charged, failure=failure)
    return await close(tools, job, ended)


def tell_trouble(tools: Tools, job: Job, error: ProviderError, *, failures: int) -> None:
    """Let the card say why it takes longer; not for a hiccup, and never in the store."""
    wait_s = error.retry_after_s if isinstance(error, Transient) else None
    if failures >= FAILURES_TOLD_MIN or (wait_s or 0) >= WAIT_TOLD_S:
        trouble = Failure(kind=FailureKind.OVERLOADED, sentence=str(error))
        tools.notifier.show(job.evolve(failure=trouble))


def later(tools: Tools, failures: int, *, at_least_s: float | None = None) -> datetime:
    """Return when to try again after so many failures in a row."""
    return tools.schedule.retry(max(failures, 1), now=tools.clock.now(), at_least_s=at_least_s)
