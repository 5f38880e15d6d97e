"""`/credits` on one ephemeral card: movements by the page, what the server allows, and the prices.

Its buttons carry the place in the statement, so any process can turn the page.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.budgets import Standing
from bot.domain.credits import (
    SEQ_MAX,
    Cursor,
    Statement,
    member_account,
)
from bot.domain.jobs import UserId
from bot.domain.pricing import USUAL, PriceList
from bot.ui import budget_copy, copy, credits_copy
from bot.ui.boxes import small_card
from bot.ui.buttons import Answering

PRICES_A_PAGE = 4


class Leaf(StrEnum):
    """What a button of the card turns to; the value is part of its id."""

    OLDER = "older"
    NEWER = "newer"
    PRICES = "prices"


class Leaves(Protocol):
    """Who acts when a button of the card is pressed."""

    async def turned(self, interaction: discord.Interaction[Any], leaf: Leaf, at: int) -> None:
        """Show what was turned to and answer the interaction."""
        ...


class _Client(Protocol):
    leaves: Leaves


class LeafButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"credits:v1:(?P<leaf>older|newer|prices):(?P<at>[0-9]{1,19})",
):
    """Turn to movements beyond a place, or to a page of prices."""

    def __init__(self, leaf: Leaf, at: int, *, label: str = "") -> None:
        self.leaf, self.at = leaf, at
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or None,
                emoji=_EMOJI[leaf],
                custom_id=f"credits:v1:{leaf}:{at}",
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(Leaf(match["leaf"]), int(match["at"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.leaves.turned(interaction, self.leaf, self.at)


_EMOJI = {Leaf.OLDER: "◀️", Leaf.NEWER: "▶️", Leaf.PRICES: "🏷️"}


def cursor_of(leaf: Leaf, at: int) -> Cursor:
    """Return the page of movements that a button turns to."""
    return Cursor(seq=at, way="newer" if leaf is Leaf.NEWER else "older")


def statement_card(
    owner_id: UserId, statement: Statement, *, standings: Sequence[Standing] = ()
) -> ui.LayoutView:
    """Show a balance, how the server's budgets stand, and some movements, in words."""
    account = member_account(owner_id)
    movements = [
        credits_copy.movement(transfer, account=account) for transfer in statement.transfers
    ]
    return small_card(
        credits_copy.CREDITS,
        credits_copy.balance(statement.balance),
        credits_copy.renewal(statement.daily, renews_at=statement.renews_at),
        "\n".join(credits_copy.small_line(budget_copy.standing(found)) for found in standings),
        "\n".join(movements) or credits_copy.NO_MOVEMENTS,
        buttons=_pages(statement),
    )


def prices_card(prices: PriceList, *, page: int) -> ui.LayoutView:
    """Show a page of the price list, in its order; the usual prices come last."""
    listed = prices.prices if USUAL in prices.prices else (*prices.prices, USUAL)
    start = page * PRICES_A_PAGE
    shown = listed[start : start + PRICES_A_PAGE]
    buttons = [LeafButton(Leaf.OLDER, SEQ_MAX, label=credits_copy.BACK)]
    if start + PRICES_A_PAGE < len(listed):
        buttons.append(LeafButton(Leaf.PRICES, page + 1, label=credits_copy.MORE_PRICES))
    return small_card(
        credits_copy.PRICES,
        *(credits_copy.price(price) for price in shown),
        copy.small(credits_copy.PRICES_HINT),
        buttons=buttons,
    )


def _pages(statement: Statement) -> list[LeafButton]:
    rows = statement.transfers
    wanted = (
        (statement.has_newer and rows, Leaf.NEWER, rows[0].seq if rows else 0, credits_copy.NEWER),
        (statement.has_older and rows, Leaf.OLDER, rows[-1].seq if rows else 0, credits_copy.OLDER),
        (True, Leaf.PRICES, 0, credits_copy.PRICES),
    )
    return [LeafButton(leaf, at, label=label) for is_wanted, leaf, at, label in wanted if is_wanted]
