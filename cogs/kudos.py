"""`/kudos`: a member's own account at the AI Horde, and gifts from it."""

from typing import Any, assert_never

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.accounts.kudos import KudosDesk
from bot.client import EaselBot
from bot.domain.jobs import UserId
from bot.domain.kudos import AMOUNT_MAX, GiftId
from bot.ui.kudos import (
    COMMANDS,
    GIVE_OPTIONS,
    KudosAction,
    KudosButton,
    account_card,
    confirm_card,
    given_card,
    given_up_card,
)
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper


class Kudos(commands.GroupCog, name="kudos", description=COMMANDS):
    """Show an account and give from it."""

    def __init__(self, desk: KudosDesk) -> None:
        self._desk = desk

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show the kudos of your own account, and what it may do."""
        await think(interaction)
        view = account_card(await self._desk.account(UserId(interaction.user.id)))
        await unbroken(interaction.edit_original_response(view=view))

    @app_commands.command()
    @app_commands.describe(**GIVE_OPTIONS)
    async def give(
        self,
        interaction: discord.Interaction[Any],
        to: Range[str, 3, 120],
        amount: Range[int, 1, AMOUNT_MAX],
    ) -> None:
        """Give kudos from your own account to another; you are asked once more before."""
        gift = await self._desk.ask(
            GiftId(str(interaction.id)),
            owner_id=UserId(interaction.user.id),
            to=to,
            amount=amount,
        )
        view = confirm_card(gift)
        await whisper(interaction, view)

    async def decided(
        self, interaction: discord.Interaction[Any], action: KudosAction, gift_id: GiftId
    ) -> None:
        """Send a gift, or give it up."""
        owner_id = UserId(interaction.user.id)
        await unbroken(interaction.response.defer())
        match action:
            case KudosAction.GIVE:
                view = given_card(await self._desk.send(gift_id, by=owner_id))
            case KudosAction.DROP:
                view = given_up_card(await self._desk.drop(gift_id, by=owner_id))
            case _:
                assert_never(action)
        await unbroken(interaction.edit_original_response(view=view))


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of gifts that are confirmed."""
    cog = bot.kudos_givers = Kudos(bot.services.kudos)
    bot.add_dynamic_items(KudosButton)
    await bot.add_cog(cog)
