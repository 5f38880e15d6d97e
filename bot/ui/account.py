"""What a member sees of their own account: credits, keys, and what the bot is."""

from dataclasses import asdict
from typing import Any

import discord
from discord import ui

from bot.domain.preferences import Preferences
from bot.ui import copy

_BLUE = discord.Colour(0x3B82F6)


def preferences_card(preferences: Preferences) -> ui.LayoutView:
    """List what a member has set, one line each."""
    usual = asdict(Preferences())
    lines = [
        copy.default(name, value)
        for name, value in asdict(preferences).items()
        if value != usual[name]
    ]
    if not lines:
        return plain_card(copy.DEFAULTS, copy.NO_DEFAULTS)
    return plain_card(copy.DEFAULTS, "\n".join(lines), copy.small(copy.DEFAULTS_HINT))


def about_card(text: str) -> ui.LayoutView:
    """Show what the bot says of itself."""
    return plain_card(copy.NAME, text)


def plain_card(title: str, *lines: str) -> ui.LayoutView:
    """Show a title and some lines, with nothing to press."""
    box: ui.Container[Any] = ui.Container(accent_colour=_BLUE)
    for line in (copy.heading(title), *lines):
        box.add_item(ui.TextDisplay(line))
    view = ui.LayoutView(timeout=None).add_item(box)
    view.stop()  # nothing to press: discord.py would keep an ephemeral view for 15 minutes
    return view
