"""What a member sees of their own account: credits, keys, and what the bot is."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.domain.credits import Balance, Microcredits, Transfer, member_account
from bot.domain.jobs import UserId
from bot.domain.preferences import Preferences
from bot.ui import copy, credits_copy

_BLUE = discord.Colour(0x3B82F6)


def statement_card(
    owner_id: UserId,
    *,
    balance: Balance,
    daily: Microcredits,
    renews_at: datetime,
    transfers: Sequence[Transfer],
) -> ui.LayoutView:
    """Show a balance and the newest movements, in words."""
    account = member_account(owner_id)
    resolved = {transfer.reserve_id for transfer in transfers}  # their outcome tells it all
    lines = [
        credits_copy.movement(transfer, account=account)
        for transfer in transfers
        if transfer.id not in resolved
    ]
    return plain_card(
        credits_copy.CREDITS,
        credits_copy.balance(balance),
        credits_copy.renewal(daily, renews_at=renews_at),
        "\n".join(lines) or credits_copy.NO_MOVEMENTS,
    )


def preferences_card(preferences: Preferences) -> ui.LayoutView:
    """List what a member has set, one line each."""
    lines = [copy.default(name, value) for name, value in asdict(preferences).items() if value]
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
