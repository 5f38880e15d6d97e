"""`/about`: what this bot is and who gets to read prompts."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselBot
from bot.ui import copy
from bot.ui.account import about_card
from bot.ui.unbroken import unbroken


class About(commands.Cog):
    """Explain the bot."""

    def __init__(self, providers: tuple[str, ...]) -> None:
        self._providers = providers

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        """Say what this bot is and who reads your prompts."""
        view = about_card(copy.about(self._providers))
        await unbroken(interaction.response.send_message(view=view, ephemeral=True))


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(About(tuple(title for _, title in bot.services.keys.providers)))
