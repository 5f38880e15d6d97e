"""Small cards, mostly for one pair of eyes: a title and lines in one coloured box, buttons below."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.ui import copy

BLUE = discord.Colour(0x3B82F6)
YELLOW = discord.Colour(0xEAB308)
AMBER = discord.Colour(0xD97706)
GREEN = discord.Colour(0x22C55E)
RED = discord.Colour(0xEF4444)
GREY = discord.Colour(0x6B7280)


def small_card(
    title: str,
    *lines: str | None,
    colour: discord.Colour = BLUE,
    buttons: Sequence[ui.Item[Any]] = (),
) -> ui.LayoutView:
    """Show a title, the lines that there are, and a row of buttons."""
    box: ui.Container[Any] = ui.Container(accent_colour=colour)
    for line in (copy.heading(title), *lines):
        if line:
            box.add_item(ui.TextDisplay(line))
    if buttons:
        box.add_item(ui.ActionRow(*buttons))
    return unlisted(box)


def unlisted(box: ui.Container[Any]) -> ui.LayoutView:
    """Return a view that stays out of discord.py's store.

    There an ephemeral view is ended after 15 minutes, and takes the templates of its dynamic
    items with it, for every message that has such a button.
    """
    view = ui.LayoutView(timeout=None).add_item(box)
    view.stop()
    return view
