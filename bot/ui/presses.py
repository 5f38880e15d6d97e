"""What happens when somebody presses a button of a card. Ownership is checked here, not in Discord."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar, assert_never

import discord

from bot.domain.askers import Asker
from bot.domain.errors import InvalidRequest, NotAllowed, UserError
from bot.domain.jobs import ENDS, Job, JobId, Target, UserId
from bot.domain.requests import AlchemyRequest, Request
from bot.ui import copy
from bot.ui.buttons import Action
from bot.ui.cards import lost
from bot.ui.opening import Offer, acknowledge, asker_of, refusals_on
from bot.ui.unbroken import unbroken

STARTING = timedelta(minutes=2)  # a card this young may belong to a job that is still taken in

OfferT = TypeVar("OfferT", bound=Offer)


class Jobs(Protocol[OfferT]):
    """What buttons need of the tracker."""

    is_accepting: bool

    def quote(self, request: Request, *, asker: Asker, provider: str | None = None) -> OfferT:
        """Plan and price a request from memory alone."""
        ...

    async def submit(
        self,
        quote: OfferT,
        *,
        job_id: JobId,
        owner_id: UserId,
        target: Target,
        parent_id: JobId | None = None,
    ) -> Job:
        """Hold the price and take the job in; a repeat of the id returns the first job."""
        ...

    async def get(self, job_id: JobId) -> Job | None:
        """Return a job as it stands."""
        ...

    async def cancel(self, job_id: JobId, *, by: UserId, may_moderate: bool) -> Job:
        """Ask for a job to be stopped."""
        ...


class JobPresses(Generic[OfferT]):
    """Act on the jobs of a tracker."""

    def __init__(self, jobs: Jobs[OfferT]) -> None:
        self._jobs = jobs

    async def press(
        self, interaction: discord.Interaction[Any], action: Action, job_id: JobId
    ) -> None:
        """Do what the button says and answer the interaction."""
        match action:
            case Action.CANCEL:
                await self._cancel(interaction, job_id)
            case Action.AGAIN:
                await self._again(interaction, job_id, where=_same)
            case Action.ELSEWHERE:
                await self._again(interaction, job_id, where=_second)
            case _:
                assert_never(action)

    async def _cancel(self, interaction: discord.Interaction[Any], job_id: JobId) -> None:
        job = await self._jobs.get(job_id)
        if job is None:
            await _nothing_to_cancel(interaction)
            return
        await unbroken(interaction.response.defer())
        await self._jobs.cancel(
            job_id,
            by=UserId(interaction.user.id),
            may_moderate=interaction.permissions.manage_messages,
        )

    async def _again(
        self,
        interaction: discord.Interaction[Any],
        job_id: JobId,
        *,
        where: Callable[[Job], tuple[Request, str]],
    ) -> None:
        if not self._jobs.is_accepting:
            raise UserError(copy.SHUTTING_DOWN)
        owner_id = UserId(interaction.user.id)
        parent = await self._jobs.get(job_id)
        if parent is None:
            raise InvalidRequest(copy.REQUEST_FORGOTTEN)
        if parent.owner_id != owner_id:
            raise NotAllowed(copy.NOT_YOURS_TO_REPEAT)
        request, provider = where(parent)
        quote = self._jobs.quote(request, asker=asker_of(interaction), provider=provider)
        job = await acknowledge(interaction, quote, parent_id=parent.id)
        async with refusals_on(interaction, job):
            await self._jobs.submit(
                quote, job_id=job.id, owner_id=owner_id, target=job.target, parent_id=parent.id
            )


def _same(parent: Job) -> tuple[Request, str]:
    """Repeat what failed as it was; what was delivered is drawn anew, from another seed."""
    request = parent.request
    if parent.state in ENDS or isinstance(request, AlchemyRequest):
        return request, parent.provider
    return request.evolve(seed=None), parent.provider


def _second(parent: Job) -> tuple[Request, str]:
    """Ask whoever came second when the first was chosen."""
    if parent.second is None:
        raise InvalidRequest(copy.REQUEST_FORGOTTEN)
    return parent.second.request, parent.second.provider


async def _nothing_to_cancel(interaction: discord.Interaction[Any]) -> None:
    """Close a card whose job was never taken in: the process died right after the first answer."""
    card = interaction.message
    if card is None or interaction.created_at - card.created_at < STARTING:
        raise InvalidRequest(copy.NOT_BEGUN_YET)
    await unbroken(interaction.response.edit_message(view=lost(card)))
    await unbroken(interaction.followup.send(copy.LOST_BEFORE_IT_BEGAN, ephemeral=True))
