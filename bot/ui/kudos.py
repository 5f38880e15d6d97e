"""Kudos: an account at the Horde, and a gift that has to be confirmed. Only its owner sees them."""

import re
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.kudos import AccountInfo, Gift, GiftId
from bot.ui import copy, texts
from bot.ui.boxes import GREEN, GREY, small_card
from bot.ui.buttons import Answering

NAME_CHARS_MAX = 120

COMMANDS = "Your own account at the AI Horde."
GIVE_OPTIONS = {"to": "Whom, as the Horde names them: someone#123", "amount": "How many kudos"}
ACCOUNT = "Your kudos"
CONFIRM = "Give kudos away?"
CANNOT_BE_UNDONE = "Nobody can take them back."
GIVEN = "Given"
GIVEN_UP = "Given up"
NOTHING_SENT = "Nothing was sent."
GIVE, NEVER_MIND = "Give", "Never mind"


class KudosAction(StrEnum):
    """What a button of a gift does; the value is part of its id."""

    GIVE = "give"
    DROP = "drop"


class KudosGivers(Protocol):
    """Who acts when a gift is confirmed or given up."""

    async def decided(
        self, interaction: discord.Interaction[Any], action: KudosAction, gift_id: GiftId
    ) -> None:
        """Do it and answer the interaction."""
        ...


class _Client(Protocol):
    kudos_givers: KudosGivers


class KudosButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"kudos:v1:(?P<action>give|drop):(?P<gift>[0-9]{1,20})",
):
    """A button that acts on the gift named in its id; the label matters only where it is drawn."""

    def __init__(self, action: KudosAction, gift_id: GiftId, *, label: str = "…") -> None:
        self.action = action
        self.gift_id = gift_id
        is_give = action is KudosAction.GIVE
        style = discord.ButtonStyle.primary if is_give else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(style=style, label=label, custom_id=f"kudos:v1:{action}:{gift_id}")
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(KudosAction(match["action"]), GiftId(match["gift"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.kudos_givers.decided(interaction, self.action, self.gift_id)


def account_card(account: AccountInfo) -> ui.LayoutView:
    """Show an account."""
    name = texts.inline(account.name, chars_max=NAME_CHARS_MAX)
    lines = [
        f"**{account.balance:,.0f} {account.unit}** on {name}",
        f"{account.waiting_max} requests may wait at a time.",
        *(f"{name}: {figure}" for name, figure in account.figures),
    ]
    marks = copy.small(*account.marks) if account.marks else None
    return small_card(ACCOUNT, *lines, marks)


def confirm_card(gift: Gift) -> ui.LayoutView:
    """Ask whether a gift shall be sent."""
    buttons = (
        KudosButton(KudosAction.GIVE, gift.id, label=GIVE),
        KudosButton(KudosAction.DROP, gift.id, label=NEVER_MIND),
    )
    return small_card(CONFIRM, _told(gift), CANNOT_BE_UNDONE, buttons=buttons)


def given_card(gift: Gift) -> ui.LayoutView:
    """Say that a gift was sent."""
    return small_card(GIVEN, _told(gift), colour=GREEN)


def given_up_card(gift: Gift) -> ui.LayoutView:
    """Say that a gift was not sent."""
    return small_card(GIVEN_UP, _told(gift), NOTHING_SENT, colour=GREY)


def _told(gift: Gift) -> str:
    return f"**{gift.amount:,} kudos** for {texts.inline(gift.receiver, chars_max=NAME_CHARS_MAX)}"
