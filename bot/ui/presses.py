"""What happens when somebody presses a button of a card. Ownership is checked here, not in Discord."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol, assert_never

import discord
from discord import ui

from bot.domain.askers import Asker
from bot.domain.conversations import answer_of, continued
from bot.domain.errors import InvalidRequest, NotAllowed, OthersFirst
from bot.domain.jobs import ENDS, Job, JobId, Target, UserId
from bot.domain.quotes import Quote
from bot.domain.requests import PROMPT_CHARS_MAX, AlchemyRequest, Request, is_forgotten
from bot.ui import copy, errors
from bot.ui.buttons import Action
from bot.ui.cards import lost
from bot.ui.confirming import Asked, confirm, decline
from bot.ui.modals import FormModal
from bot.ui.opening import acknowledge, asker_of, refusals_on
from bot.ui.unbroken import unbroken
from bot.ui.whispers import whisper_late

CONTINUE_ID = re.compile(r"job:v1:said:(?P<job>[0-9]{1,20})")
CONTINUE_FIELD = "said"
STARTING = timedelta(minutes=2)  # a card this young may belong to a job that is still taken in


Answer = Callable[[Asked, discord.Interaction[Any], JobId], Awaitable[None]]


class Jobs(Asked, Protocol):
    """What buttons need of the tracker."""

    is_accepting: bool

    def quote(self, request: Request, *, asker: Asker, provider: str | None = None) -> Quote:
        """Plan and price a request from memory alone."""
        ...

    async def submit(
        self,
        quote: Quote,
        *,
        job_id: JobId,
        owner_id: UserId,
        target: Target,
        parent_id: JobId | None = None,
    ) -> Job:
        """Hold the price and take the job in; a repeat of the id returns the first job."""
        ...

    async def cancel(self, job_id: JobId, *, by: UserId, may_moderate: bool) -> Job:
        """Ask for a job to be stopped."""
        ...


class JobPresses:
    """Act on the jobs of a tracker."""

    def __init__(self, jobs: Jobs) -> None:
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
            case Action.CONTINUE:
                await self._ask_to_continue(interaction, job_id)
            case Action.CONFIRM:
                await self._answer(interaction, job_id, confirm)
            case Action.DECLINE:
                await self._answer(interaction, job_id, decline)
            case _:
                assert_never(action)

    async def _answer(
        self, interaction: discord.Interaction[Any], job_id: JobId, act: Answer
    ) -> None:
        if not self._jobs.is_accepting:
            raise OthersFirst(copy.SHUTTING_DOWN)
        await act(self._jobs, interaction, job_id)

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
        parent = await self._own(interaction, job_id, otherwise=copy.NOT_YOURS_TO_REPEAT)
        request, provider = where(parent)
        if is_forgotten(request):
            raise InvalidRequest(copy.REQUEST_FORGOTTEN)
        await self._begin(interaction, request, parent=parent, provider=provider)

    async def _ask_to_continue(self, interaction: discord.Interaction[Any], job_id: JobId) -> None:
        """Show the form for the next thing to say; `go_on` takes it."""
        await self._answered(interaction, job_id)
        await unbroken(interaction.response.send_modal(continue_form(job_id)))

    async def go_on(
        self, interaction: discord.Interaction[Any], job_id: JobId, *, prompt: str
    ) -> None:
        """Go on with the conversation that a job's answer ended, on a card of its own."""
        parent = await self._answered(interaction, job_id)
        request = continued(parent, prompt)
        await self._begin(interaction, request, parent=parent, provider=parent.provider)

    async def _answered(self, interaction: discord.Interaction[Any], job_id: JobId) -> Job:
        parent = await self._own(interaction, job_id, otherwise=copy.NOT_YOURS_TO_CONTINUE)
        if answer_of(parent) is None:
            raise InvalidRequest(copy.NOTHING_TO_CONTINUE)
        return parent

    async def _own(
        self, interaction: discord.Interaction[Any], job_id: JobId, *, otherwise: str
    ) -> Job:
        """Return a job of the member who pressed."""
        if not self._jobs.is_accepting:
            raise OthersFirst(copy.SHUTTING_DOWN)
        parent = await self._jobs.get(job_id)
        if parent is None:
            raise OthersFirst(copy.REQUEST_FORGOTTEN)
        if parent.owner_id != UserId(interaction.user.id):
            raise NotAllowed(otherwise)
        return parent

    async def _begin(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        *,
        parent: Job,
        provider: str,
    ) -> None:
        quote = self._jobs.quote(request, asker=asker_of(interaction), provider=provider)
        job = await acknowledge(interaction, quote, parent_id=parent.id)
        async with refusals_on(interaction, job):
            await self._jobs.submit(
                quote,
                job_id=job.id,
                owner_id=parent.owner_id,
                target=job.target,
                parent_id=parent.id,
            )


def continue_form(job_id: JobId) -> FormModal:
    """Return the form for the next turn of a conversation; its id carries the job."""
    line: ui.TextInput[Any] = ui.TextInput(
        custom_id=CONTINUE_FIELD,
        style=discord.TextStyle.paragraph,
        min_length=1,
        max_length=PROMPT_CHARS_MAX,
    )
    return FormModal(
        title=copy.CONTINUE_FORM_TITLE,
        custom_id=f"job:v1:said:{job_id}",
        label=copy.CONTINUE_FORM_LABEL,
        description=copy.CONTINUE_FORM_HINT,
        line=line,
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
        raise OthersFirst(copy.NOT_BEGUN_YET)
    await asyncio.sleep(errors.HEAD_START_S)  # another process may know the job
    await unbroken(interaction.response.edit_message(view=lost(card)))
    await whisper_late(interaction, copy.LOST_BEFORE_IT_BEGAN)
