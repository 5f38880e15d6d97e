"""Conversations that go on: what members type into the form behind an answer's button."""

from typing import Any

import discord
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.jobs import JobId
from bot.ui.errors import answered
from bot.ui.modals import submitted_id, submitted_values
from bot.ui.presses import CONTINUE_FIELD, CONTINUE_ID, JobPresses


class Conversations(commands.Cog):
    """Take the next turn of a conversation."""

    def __init__(self, presses: JobPresses) -> None:
        self._presses = presses

    @commands.Cog.listener("on_interaction")
    async def take_turns(self, interaction: discord.Interaction[Any]) -> None:
        """Take what members sent in, whichever process showed them the form."""
        form = CONTINUE_ID.fullmatch(submitted_id(interaction) or "")
        if form is None:
            return
        async with answered(interaction):
            prompt = submitted_values(interaction)[CONTINUE_FIELD]
            await self._presses.go_on(interaction, JobId(form["job"]), prompt=prompt)


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Conversations(bot.presses))
