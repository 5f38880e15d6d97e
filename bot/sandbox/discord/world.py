"""Who and what exists: users, guilds, channels, memberships, and the application itself.

Plain records with ids; how they look on the wire is in `payloads.py`.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from bot.sandbox.discord.permissions import BOT, EVERYONE, NOTHING, Permission
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint
from bot.sandbox.discord.wire import Json, missing_access, missing_permissions, unknown_channel


class ChannelType(IntEnum):
    """Discord's channel types that this world has."""

    TEXT = 0
    DM = 1


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """An account, human or bot."""

    id: str
    name: str
    locale: str = "en-US"
    is_bot: bool = False
    takes_dms: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Role:
    """A role of a guild; here it grants nothing, it only groups members."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class Guild:
    """A server. Without the bot (`has_bot`) only user-installed commands run there."""

    id: str
    name: str
    owner_id: str
    locale: str = "en-US"
    has_bot: bool = True
    is_available: bool = True
    bot_permissions: Permission = BOT
    file_bytes_max: int
    members: dict[str, "Membership"] = field(default_factory=dict)
    channels: dict[str, "Channel"] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    opened_commands: set[str] = field(default_factory=set)
    """Commands that the server's own settings offer to everybody, whatever they ask for."""


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A text channel of a guild, or the bot's DM with a user."""

    id: str
    name: str
    type: ChannelType = ChannelType.TEXT
    guild: Guild | None = None
    recipient: User | None = None
    nsfw: bool = False
    archived: bool = False
    locked: bool = False
    """A thread that only who manages it may open again."""
    denied_to_bot: Permission = NOTHING


@dataclass(slots=True, kw_only=True, eq=False)
class Membership:
    """A user's place in a guild."""

    user: User
    guild: Guild
    joined_at: str
    permissions: Permission = EVERYONE
    role_ids: list[str] = field(default_factory=list)
    nick: str | None = None


class World:
    """Everything that exists, found by id."""

    def __init__(self, *, rules: DiscordRules, mint: Mint) -> None:
        self._rules = rules
        self._mint = mint
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.application_id = mint.mint()
        self.owner = self.add_user("owner")
        self.bot = User(id=self.application_id, name="sandbox-bot", is_bot=True)
        self.users[self.bot.id] = self.bot
        self.entitlements: list[Json] = []

    def add_user(self, name: str, *, locale: str = "en-US") -> User:
        """Make an account."""
        user = User(id=self._mint.mint(), name=name, locale=locale)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, locale: str = "en-US", has_bot: bool = True) -> Guild:
        """Make a server; ids go round the shards."""
        shards = self._rules.shards
        guild = Guild(
            id=self._mint.mint_guild(shard=len(self.guilds) % shards, shards=shards),
            name=name,
            owner_id=self.owner.id,
            locale=locale,
            has_bot=has_bot,
            file_bytes_max=self._rules.file_bytes_max,
        )
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, guild: Guild, name: str, *, nsfw: bool = False) -> Channel:
        """Make a text channel."""
        channel = Channel(id=self._mint.mint(), name=name, guild=guild, nsfw=nsfw)
        guild.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def add_role(self, guild: Guild, name: str) -> Role:
        """Make a role."""
        role = Role(id=self._mint.mint(), name=name)
        guild.roles[role.id] = role
        return role

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel."""
        del self.channels[channel.id]
        if channel.guild is not None:
            del channel.guild.channels[channel.id]

    def dm_with(self, user: User) -> Channel:
        """Find or open the bot's direct messages with a user."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(id=self._mint.mint(), name=user.name, type=ChannelType.DM, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def channel_for_bot(self, channel_id: str, *needs: Permission) -> Channel:
        """Find a channel the bot may use so. Raises 10003, 50001 or 50013."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown_channel()
        if channel.guild is None:
            return channel
        allowed = bot_permissions(channel)
        if not channel.guild.has_bot or not allowed & Permission.VIEW_CHANNEL:
            raise missing_access()
        if any(not allowed & need for need in needs):
            raise missing_permissions()
        return channel


def bot_permissions(channel: Channel) -> Permission:
    """Say what the bot may do in a channel."""
    if channel.guild is None:
        return EVERYONE
    return channel.guild.bot_permissions & ~channel.denied_to_bot


def shard_of(guild: Guild | None, shards: int) -> int:
    """Which shard hears about a guild; direct messages belong to shard 0."""
    return 0 if guild is None else (int(guild.id) >> 22) % shards
