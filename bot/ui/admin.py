"""`/admin`: one command, to which several cogs add theirs, behind one check of ours.

Discord hides the command from whoever may not manage the server, but a server can change that in
its own settings, and a button can outlive a right. So every way in asks `may_manage`, which reads
what the interaction itself says of the member: the tree for commands and suggestions
(`bot.client.Tree`), `require_manager` for buttons and forms.
"""

from collections.abc import Mapping
from typing import Any, cast

import discord
from discord import app_commands

from bot.domain.audit_trail import Deed
from bot.domain.errors import NotAllowed
from bot.domain.jobs import UserId
from bot.ui import admin_copy

NAME = "admin"


def admin_root() -> app_commands.Group:
    """Return the command that all others of admins hang on; it cannot be run by itself."""
    return app_commands.Group(
        name=NAME,
        description=admin_copy.ADMIN,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=False, private_channel=False
        ),
        default_permissions=discord.Permissions(manage_guild=True),
    )


def may_manage(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether Discord says that this member manages this server."""
    held = interaction.permissions
    return interaction.guild_id is not None and (held.manage_guild or held.administrator)


def require_manager(interaction: discord.Interaction[Any]) -> int:
    """Return the server's id; raise `NotAllowed` for whoever does not manage it."""
    if interaction.guild_id is None or not may_manage(interaction):
        raise NotAllowed(admin_copy.MANAGERS_ONLY)
    return interaction.guild_id


def deed_of(interaction: discord.Interaction[Any]) -> Deed:
    """Return who acts; raise `NotAllowed` for whoever does not manage this server."""
    return Deed(
        id=str(interaction.id),
        by=UserId(interaction.user.id),
        guild_id=require_manager(interaction),
    )


def is_admin_command(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether a command, or what is typed into one, belongs to `/admin`."""
    data = cast(Mapping[str, Any], interaction.data or {})
    return data.get("name") == NAME and data.get("type") == discord.AppCommandType.chat_input.value
