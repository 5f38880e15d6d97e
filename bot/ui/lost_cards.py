"""Closes the cards of commands that were answered and never became a job."""

import discord

from bot.domain.claims import Claim
from bot.ui.buttons import Action, custom_id
from bot.ui.cards import lost
from bot.ui.discord_refusals import translated
from bot.ui.unbroken import unbroken

ORIGINAL = "@original"


class LostCards:
    """Find first answers again by their interactions' tokens."""

    def __init__(self, bot: discord.Client) -> None:
        self._bot = bot

    async def close(self, claim: Claim) -> None:
        """Say on a card that its job never began; a card that shows more is left alone."""
        hook = discord.Webhook.partial(claim.application_id, claim.token, client=self._bot)
        with translated():
            # The name stands where the library wants a number, which it only writes into the path.
            message = await unbroken(hook.fetch_message(ORIGINAL))  # type: ignore[arg-type]
            if _is_as_it_began(message, claim):
                await unbroken(hook.edit_message(ORIGINAL, view=lost(message)))  # type: ignore[call-overload]


def _is_as_it_began(message: discord.Message, claim: Claim) -> bool:
    """Tell whether a card still offers to cancel and was never edited since its first version."""
    shown = discord.ui.LayoutView.from_message(message, timeout=None)
    ids = {getattr(item, "custom_id", None) for item in shown.walk_children()}
    return message.edited_at is None and custom_id(Action.CANCEL, claim.id) in ids
