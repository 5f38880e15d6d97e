"""When the first provider takes nothing, the second choice takes over: planned, priced and told before."""

import logging

from bot.domain.errors import ProviderError, Transient
from bot.domain.jobs import Job, JobState
from bot.jobs.steps import save
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

REFUSALS_MIN = 2  # one may be a hiccup
WAIT_S_MAX = 30.0  # nobody waits longer where somebody else would begin at once


def may_take_over(job: Job) -> bool:
    """Tell whether another provider may have a job: nothing was accepted, and it was agreed to."""
    return job.remote is None and job.second is not None and job.second.is_automatic


def is_time(error: ProviderError, *, refusals: int) -> bool:
    """Tell whether to stop asking the first provider."""
    if not isinstance(error, Transient):
        return True
    return refusals >= REFUSALS_MIN or (error.retry_after_s or 0) > WAIT_S_MAX


async def take_over(tools: Tools, job: Job, why: str) -> Job:
    """Hand a job to its second choice; what is held stays held, the price does not rise."""
    second = job.second
    assert second is not None, "asked before"
    assert second.price <= job.price, "never silently dearer"
    title = tools.providers[second.provider].title
    changes = {
        "provider": second.provider,
        "request": second.request,
        "price": second.price,
        "key_kind": second.key_kind,
        "notes": (f"{why} {title} takes it instead.", *second.notes),
        "second": None,
        "attempt": 0,
    }
    if job.state is JobState.SUBMITTING:
        taken = job.to(JobState.ACCEPTED, at=tools.clock.now(), **changes)
    else:
        taken = job.evolve(**changes)
    taken = await save(tools, job, taken)
    log.info("second choice", extra={"job": job.id, "provider": second.provider, "why": why})
    tools.notifier.show(taken)
    return taken
