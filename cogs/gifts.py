"""`/gift`: credits for another member or for the server's pool, after a question."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.accounts.money import Money
from bot.client import EaselBot
from bot.domain.credits import AccountId, credits_of, member_account, server_account
from bot.domain.errors import InvalidRequest
from bot.domain.gifts import GIFT_CREDITS_MAX, Gift
from bot.domain.jobs import UserId
from bot.ui import credits_copy
from bot.ui.gifts import Answer, GiftButton, answered_card, question_card, to
from bot.ui.unbroken import unbroken
from bot.ui.whispers import whisper


class Gifts(commands.Cog):
    """Let members give credits away."""

    def __init__(self, money: Money) -> None:
        self._money = money

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.describe(amount=credits_copy.GIFT_AMOUNT, member=credits_copy.GIFT_MEMBER)
    async def gift(
        self,
        interaction: discord.Interaction[Any],
        amount: Range[int, 1, GIFT_CREDITS_MAX],
        member: discord.User | None = None,
    ) -> None:
        """Give some of your credits to another member, or to this server's pool."""
        gift = Gift(
            id=str(interaction.id),
            giver=UserId(interaction.user.id),
            receiver=_receiver(interaction, member),
            amount=credits_of(amount),
        )
        giving = await self._money.gifts.ask(gift)
        view = question_card(gift, amount, giving)
        await whisper(interaction, view)

    async def answered(
        self, interaction: discord.Interaction[Any], answer: Answer, gift: Gift
    ) -> None:
        """Give, or close the question."""
        if answer is Answer.LEAVE:
            view = answered_card(credits_copy.NOTHING_GIVEN)
            await unbroken(interaction.response.edit_message(view=view))
            return
        await unbroken(interaction.response.defer())
        asked_at = discord.utils.snowflake_time(int(gift.id))
        is_new, available = await self._money.gifts.give(gift, asked_at=asked_at)
        view = answered_card(credits_copy.given(gift.amount, to=to(gift), available=available))
        await unbroken(interaction.edit_original_response(view=view))
        if is_new:
            said = credits_copy.announced(gift.amount, giver=gift.giver, to=to(gift))
            await unbroken(interaction.followup.send(said))


def _receiver(interaction: discord.Interaction[Any], member: discord.User | None) -> AccountId:
    if member is None:
        assert interaction.guild_id is not None, "offered in servers only"
        return server_account(interaction.guild_id)
    if member.bot:
        raise InvalidRequest(credits_copy.NO_GIFTS_TO_BOTS)
    return member_account(member.id)


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of questions that are answered."""
    cog = bot.givers = Gifts(bot.services.money)
    bot.add_dynamic_items(GiftButton)
    await bot.add_cog(cog)
