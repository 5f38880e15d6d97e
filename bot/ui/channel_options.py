"""Options of commands that take a channel."""

from typing import Annotated, Any

import discord
from discord import app_commands

AnyChannel = app_commands.AppCommandChannel | app_commands.AppCommandThread


class AsSent(app_commands.Transformer):
    """A channel as Discord sends it along, with no look into a cache that may not have it.

    discord.py 2.7.1 would offer media channels as well (16), of which Discord's published
    description knows nothing.
    """

    def __init__(self, *types: discord.ChannelType) -> None:
        self._types = types

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The kind of option."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """What can be chosen."""
        return list(self._types)

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> AnyChannel:
        """Return what came."""
        assert isinstance(value, AnyChannel)
        return value


_PLACES = AsSent(
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
)
Place = Annotated[AnyChannel, _PLACES]
TextPlace = Annotated[AnyChannel, AsSent(discord.ChannelType.text)]
