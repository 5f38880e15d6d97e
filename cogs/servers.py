"""Servers come and go: what is stored of those that were left goes after a while."""

import discord
from discord.ext import commands

from bot.client import EaselBot
from bot.jobs.caretakers import Caretakers


class Servers(commands.Cog):
    """Hear of servers. An outage is no departure: discord.py tells of that as unavailable."""

    def __init__(self, bot: EaselBot, care: Caretakers) -> None:
        self._bot = bot
        self._care = care

    @commands.Cog.listener("on_guild_remove")
    async def left(self, guild: discord.Guild) -> None:
        """Note that the bot was removed, or the server deleted."""
        await self._care.departures.left(guild.id)

    @commands.Cog.listener("on_guild_join")
    async def back(self, guild: discord.Guild) -> None:
        """Note that the bot is in a server, perhaps again."""
        await self._care.departures.back(guild.id)

    @commands.Cog.listener("on_ready")
    async def compare(self) -> None:
        """Find servers that were left while the bot was away; again after each new session."""
        present = {guild.id for guild in self._bot.guilds}
        await self._care.departures.compare(present, ours=self._is_ours)

    def _is_ours(self, guild_id: int) -> bool:
        """Tell whether a server belongs to a shard of this process."""
        shards = self._bot.shard_count or 1
        return (guild_id >> 22) % shards in self._bot.shards


async def setup(bot: EaselBot) -> None:
    """Load the cog."""
    await bot.add_cog(Servers(bot, bot.services.care))
