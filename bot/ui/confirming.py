"""What happens when a member answers the question about a price."""

from typing import Any, Protocol

import discord

from bot.domain.askers import Asker
from bot.domain.credits import NOTHING
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job, JobId, JobState, Target, UserId
from bot.ui import credits_copy
from bot.ui.cards import card, lost
from bot.ui.opening import asker_of, refusals_on, target_of
from bot.ui.unbroken import unbroken
from bot.ui.whispers import whisper_late


class Asked(Protocol):
    """What the answer needs of the tracker."""

    async def get(self, job_id: JobId) -> Job | None:
        """Return a job as it stands."""
        ...

    async def question(self, job_id: JobId, *, by: UserId) -> Job | None:
        """Return a request that waits for its member's word; `NotAllowed` for other people's."""
        ...

    async def confirm(self, job: Job, *, asker: Asker, target: Target) -> Job:
        """Take it in; a repeat returns the first job."""
        ...

    async def decline(self, job: Job) -> None:
        """Forget it."""
        ...


async def confirm(jobs: Asked, interaction: discord.Interaction[Any], job_id: JobId) -> None:
    """Begin what was asked about, on the same card, which this press may edit from now on.

    Until the request is a job the card keeps its question, so that a kill loses nothing.
    """
    job = await _question(jobs, interaction, job_id)
    if job is None:
        return
    assert interaction.message is not None, "buttons are on messages"
    target = target_of(interaction, message_id=interaction.message.id)
    await unbroken(interaction.response.defer())
    async with refusals_on(interaction, job.evolve(target=target)):
        await jobs.confirm(job, asker=asker_of(interaction), target=target)


async def decline(jobs: Asked, interaction: discord.Interaction[Any], job_id: JobId) -> None:
    """Close the card; nothing was held."""
    job = await _question(jobs, interaction, job_id)
    if job is None:
        return
    ended = job.evolve(price=NOTHING).to(JobState.CANCELLED, at=interaction.created_at)
    view = card(ended, because=credits_copy.NOT_WANTED)
    await unbroken(interaction.response.edit_message(view=view))
    await jobs.decline(job)


async def _question(
    jobs: Asked, interaction: discord.Interaction[Any], job_id: JobId
) -> Job | None:
    """Return what was asked about; close the card of what is forgotten."""
    job = await jobs.question(job_id, by=UserId(interaction.user.id))
    if job is not None:
        return job
    if interaction.message is None or await jobs.get(job_id) is not None:
        raise InvalidRequest(credits_copy.ANSWERED_ALREADY)
    await unbroken(interaction.response.edit_message(view=lost(interaction.message)))
    await whisper_late(interaction, credits_copy.TOO_OLD)
    return None
