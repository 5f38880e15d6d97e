"""`/about`: what this bot is and who gets to read prompts."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselBot
from bot.jobs.caretakers import Caretakers
from bot.ui import privacy_copy
from bot.ui.account import about_card
from bot.ui.whispers import whisper


class About(commands.Cog):
    """Explain the bot."""

    def __init__(self, providers: tuple[str, ...], care: Caretakers) -> None:
        self._providers = providers
        self._care = care

    @app_commands.command()
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        """Say what this bot is, who reads your prompts, and what is kept for how long."""
        view = about_card(privacy_copy.about(self._providers, retention=self._care.retention))
        await whisper(interaction, view)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    services = bot.services
    titles = tuple(title for _, title in services.keys.providers)
    await bot.add_cog(About(titles, services.care))
