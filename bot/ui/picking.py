"""Which of a message's pictures is meant: a select that only whoever opened the menu can see.

What it offers is kept in memory for as long as a member may look at it. After a restart the choice
is answered with a sentence: the message and its menu are still there.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import InvalidRequest
from bot.domain.requests import AlchemyRequest
from bot.ui import alchemy_copy, copy
from bot.ui.boxes import BLUE, unlisted
from bot.ui.buttons import Answering
from bot.ui.found import Found

KEPT = timedelta(minutes=15)
OFFERS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What shall be done, with one of these pictures."""

    request: AlchemyRequest
    pictures: tuple[Found, ...]
    at: datetime


class Shelf:
    """What members may still choose from, by the id of the interaction that offered it."""

    def __init__(self) -> None:
        self._offers: OrderedDict[int, Offered] = OrderedDict()

    def put(self, offer_id: int, offered: Offered) -> None:
        """Keep an offer; with too many of them the oldest goes."""
        self._offers[offer_id] = offered
        while len(self._offers) > OFFERS_MAX:
            self._offers.popitem(last=False)

    def take(self, offer_id: int, *, number: int, now: datetime) -> tuple[AlchemyRequest, Found]:
        """Return what was chosen; `InvalidRequest` when it is too late for that."""
        offered = self._offers.get(offer_id)
        if offered is None or now - offered.at > KEPT or number >= len(offered.pictures):
            raise InvalidRequest(alchemy_copy.FORGOTTEN)
        return offered.request, offered.pictures[number]


class Choosers(Protocol):
    """Who acts when a picture was chosen."""

    async def chosen(
        self, interaction: discord.Interaction[Any], offer_id: int, number: int
    ) -> None:
        """Do it and answer the interaction."""
        ...


class _Client(Protocol):
    choosers: Choosers


class PictureSelect(
    Answering,
    ui.DynamicItem[ui.Select[Any]],
    template=r"found:v1:(?P<offer>[0-9]{1,20})",
):
    """A select of a message's pictures; the options matter only where it is drawn."""

    def __init__(self, offer_id: int, options: Sequence[discord.SelectOption] = ()) -> None:
        self.offer_id = offer_id
        super().__init__(
            ui.Select(
                custom_id=f"found:v1:{offer_id}",
                placeholder=alchemy_copy.WHICH_ONE,
                options=list(options),
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(int(match["offer"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        data = cast(Mapping[str, Any], interaction.data)
        await client.choosers.chosen(interaction, self.offer_id, int(data["values"][0]))


def picker(offer_id: int, pictures: Sequence[Found]) -> ui.LayoutView:
    """Show a message's pictures and let one be chosen."""
    box: ui.Container[Any] = ui.Container(accent_colour=BLUE)
    box.add_item(ui.TextDisplay(copy.heading(alchemy_copy.WHICH_ONE)))
    box.add_item(ui.TextDisplay(alchemy_copy.WHICH_HINT))
    box.add_item(ui.MediaGallery(*(discord.MediaGalleryItem(one.url) for one in pictures)))
    options = [
        discord.SelectOption(label=alchemy_copy.option(number + 1), value=str(number))
        for number in range(len(pictures))
    ]
    box.add_item(ui.ActionRow(PictureSelect(offer_id, options)))
    return unlisted(box)
