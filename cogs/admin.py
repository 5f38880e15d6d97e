"""`/admin audit|ban|unban|pause|resume`. Other cogs add to `/admin` what is theirs."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.accounts.audit_trail import EXPORTED_MAX, AuditBook
from bot.accounts.house_rules import HouseBook
from bot.client import EaselBot
from bot.domain.audit_trail import AuditView
from bot.domain.jobs import UserId
from bot.ui import admin_copy
from bot.ui.admin import deed_of, require_manager
from bot.ui.audit_trail import AuditButton, Turn, audit_card
from bot.ui.files import hand_out
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper

FILE_NAME = "audit-trail.csv"
REASON_CHARS_MAX = 200


class Admin(app_commands.Group):
    """The commands that stand directly below `/admin`."""

    def __init__(self, trail: AuditBook, house: HouseBook) -> None:
        super().__init__()
        self._trail = trail
        self._house = house

    @app_commands.command()
    @app_commands.describe(member=admin_copy.AUDIT_MEMBER)
    async def audit(
        self, interaction: discord.Interaction[Any], member: discord.User | None = None
    ) -> None:
        """Show what admins did in this server, the newest first."""
        view = AuditView(
            guild_id=require_manager(interaction),
            member_id=None if member is None else UserId(member.id),
        )
        card = audit_card(await self._trail.page(view))
        await whisper(interaction, card)

    @app_commands.command()
    @app_commands.describe(member=admin_copy.BANNED_OPTION, reason=admin_copy.REASON_OPTION)
    async def ban(
        self,
        interaction: discord.Interaction[Any],
        member: discord.User,
        reason: Range[str, 1, REASON_CHARS_MAX] = "",
    ) -> None:
        """Keep a member from using Easel in this server."""
        member_id = UserId(member.id)
        await self._house.ban(deed_of(interaction), member_id, reason=reason)
        await whisper(interaction, admin_copy.kept_out(member_id))

    @app_commands.command()
    @app_commands.describe(member=admin_copy.BANNED_OPTION)
    async def unban(self, interaction: discord.Interaction[Any], member: discord.User) -> None:
        """Let a member use Easel in this server again."""
        member_id = UserId(member.id)
        await self._house.unban(deed_of(interaction), member_id)
        await whisper(interaction, admin_copy.let_in(member_id))

    @app_commands.command()
    async def pause(self, interaction: discord.Interaction[Any]) -> None:
        """Take no new requests in this server."""
        await self._house.pause(deed_of(interaction), is_paused=True)
        await whisper(interaction, admin_copy.PAUSED)

    @app_commands.command()
    async def resume(self, interaction: discord.Interaction[Any]) -> None:
        """Take requests in this server again."""
        await self._house.pause(deed_of(interaction), is_paused=False)
        await whisper(interaction, admin_copy.RESUMED)

    async def turned(
        self, interaction: discord.Interaction[Any], turn: Turn, view: AuditView
    ) -> None:
        """Turn a page of the card, or hand out the table."""
        if turn is Turn.CSV:
            await self._hand_out(interaction, view)
            return
        card = audit_card(await self._trail.page(view))
        await unbroken(interaction.response.edit_message(view=card))

    async def _hand_out(self, interaction: discord.Interaction[Any], view: AuditView) -> None:
        await think(interaction)
        table = await self._trail.table(view, deed=deed_of(interaction))
        said = admin_copy.table(table.rows, rows_max=EXPORTED_MAX)
        await hand_out(interaction, table.csv, name=FILE_NAME, said=said)


async def setup(bot: EaselBot) -> None:
    """Add the commands to `/admin`, and let the cog hear of pages that are turned."""
    admin = bot.audits = Admin(bot.services.audit_trail, bot.services.house)
    bot.add_dynamic_items(AuditButton)
    bot.add_admin(*admin.commands)
