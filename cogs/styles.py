"""`/styles`: what a picture can be styled by, to read and to search."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.styles import Leaf
from bot.jobs.style_shelf import StyleShelf
from bot.ui.opening import is_age_restricted
from bot.ui.styles import STYLES_OPTIONS, TYPED_CHARS_MAX, StylesButton, styles_card
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper


class Styles(commands.Cog):
    """Show styles."""

    def __init__(self, shelf: StyleShelf) -> None:
        self._shelf = shelf

    @app_commands.command()
    @app_commands.describe(**STYLES_OPTIONS)
    async def styles(
        self,
        interaction: discord.Interaction[Any],
        search: Range[str, 1, TYPED_CHARS_MAX] | None = None,
    ) -> None:
        """Show the styles that pictures can be drawn in."""
        typed = " ".join((search or "").split())
        if not typed or self._leaf(interaction, typed, 1).listed:
            view = styles_card(self._leaf(interaction, typed, 1), typed=typed)
            await whisper(interaction, view)
            return
        await think(interaction)
        await self._shelf.look_up(typed)
        view = styles_card(self._leaf(interaction, typed, 1), typed=typed)
        await unbroken(interaction.edit_original_response(view=view))

    async def turned(self, interaction: discord.Interaction[Any], typed: str, number: int) -> None:
        """Show another page."""
        view = styles_card(self._leaf(interaction, typed, number), typed=typed)
        await unbroken(interaction.response.edit_message(view=view))

    def _leaf(self, interaction: discord.Interaction[Any], typed: str, number: int) -> Leaf:
        may_be_adult = is_age_restricted(interaction)
        return self._shelf.leaf(typed, number=number, may_be_adult=may_be_adult)


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of pages that are turned."""
    cog = bot.browsers = Styles(bot.services.styles)
    bot.add_dynamic_items(StylesButton)
    await bot.add_cog(cog)
