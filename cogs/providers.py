"""`/providers`: who is up, what each can do, what it costs, and how long it takes."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselBot
from bot.jobs.overview import Overview
from bot.ui.opening import asker_of
from bot.ui.providers import providers_card
from bot.ui.whispers import whisper


class Providers(commands.Cog):
    """Tell who works here."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    @app_commands.command()
    async def providers(self, interaction: discord.Interaction[Any]) -> None:
        """Show who is up, what each can do, what it costs and how long it takes."""
        view = providers_card(self._overview.of(asker_of(interaction)))
        await whisper(interaction, view)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Providers(bot.services.overview))
