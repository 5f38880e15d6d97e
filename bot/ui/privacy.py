"""The card on which a member confirms that everything about them is to be erased."""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import NotAllowed
from bot.domain.jobs import UserId
from bot.ui import privacy_copy
from bot.ui.boxes import RED, small_card
from bot.ui.buttons import Answering


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
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(UserId(int(match["owner"])))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Take the press of the member whose data it is, and of nobody else."""
        if interaction.user.id != self.owner_id:
            raise NotAllowed(privacy_copy.NOT_YOUR_ERASURE)
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.erasures.erase(interaction)


def erase_card(owner_id: UserId) -> ui.LayoutView:
    """Say what an erasure takes and what it leaves, with the button that does it."""
    return small_card(
        privacy_copy.ERASE_TITLE,
        privacy_copy.ERASE_WHAT,
        privacy_copy.ERASE_WHAT_STAYS,
        colour=RED,
        buttons=[EraseButton(owner_id)],
    )


def erasing_card(said: str) -> ui.LayoutView:
    """Say how far it is, with nothing to press."""
    return small_card(privacy_copy.ERASE_TITLE, said)
