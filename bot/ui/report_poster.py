"""Reports as messages: posted once, by a nonce that Discord remembers."""

import discord

from bot.domain.errors import CardDelayed
from bot.ui import copy
from bot.ui.delivery import LIMIT_PAUSE_S, RETRY_PAUSE_S, translated
from bot.ui.reports import Filed, report_message
from bot.ui.unbroken import NO_CONNECTION, unbroken


class ReportPoster:
    """Write reports into channels."""

    def __init__(self, bot: discord.Client) -> None:
        self._bot = bot

    async def post(self, filed: Filed, *, channel_id: int) -> None:
        """Post a report; a repeat within minutes posts nothing. Raises `CardLost`, `CardDelayed`."""
        channel = self._bot.get_partial_messageable(channel_id)
        try:
            await unbroken(channel.send(view=report_message(filed), nonce=filed.report.id))
        except discord.HTTPException as error:
            raise translated(error) from error
        except discord.RateLimited as error:
            raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=LIMIT_PAUSE_S) from error
        except NO_CONNECTION as error:
            raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=RETRY_PAUSE_S) from error
