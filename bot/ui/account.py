"""What a member sees of their own account: credits, keys, and what the bot is."""

from dataclasses import asdict

from discord import ui

from bot.domain.preferences import Preferences
from bot.ui import copy
from bot.ui.boxes import small_card


def preferences_card(preferences: Preferences) -> ui.LayoutView:
    """List what a member has set, one line each."""
    usual = asdict(Preferences())
    lines = [
        copy.default(name, value)
        for name, value in asdict(preferences).items()
        if value != usual[name]
    ]
    if not lines:
        return small_card(copy.DEFAULTS, copy.NO_DEFAULTS)
    return small_card(copy.DEFAULTS, "\n".join(lines), copy.small(copy.DEFAULTS_HINT))


def about_card(text: str) -> ui.LayoutView:
    """Show what the bot says of itself."""
    return small_card(copy.NAME, text)
