"""Tables as files, for whoever asked alone."""

import io
from typing import Any

import discord

from bot.ui.unbroken import unbroken


async def hand_out(
    interaction: discord.Interaction[Any], data: bytes, *, name: str, said: str
) -> None:
    """Send a file as an answer that was deferred; `name` is always ours."""
    file = discord.File(io.BytesIO(data), filename=name)
    await unbroken(interaction.followup.send(said, file=file, ephemeral=True))
