"""What a client would not let a person do."""

from bot.sandbox.discord.command_options import Command
from bot.sandbox.discord.permissions import Permission
from bot.sandbox.discord.world import Channel, Membership

GUILD_INSTALL, USER_INSTALL = 0, 1
IN_GUILD, IN_BOT_DM = 0, 1


class Impossible(AssertionError):
    """A test asks a person for something that their client would refuse or not even show."""


def check_may_use(command: Command, *, channel: Channel, membership: Membership | None) -> None:
    """Raise `Impossible` where a command is not offered in this place to this person."""
    context = IN_BOT_DM if channel.guild is None else IN_GUILD
    elsewhere = () if command.get("dm_permission") is False else (IN_BOT_DM,)
    if context not in (command.get("contexts") or (IN_GUILD, *elsewhere)):
        raise Impossible(f"/{command['name']} is not offered in this kind of channel")
    if channel.guild is None or membership is None:
        return
    install = GUILD_INSTALL if channel.guild.has_bot else USER_INSTALL
    if install not in (command.get("integration_types") or [GUILD_INSTALL]):
        raise Impossible(f"/{command['name']} is not offered to this kind of installation")
    if command.get("nsfw") and not channel.nsfw:
        raise Impossible(f"/{command['name']} is only offered in age-restricted channels")
    _check_permissions(command, membership)


def _check_permissions(command: Command, membership: Membership) -> None:
    is_opened = command["name"] in membership.guild.opened_commands
    wanted = Permission(0 if is_opened else int(command.get("default_member_permissions") or 0))
    held = membership.permissions
    if held & Permission.ADMINISTRATOR:
        return
    if not held & Permission.USE_APPLICATION_COMMANDS or wanted & ~held:
        raise Impossible(f"{membership.user.name} lacks the permissions for /{command['name']}")
