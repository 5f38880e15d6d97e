"""Styles on a card that only whoever asked can see, page by page."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol, Self, cast

import discord
from discord import ui
from discord.app_commands import Choice

from bot.domain.styles import Leaf, Listed
from bot.ui import copy, texts
from bot.ui.boxes import BLUE, unlisted
from bot.ui.buttons import Answering
from bot.ui.choices import CHOICE_CHARS_MAX

TYPED_CHARS_MAX = 60
NAME_CHARS_MAX = 80
ABOUT_CHARS_MAX = 200
PROMPT_CHARS_MAX = 160
CREATOR_CHARS_MAX = 40
CHOICES_MAX = 25  # Discord's limit

STYLES = "Styles"
STYLES_OPTIONS = {"search": "Words in the name, the tags or the description, or a whole name"}
NONE_FOUND = "I know no style like that. With its whole name I can look one up that is not listed."
NONE_YET = "Nobody here offers styles right now."
HINT = "Use one with /imagine style, or behind the prompt with --style."
OLDER, NEWER = "More", "Back"


class Browsers(Protocol):
    """Who turns pages."""

    async def turned(self, interaction: discord.Interaction[Any], typed: str, number: int) -> None:
        """Show another page and answer the interaction."""
        ...


class _Client(Protocol):
    browsers: Browsers


class StylesButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"styles:v1:(?P<page>[0-9]{1,4}):(?P<typed>.{0,60})",
):
    """A button that turns to a page of a search; both are in its id."""

    def __init__(self, number: int, typed: str, *, label: str = "") -> None:
        self.number = number
        self.typed = typed[:TYPED_CHARS_MAX]
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or None,
                custom_id=f"styles:v1:{number}:{self.typed}",
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(int(match["page"]), match["typed"], label="…")

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to whoever turns pages for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.browsers.turned(interaction, self.typed, self.number)


def styles_card(leaf: Leaf, *, typed: str) -> ui.LayoutView:
    """Show a page of styles, with buttons to the ones beside it."""
    box: ui.Container[Any] = ui.Container(accent_colour=BLUE)
    box.add_item(ui.TextDisplay(copy.heading(STYLES)))
    for listed in leaf.listed:
        box.add_item(ui.TextDisplay(_entry(listed)))
    if leaf.listed:
        where = f"page {leaf.number} of {leaf.count}, {leaf.total} styles"
        box.add_item(ui.TextDisplay(copy.small(HINT, where if leaf.count > 1 else None)))
    else:
        box.add_item(ui.TextDisplay(NONE_FOUND if typed else NONE_YET))
    buttons = [
        StylesButton(number, typed, label=label)
        for number, label in ((leaf.number - 1, NEWER), (leaf.number + 1, OLDER))
        if 1 <= number <= leaf.count
    ]
    if buttons:
        box.add_item(ui.ActionRow(*buttons))
    return unlisted(box)


def style_choices(found: Iterable[Listed]) -> list[Choice[str]]:
    """Suggest styles with names that Discord can carry."""
    fitting = (listed for listed in found if len(listed.style.name) <= CHOICE_CHARS_MAX)
    return [
        Choice(name=_choice(listed), value=listed.style.name)
        for listed in islice(fitting, CHOICES_MAX)
    ]


def _choice(listed: Listed) -> str:
    """Name a style with who made it, or who has it."""
    tail = texts.one_line(listed.style.creator or listed.title, chars_max=CREATOR_CHARS_MAX)
    title = texts.one_line(listed.style.title, chars_max=CHOICE_CHARS_MAX - len(tail) - 3)
    return f"{title} · {tail}"


def _entry(listed: Listed) -> str:
    style = listed.style
    creator = (
        f"by {texts.inline(style.creator, chars_max=NAME_CHARS_MAX)}" if style.creator else None
    )
    size = f"{style.width} × {style.height}" if style.width and style.height else None
    lines = [
        f"**{texts.inline(style.title, chars_max=NAME_CHARS_MAX)}**"
        + (f" · {creator}" if creator else ""),
        texts.inline(style.about, chars_max=ABOUT_CHARS_MAX),
        texts.in_code_block(style.prompt, chars_max=PROMPT_CHARS_MAX) if style.prompt else "",
        copy.small(
            copy.model(style.model),
            size,
            f"{style.steps} steps" if style.steps else None,
            f"used {style.uses:,} times" if style.uses else None,
            "for adults" if style.is_adult else None,
            texts.inline(listed.title, chars_max=NAME_CHARS_MAX),
        ),
    ]
    return "\n".join(line for line in lines if line)
