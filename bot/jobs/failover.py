"""When the first provider takes nothing, the second choice takes over: planned, priced and told before."""

import logging
from datetime import datetime, timedelta

from bot.domain.errors import ProviderError, Transient
from bot.domain.jobs import Job, JobState, Second
from bot.domain.keys import KeyOwner, Payer
from bot.domain.moderation import is_permitted_model
from bot.jobs.steps import save
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

REFUSALS_MIN = 2  # one may be a hiccup
WAIT_MAX = timedelta(seconds=30)  # nobody waits longer where somebody else would begin at once


def may_take_over(tools: Tools, job: Job) -> bool:
    """Tell whether another provider may have a job: it was agreed to, and nothing can have arrived.

    `attempt` counts the submits that may have arrived; a submit that was refused is still among them.
    """
    second = job.second
    if second is None or not second.is_automatic or not _is_offered(tools, job, second):
        return False
    refused = 1 if job.state is JobState.SUBMITTING else 0
    return job.attempt <= refused and (job.remote is None or job.remote.is_empty)


def is_second_open(tools: Tools, job: Job) -> bool:
    """Tell whether the second choice would begin at once, as far as is known."""
    second = job.second
    assert second is not None, "asked before"
    owner = KeyOwner.of(second.key_kind, member_id=job.owner_id, guild_id=job.target.guild_id)
    answers = tools.catalogue.is_reachable(second.provider)
    is_up = answers and tools.health.is_up(second.provider, owner)
    return is_up and not _shut_for_long(tools, second.provider, owner)


def is_time(error: ProviderError, *, refusals: int) -> bool:
    """Tell whether to stop asking the first provider as long as the second is open."""
    wait = timedelta(seconds=(isinstance(error, Transient) and error.retry_after_s) or 0)
    return refusals >= REFUSALS_MIN or wait > WAIT_MAX


def why_leave_line(tools: Tools, job: Job) -> str:
    """Say why a job should not wait for its turn any longer; empty when it should."""
    if not may_take_over(tools, job) or not is_second_open(tools, job):
        return ""
    why = tools.health.why_down(job.provider, job.key_owner)
    if not why and _shut_for_long(tools, job.provider, job.key_owner):
        why = tools.turns[job.provider].paces.why_shut(job.key_owner, tools.clock.now())
    return why


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
        "remote": None,
        "progress": None,
        "provider_cost": None,
    }
    if job.state is JobState.SUBMITTING:
        taken = job.to(JobState.ACCEPTED, at=tools.clock.now(), **changes)
    else:
        taken = job.evolve(**changes)
    taken = await save(tools, job, taken)
    log.info("second choice", extra={"job": job.id, "provider": second.provider, "why": why})
    tools.notifier.show(taken)
    return taken


def _is_offered(tools: Tools, job: Job, second: Second) -> bool:
    """Tell whether the server still lets a provider have what was planned for it."""
    rules = tools.house.rules(job.target.guild_id)
    if second.provider not in tools.providers or not rules.providers.permits(second.provider):
        return False
    return is_permitted_model(second.request, rules=rules)


def _shut_for_long(tools: Tools, provider: str, payer: Payer) -> bool:
    now: datetime = tools.clock.now()
    return tools.turns[provider].paces.opens_at(payer, now) - now > WAIT_MAX
