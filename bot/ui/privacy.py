"""The card on which a member confirms that everything about them is to be erased."""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import NotAllowed
from bot.domain.jobs import UserId
from bot.ui import copy, privacy_copy
from bot.ui.account import plain_card
from bot.ui.buttons import Answering

_RED = discord.Colour(0xDC2626)


class Erasures(Protocol):
    """Who acts when the button is pressed."""

    async def erase(self, interaction: discord.Interaction[Any]) -> None:
        """Erase everything about whoever pressed and answer the interaction."""
        ...


class _Client(Protocol):
    erasures: Erasures


class EraseButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"privacy:v1:erase:(?P<owner>[0-9]{1,20})",
):
    """The confirmation; its id says whose data it is about."""

    def __init__(self, owner_id: UserId) -> None:
        self.owner_id = owner_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger,
                label=privacy_copy.ERASE_BUTTON,
                custom_id=f"privacy:v1:erase:{owner_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        _item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the id and nothing else: what is raised here reaches nobody."""
        return cls(UserId(int(match["owner"])))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Take the press of the member whose data it is, and of nobody else."""
        if interaction.user.id != self.owner_id:
            raise NotAllowed(privacy_copy.NOT_YOUR_ERASURE)
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.erasures.erase(interaction)


def erase_card(owner_id: UserId) -> ui.LayoutView:
    """Say what an erasure takes and what it leaves, with the button that does it."""
    box: ui.Container[Any] = ui.Container(accent_colour=_RED)
    box.add_item(ui.TextDisplay(copy.heading(privacy_copy.ERASE_TITLE)))
    box.add_item(ui.TextDisplay(privacy_copy.ERASE_WHAT))
    box.add_item(ui.TextDisplay(privacy_copy.ERASE_WHAT_STAYS))
    box.add_item(ui.ActionRow(EraseButton(owner_id)))
    view = ui.LayoutView(timeout=None).add_item(box)
    view.stop()  # an ended view in discord.py's store would take the button's template with it
    return view


def erasing_card(said: str) -> ui.LayoutView:
    """Say how far it is, with nothing to press."""
    return plain_card(privacy_copy.ERASE_TITLE, said)
