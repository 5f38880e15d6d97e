"""`/credits`: what a member has, what is held, what moved it, what the server allows, the prices."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.accounts.money import Money
from bot.client import EaselBot
from bot.domain.credits import Cursor
from bot.domain.jobs import UserId
from bot.ui.credits import Leaf, LeafButton, cursor_of, prices_card, statement_card
from bot.ui.opening import asker_of
from bot.ui.unbroken import unbroken
from bot.ui.whispers import whisper

MOVEMENTS_A_PAGE = 10


class Credits(commands.Cog):
    """Answer questions about credits."""

    def __init__(self, money: Money) -> None:
        self._money = money

    @app_commands.command()
    async def credits(self, interaction: discord.Interaction[Any]) -> None:
        """Show your credits, what became of them, what the server allows, and the prices."""
        view = await self._statement(interaction, Cursor())
        await whisper(interaction, view)

    async def turned(self, interaction: discord.Interaction[Any], leaf: Leaf, at: int) -> None:
        """Turn to other movements or to the prices."""
        if leaf is Leaf.PRICES:
            view = prices_card(self._money.prices, page=at)
        else:
            view = await self._statement(interaction, cursor_of(leaf, at))
        await unbroken(interaction.response.edit_message(view=view))

    async def _statement(
        self, interaction: discord.Interaction[Any], cursor: Cursor
    ) -> discord.ui.LayoutView:
        owner_id = UserId(interaction.user.id)
        statement = await self._money.credits.statement(
            owner_id, limit=MOVEMENTS_A_PAGE, cursor=cursor
        )
        standings = await self._money.budgets.standings(asker_of(interaction))
        return statement_card(owner_id, statement, standings=standings)


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of pages that are turned."""
    cog = bot.leaves = Credits(bot.services.money)
    bot.add_dynamic_items(LeafButton)
    await bot.add_cog(cog)
