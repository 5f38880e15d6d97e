"""What a member is told when something fails: one function behind every door.

Commands, buttons, modals and late refusals of a card all end here, so a kind of error has one
sentence wherever it happens.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands

from bot.domain.errors import (
    BotError,
    BudgetExceeded,
    ConfigurationError,
    InsufficientCredits,
    KeyRejected,
    OthersFirst,
    ProviderError,
    QuotaExceeded,
    StorageUnavailable,
    Transient,
)
from bot.ui import budget_copy, copy, credits_copy, texts
from bot.ui.unbroken import NO_CONNECTION, unbroken

log = logging.getLogger(__name__)

NOT_OURS = frozenset({10015, 10062, 40060, 50027})
"""Codes that say: somebody else has answered, or the time to answer is over."""

HEAD_START_S = 1.0
"""So long another process may answer first: two of them are online while a new version takes over."""

_INCIDENT_BYTES = 4


@asynccontextmanager
async def answered(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Open the door for what no command tree watches: buttons and modals."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- nothing above us would tell the member
        await answer(interaction, error)


async def answer(
    interaction: discord.Interaction[Any],
    error: Exception,
    *,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> None:
    """Tell the member, and nobody else, what went wrong and what to do."""
    error = _cause(error)
    if is_not_ours(error):
        log.info("an interaction was lost", extra={"why": str(error)})
        return
    sentence = explain(error, random_bytes=random_bytes)
    head_start_s = HEAD_START_S if isinstance(error, OthersFirst) else 0.0
    try:
        await unbroken(_tell(interaction, sentence, head_start_s=head_start_s))
    except (discord.HTTPException, *NO_CONNECTION) as refused:
        level = logging.INFO if is_not_ours(refused) else logging.WARNING
        log.log(level, "a member could not be told", extra={"why": str(refused)})


def explain(error: Exception, *, random_bytes: Callable[[int], bytes] = os.urandom) -> str:
    """Return the sentence for an error; log it when it is ours, with what the member will quote."""
    error = _cause(error)
    sentence = _sentence(error)
    if sentence is not None:
        return sentence
    incident = random_bytes(_INCIDENT_BYTES).hex()
    log.error("incident %s", incident, exc_info=error, extra={"incident": incident})
    return copy.our_fault(incident)


def is_not_ours(error: Exception) -> bool:
    """Tell whether the interaction was lost: nobody is left to be told."""
    return isinstance(error, discord.HTTPException) and error.code in NOT_OURS


async def _tell(
    interaction: discord.Interaction[Any], sentence: str, *, head_start_s: float
) -> None:
    await asyncio.sleep(head_start_s)
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True)
    else:
        await interaction.response.send_message(sentence, ephemeral=True)


def _cause(error: Exception) -> Exception:
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    return error


def _sentence(error: Exception) -> str | None:
    if isinstance(error, BotError):
        return _sentence_of_ours(error)
    return _sentence_of_the_library(error)


def _sentence_of_ours(error: BotError) -> str | None:
    match error:
        case InsufficientCredits():
            return credits_copy.too_poor(
                needed=error.needed, available=error.available, renews_at=error.renews_at
            )
        case QuotaExceeded():
            return _sentence_of_a_limit(error)
        case ProviderError():
            return _sentence_of_a_provider(error)
        case StorageUnavailable():
            return copy.STORE_AWAY
        case ConfigurationError():
            return None  # the operator's to mend, and no business of members
        case _:
            return texts.sentences(str(error), chars_max=copy.ANSWER_CHARS_MAX)


def _sentence_of_a_limit(error: QuotaExceeded) -> str:
    if isinstance(error, BudgetExceeded):
        return budget_copy.exceeded(error.standing, needed=error.needed)
    return copy.too_soon(str(error), retry_at=error.retry_at)


def _sentence_of_a_provider(error: ProviderError) -> str:
    told = copy.provider_failed(str(error), name=error.provider)
    match error:
        case KeyRejected():
            return f"{told} {copy.CHECK_THE_KEY}"
        case Transient():
            return f"{told} {copy.TRY_LATER}"
        case _:
            return told


def _sentence_of_the_library(error: Exception) -> str | None:
    match error:
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return copy.COMMAND_CHANGED
        case app_commands.CheckFailure():
            return copy.NOT_HERE
        case app_commands.TransformerError():
            return copy.bad_option(str(error.value))
        case _:
            return None
