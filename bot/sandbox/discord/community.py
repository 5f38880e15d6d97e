"""A server as tests and demos fill it: channels and members."""

from bot.sandbox.discord.gateway import Intent
from bot.sandbox.discord.payloads import channel_payload, role_payload
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.permissions import EVERYONE, named
from bot.sandbox.discord.stage import Stage
from bot.sandbox.discord.world import Channel, Guild, Membership, Role


class Community:
    """A guild with verbs."""

    def __init__(self, guild: Guild, *, stage: Stage) -> None:
        self.guild = guild
        self._stage = stage

    @property
    def id(self) -> str:
        """The guild's id."""
        return self.guild.id

    @property
    def name(self) -> str:
        """The guild's name."""
        return self.guild.name

    def channel(self, name: str, *, nsfw: bool = False) -> Channel:
        """Make a text channel; a connected bot hears of it."""
        channel = self._stage.world.add_channel(self.guild, name, nsfw=nsfw)
        if self.guild.has_bot:
            self._stage.gateway.dispatch(
                "CHANNEL_CREATE", channel_payload(channel), guild=self.guild, intent=Intent.GUILDS
            )
        return channel

    def role(self, name: str, *members: Person) -> Role:
        """Make a role and give it to members; a connected bot hears of it."""
        role = self._stage.world.add_role(self.guild, name)
        if self.guild.has_bot:
            event = {"guild_id": self.guild.id, "role": role_payload(role)}
            self._stage.gateway.dispatch(
                "GUILD_ROLE_CREATE", event, guild=self.guild, intent=Intent.GUILDS
            )
        for person in members:
            self.guild.members[person.id].role_ids.append(role.id)
        return role

    def member(self, name: str, *, locale: str = "en-US", **permissions: bool) -> Person:
        """Make a member; permissions go by name, `manage_messages=True`."""
        granted, taken = named(permissions)
        user = self._stage.world.add_user(name, locale=locale)
        self.guild.members[user.id] = Membership(
            user=user,
            guild=self.guild,
            joined_at=self._stage.clock.now().isoformat(),
            permissions=(EVERYONE | granted) & ~taken,
        )
        return Person(user, stage=self._stage, home=self.guild)

    def opens_command(self, name: str) -> None:
        """Offer a command to every member, as whoever runs a server can in its settings.

        Discord, "Application Commands", permissions: they go before `default_member_permissions`.
        """
        self.guild.opened_commands.add(name)
