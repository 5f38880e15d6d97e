"""`/credits`: what a member has, what is held, and what moved it."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.accounts.money import Money
from bot.client import EaselBot
from bot.domain.jobs import UserId
from bot.ui.account import statement_card
from bot.ui.unbroken import unbroken

MOVEMENTS_READ = 20  # a job makes two, of which the second is shown


class Credits(commands.Cog):
    """Answer questions about credits."""

    def __init__(self, money: Money) -> None:
        self._money = money

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def credits(self, interaction: discord.Interaction[Any]) -> None:
        """Show your credits and what became of them."""
        owner_id = UserId(interaction.user.id)
        statement = await self._money.credits.statement(owner_id, limit=MOVEMENTS_READ)
        view = statement_card(
            owner_id,
            balance=statement.balance,
            daily=statement.daily,
            renews_at=statement.renews_at,
            transfers=statement.transfers,
        )
        await unbroken(interaction.response.send_message(view=view, ephemeral=True))


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Credits(bot.services.money))
