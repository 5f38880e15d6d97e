"""`/admin audit`: what was done in this server, by whom. Other cogs add to `/admin` what is theirs."""

import io
from typing import Any

import discord
from discord import app_commands

from bot.accounts.audit_trail import EXPORTED_MAX, AuditBook
from bot.client import EaselBot
from bot.domain.audit_trail import AuditView
from bot.domain.jobs import UserId
from bot.ui import admin_copy
from bot.ui.admin import require_manager
from bot.ui.audit_trail import AuditButton, Turn, audit_card
from bot.ui.unbroken import unbroken

FILE_NAME = "audit-trail.csv"


class Admin(app_commands.Group):
    """The commands that stand directly below `/admin`."""

    def __init__(self, trail: AuditBook) -> None:
        super().__init__()
        self._trail = trail

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
        await unbroken(interaction.response.send_message(view=card, ephemeral=True))

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
        await unbroken(interaction.response.defer(ephemeral=True, thinking=True))
        by = UserId(interaction.user.id)
        table = await self._trail.table(view, act_id=str(interaction.id), by=by)
        said = admin_copy.table(table.rows, rows_max=EXPORTED_MAX)
        file = discord.File(io.BytesIO(table.csv), filename=FILE_NAME)
        await unbroken(interaction.followup.send(said, file=file, ephemeral=True))


async def setup(bot: EaselBot) -> None:
    """Add the commands to `/admin`, and let the cog hear of pages that are turned."""
    admin = bot.audits = Admin(bot.services.audit_trail)
    bot.add_dynamic_items(AuditButton)
    bot.add_admin(*admin.commands)
