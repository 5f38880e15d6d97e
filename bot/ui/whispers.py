"""Answers that only whoever asked gets to see."""

from typing import Any

import discord
from discord import ui

from bot.ui.unbroken import unbroken


async def whisper(interaction: discord.Interaction[Any], said: str | ui.LayoutView) -> None:
    """Answer at once, with a sentence or a card."""
    if isinstance(said, str):
        await unbroken(interaction.response.send_message(said, ephemeral=True))
    else:
        await unbroken(interaction.response.send_message(view=said, ephemeral=True))


async def think(interaction: discord.Interaction[Any]) -> None:
    """Say that an answer is on its way: Discord waits three seconds for the first word."""
    await unbroken(interaction.response.defer(ephemeral=True, thinking=True))


async def whisper_late(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Answer what was answered with a promise, or say one thing more."""
    await unbroken(interaction.followup.send(sentence, ephemeral=True))
