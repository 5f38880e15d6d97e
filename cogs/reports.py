"""`/report`: members say what is wrong, and those who look after a place handle it."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import ContextMenu
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.audit_trail import Deed
from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.jobs import JobId, UserId
from bot.domain.reports import Report, ReportId
from bot.jobs.caretakers import Caretakers
from bot.ui import report_copy
from bot.ui.admin import require_manager
from bot.ui.errors import answered
from bot.ui.modals import submitted_values
from bot.ui.reports import (
    LINK,
    MESSAGE_LINK,
    WORDS,
    HandledButton,
    ReportForm,
    Shown,
    job_on,
    pointed_at,
    report_message,
    waiting_card,
)
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper, whisper_late


class Reports(commands.Cog):
    """Take reports in, show them, close them."""

    def __init__(self, care: Caretakers) -> None:
        self._care = care

    @app_commands.command(description=report_copy.COMMAND)
    async def report(self, interaction: discord.Interaction[Any]) -> None:
        """Ask what is wrong."""
        form = ReportForm(message=None, job_id=None)
        await unbroken(interaction.response.send_modal(form))

    async def point_at(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        """Ask what is wrong with a message of ours."""
        if interaction.client.user is None or message.author.id != interaction.client.user.id:
            raise InvalidRequest(report_copy.NOT_MINE)
        form = ReportForm(message=message, job_id=job_on(message))
        await unbroken(interaction.response.send_modal(form))

    @commands.Cog.listener("on_interaction")
    async def take_forms(self, interaction: discord.Interaction[Any]) -> None:
        """Take the reports that members sent in, whichever process showed them the form."""
        about = pointed_at(interaction)
        if about is None:
            return
        async with answered(interaction):
            await self._take(interaction, *about)

    async def _take(
        self, interaction: discord.Interaction[Any], link: str | None, job_id: JobId | None
    ) -> None:
        values = submitted_values(interaction)
        report = Report(
            id=ReportId(str(interaction.id)),
            owner_id=UserId(interaction.user.id),
            guild_id=interaction.guild_id,
            words=values[WORDS],
            created_at=interaction.created_at,
            job_id=job_id,
            link=link or _link(values.get(LINK, "")),
        )
        await think(interaction)
        await self._care.reports.file(report)
        await whisper_late(interaction, report_copy.KEPT)

    async def handled(
        self, interaction: discord.Interaction[Any], shown: Shown, report_id: ReportId
    ) -> None:
        """Close a report for whoever may manage messages where it is shown."""
        guild_id, channel_id = interaction.guild_id, interaction.channel_id
        held = interaction.permissions
        may_handle = held.manage_messages or held.manage_guild or held.administrator
        if guild_id is None or channel_id is None or not may_handle:
            raise NotAllowed(report_copy.SERVER_ONLY)
        deed = Deed(id=str(interaction.id), by=UserId(interaction.user.id), guild_id=guild_id)
        filed = await self._care.reports.handle(report_id, deed=deed, channel_id=channel_id)
        if shown is Shown.POSTED:
            view = report_message(filed)
        else:
            view = waiting_card(await self._care.reports.waiting(guild_id))
        await unbroken(interaction.response.edit_message(view=view))

    async def list(self, interaction: discord.Interaction[Any]) -> None:
        """Show an admin what waits in their server."""
        view = waiting_card(await self._care.reports.waiting(require_manager(interaction)))
        await whisper(interaction, view)


def _link(text: str) -> str | None:
    """Return the link of a message as it was given; `InvalidRequest` for anything else."""
    given = text.strip()
    if not given:
        return None
    if not MESSAGE_LINK.fullmatch(given):
        raise InvalidRequest(report_copy.NO_LINK)
    return given


async def setup(bot: EaselBot) -> None:
    """Load the cog and its menu, and let it hear of the button."""
    cog = bot.handlers = Reports(bot.services.care)
    bot.add_dynamic_items(HandledButton)
    bot.tree.add_command(ContextMenu(name=report_copy.MENU, callback=cog.point_at))
    bot.add_admin(
        app_commands.Command(
            name="reports", description=report_copy.LIST_COMMAND, callback=cog.list
        )
    )
    await bot.add_cog(cog)
