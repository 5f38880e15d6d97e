"""How a job's card comes to be: the first answer, drawn from memory, and a late refusal on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol, cast

import discord

from bot.domain.askers import Asker
from bot.domain.credits import NOTHING
from bot.domain.errors import Unconfirmed
from bot.domain.jobs import Failure, FailureKind, Job, JobId, JobState, Target, UserId
from bot.domain.quotes import Quote
from bot.ui import errors
from bot.ui.cards import card
from bot.ui.questions import question_card
from bot.ui.unbroken import NO_CONNECTION, started, unbroken

log = logging.getLogger(__name__)

Draw = Callable[[], discord.ui.LayoutView]


class Claims(Protocol):
    """Who remembers that a command was answered, until it is a job."""

    async def make(self, job: Job) -> None:
        """Write down that a command is about to have its card."""
        ...

    def let_go(self, job_id: JobId) -> None:
        """Have a command in hand no more: it is a job by now, or its card is lost."""
        ...

    async def drop(self, job_id: JobId) -> None:
        """Forget a command that is dealt with."""
        ...


class _Client(Protocol):
    claims: Claims


async def acknowledge(
    interaction: discord.Interaction[Any], quote: Quote, *, parent_id: JobId | None = None
) -> Job:
    """Answer with the job's card and return the job as it may become, with its target.

    Whoever loses the race of a double delivery gets Discord's refusal here, before anything was
    held: the interaction's id is the job's id.
    """
    job = _promised(interaction, quote, parent_id)
    draw = partial(card, job, is_price_open=quote.is_price_open)
    claims = _claims(interaction)
    claim = started(claims.make(job))  # beside the answer, which it must not delay
    try:
        message_id = await _put_up(interaction, job, draw)
    except discord.HTTPException:  # not ours any more
        await asyncio.shield(claim)
        await claims.drop(job.id)
        raise
    except BaseException:
        claims.let_go(job.id)
        raise
    await asyncio.shield(claim)
    return job.evolve(target=target_of(interaction, message_id=message_id))


async def _put_up(interaction: discord.Interaction[Any], job: Job, draw: Draw) -> int:
    """Answer with the card and return its message's id, also when the connection breaks amid it."""
    try:
        return await _sent(interaction, draw)
    except NO_CONNECTION:
        log.info("the first answer may be lost", extra={"job": job.id})
    try:
        return (await unbroken(interaction.original_response())).id
    except discord.NotFound:  # it did not arrive
        return await _sent(interaction, draw)


async def _sent(interaction: discord.Interaction[Any], draw: Draw) -> int:
    answer = await unbroken(interaction.response.send_message(view=draw()))
    assert answer.message_id is not None, "an answer with a message names it"
    return answer.message_id


def _claims(interaction: discord.Interaction[Any]) -> Claims:
    client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
    return client.claims


def is_age_restricted(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether the channel carries Discord's age label; private channels cannot."""
    match interaction.channel:
        case None | discord.DMChannel() | discord.GroupChannel():
            return False
        case channel:
            return channel.is_nsfw()


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """Return who asks and where, from the interaction's own payload."""
    assert interaction.channel_id is not None, "commands and buttons live in channels"
    member = interaction.user
    roles = member.roles if isinstance(member, discord.Member) else []
    return Asker(
        id=UserId(member.id),
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        parent_channel_id=getattr(interaction.channel, "parent_id", None),
        role_ids=frozenset(role.id for role in roles),
        is_age_restricted=is_age_restricted(interaction),
        may_manage=interaction.guild_id is not None and interaction.permissions.manage_guild,
    )


@asynccontextmanager
async def refusals_on(interaction: discord.Interaction[Any], job: Job) -> AsyncIterator[None]:
    """Turn the card red when what follows the first answer fails, or into a question."""
    claims = _claims(interaction)
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- a card must not stay "on its way" for ever
        try:
            await unbroken(
                interaction.edit_original_response(view=_instead(interaction, job, error))
            )
        except Exception:
            claims.let_go(job.id)  # whoever looks after lost cards closes this one
            raise
        await claims.drop(job.id)
    else:
        claims.let_go(job.id)


def _instead(
    interaction: discord.Interaction[Any], job: Job, error: Exception
) -> discord.ui.LayoutView:
    """Draw the card of a request that is no job: it is asked about, or refused."""
    if isinstance(error, Unconfirmed):
        return question_card(job, error)
    failure = Failure(kind=FailureKind.INVALID, sentence="")
    refused = job.evolve(price=NOTHING).to(
        JobState.FAILED, at=interaction.created_at, failure=failure
    )
    return card(refused, because=errors.explain(error))


def _promised(interaction: discord.Interaction[Any], quote: Quote, parent_id: JobId | None) -> Job:
    return Job(
        id=JobId(str(interaction.id)),
        owner_id=UserId(interaction.user.id),
        request=quote.request,
        target=target_of(interaction, message_id=0),
        provider=quote.provider,
        price=quote.price,
        key_kind=quote.key_kind,
        payer=quote.payer,
        balance_before=quote.available or NOTHING,
        notes=quote.notes,
        parent_id=parent_id,
        second=quote.second,
        created_at=interaction.created_at,
        changed_at=interaction.created_at,
    )


def target_of(interaction: discord.Interaction[Any], *, message_id: int) -> Target:
    """Return where a card lives that this interaction may edit."""
    assert interaction.channel_id is not None, "commands and buttons live in channels"
    return Target(
        application_id=interaction.application_id,
        channel_id=interaction.channel_id,
        message_id=message_id,
        guild_id=interaction.guild_id,
        token=interaction.token,
        created_at=interaction.created_at,
        file_bytes_max=interaction.filesize_limit,
    )
