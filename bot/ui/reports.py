"""Reports: the form by which they come in, the message that shows one, the button that closes it."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.jobs import JobId
from bot.domain.reports import (
    LINK_CHARS_MAX,
    WORDS_CHARS_MAX,
    WORDS_CHARS_MIN,
    Filed,
    ReportId,
)
from bot.ui import copy, report_copy
from bot.ui.boxes import AMBER, GREEN, unlisted
from bot.ui.buttons import Answering
from bot.ui.modals import OPEN_S, submitted_id

WORDS, LINK = "words", "link"


_FORM_ID = re.compile(
    r"report:v1:(?P<message>[0-9]{1,20}):(?P<channel>[0-9]{1,20}):(?P<job>[0-9]{1,20})"
)
_JOB_BUTTON = re.compile(r"job:v[0-9]+:[a-z]+:(?P<job>[0-9]{1,20})")
MESSAGE_LINK = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(?:@me|[0-9]{1,20})/[0-9]{1,20}/[0-9]{1,20}"
)


class Shown(StrEnum):
    """Where the button is pressed; the value is part of its id."""

    POSTED = "posted"
    LISTED = "listed"


class Handlers(Protocol):
    """Who acts when the button is pressed."""

    async def handled(
        self, interaction: discord.Interaction[Any], shown: Shown, report_id: ReportId
    ) -> None:
        """Note that a report was handled and answer the interaction."""
        ...


class _Client(Protocol):
    handlers: Handlers


class HandledButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"report:v1:(?P<shown>posted|listed):(?P<report>[0-9]{1,20})",
):
    """Say that a report needs nobody any more."""

    def __init__(self, shown: Shown, report_id: ReportId) -> None:
        self.shown, self.report_id = shown, report_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=report_copy.HANDLED_BUTTON,
                custom_id=f"report:v1:{shown}:{report_id}",
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(Shown(match["shown"]), ReportId(match["report"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.handlers.handled(interaction, self.shown, self.report_id)


class ReportForm(ui.Modal):
    """What is wrong, and, unless a message was pointed at, which card it is about.

    The id carries the message that was pointed at, its channel and its job; 0 for none.
    """

    def __init__(self, *, message: discord.Message | None, job_id: JobId | None) -> None:
        place = (0, 0) if message is None else (message.id, message.channel.id)
        super().__init__(
            title=report_copy.FORM_TITLE,
            custom_id=f"report:v1:{place[0]}:{place[1]}:{job_id or 0}",
            timeout=OPEN_S,
        )
        words: ui.TextInput[Any] = ui.TextInput(
            custom_id=WORDS,
            style=discord.TextStyle.paragraph,
            min_length=WORDS_CHARS_MIN,
            max_length=WORDS_CHARS_MAX,
        )
        self._ask(report_copy.WORDS_LABEL, report_copy.WORDS_HINT, words)
        if message is None:
            link: ui.TextInput[Any] = ui.TextInput(
                custom_id=LINK, required=False, max_length=LINK_CHARS_MAX
            )
            self._ask(report_copy.LINK_LABEL, report_copy.LINK_HINT, link)

    def _ask(self, label: str, hint: str, line: ui.TextInput[Any]) -> None:
        self.add_item(ui.Label(text=label, description=hint, component=line))


def pointed_at(interaction: discord.Interaction[Any]) -> tuple[str | None, JobId | None] | None:
    """Return the link of the message and the job that a form is about; None for other forms."""
    form = _FORM_ID.fullmatch(submitted_id(interaction) or "")
    if form is None:
        return None
    place = f"{interaction.guild_id or '@me'}/{form['channel']}/{form['message']}"
    link = f"https://discord.com/channels/{place}" if int(form["message"]) else None
    return link, JobId(form["job"]) if int(form["job"]) else None


def job_on(message: discord.Message) -> JobId | None:
    """Return the job that a card of ours is of, as its buttons say."""
    for item in ui.LayoutView.from_message(message).walk_children():
        match = _JOB_BUTTON.fullmatch(getattr(item, "custom_id", None) or "")
        if match is not None:
            return JobId(match["job"])
    return None


def report_message(filed: Filed) -> ui.LayoutView:
    """Show a report in the channel for them."""
    report = filed.report
    is_handled = report.handled_at is not None
    box: ui.Container[Any] = ui.Container(accent_colour=GREEN if is_handled else AMBER)
    words, facts = report_copy.words(report), report_copy.facts(report)
    box.add_item(ui.TextDisplay(copy.heading(report_copy.REPORT)))
    box.add_item(ui.TextDisplay(f"{words}\n{facts}"))
    if filed.job is not None:
        box.add_item(ui.TextDisplay(report_copy.about(filed.job)))
    if report.handled_at is None:
        box.add_item(ui.ActionRow(HandledButton(Shown.POSTED, report.id)))
    else:
        box.add_item(ui.TextDisplay(report_copy.handled(report.handler_id, report.handled_at)))
    return unlisted(box)


def waiting_card(filed: Sequence[Filed]) -> ui.LayoutView:
    """List reports that nobody has handled, each with its button."""
    box: ui.Container[Any] = ui.Container(accent_colour=AMBER if filed else GREEN)
    box.add_item(ui.TextDisplay(copy.heading(report_copy.WAITING)))
    for report in (one.report for one in filed):
        words = report_copy.words(report, chars_max=report_copy.LISTED_CHARS_MAX)
        box.add_item(ui.TextDisplay(f"{words}\n{report_copy.facts(report)}"))
        box.add_item(ui.ActionRow(HandledButton(Shown.LISTED, report.id)))
    if not filed:
        box.add_item(ui.TextDisplay(report_copy.NONE_WAIT))
    return unlisted(box)
