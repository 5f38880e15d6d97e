"""Reports as messages: posted once, by a nonce that Discord remembers."""

import discord

from bot.domain.reports import Filed
from bot.ui.discord_refusals import translated
from bot.ui.reports import report_message
from bot.ui.unbroken import unbroken


class ReportPoster:
    """Write reports into channels."""

    def __init__(self, bot: discord.Client) -> None:
        self._bot = bot

    async def post(self, filed: Filed, *, channel_id: int) -> None:
        """Post a report; a repeat within minutes posts nothing. Raises `CardLost`, `CardDelayed`."""
        channel = self._bot.get_partial_messageable(channel_id)
        with translated():
            await unbroken(channel.send(view=report_message(filed), nonce=filed.report.id))
