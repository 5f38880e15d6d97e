"""A member's own jobs on one ephemeral card, with selects to see results again and to stop one.

The selects are dynamic items: whatever process hears of a choice can act on it, for as long as the
member's client shows the card. What they offer is the id of a job; whose it is, is checked later.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.history import Past
from bot.domain.jobs import WORKING, CardFile, Job, JobId, JobState, PictureFile
from bot.domain.plain_text import ELLIPSIS
from bot.ui import copy, passages, texts
from bot.ui.boxes import BLUE, unlisted
from bot.ui.buttons import Answering
from bot.ui.cards import add_files, title

OPTION_CHARS_MAX = 100  # Discord's limit
WORDS_CHARS_MAX = 3500  # of the 4000 that a message may have


class Pick(StrEnum):
    """What a job is picked for; the value is part of the select's id."""

    SHOW = "show"
    STOP = "stop"


class Picks(Protocol):
    """Who acts when a job was picked."""

    async def picked(
        self, interaction: discord.Interaction[Any], pick: Pick, job_id: JobId
    ) -> None:
        """Do it and answer the interaction."""
        ...


class _Client(Protocol):
    picks: Picks


class JobSelect(
    Answering,
    ui.DynamicItem[ui.Select[Any]],
    template=r"jobs:v1:(?P<pick>show|stop)",
):
    """A select of jobs; the options matter only where it is drawn."""

    def __init__(self, pick: Pick, options: Sequence[discord.SelectOption] = ()) -> None:
        self.pick = pick
        super().__init__(
            ui.Select(
                custom_id=f"jobs:v1:{pick}", placeholder=copy.PICK[pick], options=list(options)
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(Pick(match["pick"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        data = cast(Mapping[str, Any], interaction.data)
        await client.picks.picked(interaction, self.pick, JobId(data["values"][0]))


def jobs_card(pasts: Sequence[Past]) -> ui.LayoutView:
    """List jobs, the newest first, each with what became of it."""
    box: ui.Container[Any] = ui.Container(accent_colour=BLUE)
    box.add_item(ui.TextDisplay(copy.heading(copy.JOBS)))
    for past in pasts:
        box.add_item(ui.TextDisplay(_entry(past)))
    if not pasts:
        box.add_item(ui.TextDisplay(copy.NO_JOBS))
    kept = [past.job for past in pasts if past.is_kept]
    working = [past.job for past in pasts if _may_stop(past.job)]
    for pick, jobs in ((Pick.SHOW, kept), (Pick.STOP, working)):
        if jobs:
            box.add_item(ui.ActionRow(JobSelect(pick, [_option(job) for job in jobs])))
    return unlisted(box)


def results_of(job: Job, pictures: Sequence[PictureFile]) -> tuple[CardFile, ...]:
    """Return the files that show a job's results again: its pictures, words that are too many."""
    text = passages.text_file(job, chars_max=WORDS_CHARS_MAX) if job.passages else None
    return (*pictures, text) if text else tuple(pictures)


def results_card(job: Job, files: Sequence[CardFile]) -> ui.LayoutView:
    """Show a job's results again; `files` have to be attached to the same message."""
    box: ui.Container[Any] = ui.Container(accent_colour=BLUE)
    box.add_item(ui.TextDisplay(copy.prompt_line(job)))
    said = passages.shown(job, chars_max=WORDS_CHARS_MAX)
    if said:
        box.add_item(ui.TextDisplay(said))
    add_files(box, files)
    return unlisted(box)


def _entry(past: Past) -> str:
    job = past.job
    heads = (f"**{_name(job)}**", texts.relative(job.created_at), copy.bill(job), _link(job))
    lines = [" · ".join(head for head in heads if head), copy.prompt_line(job)]
    if copy.is_unposted(job):
        lines.append(copy.unposted(job, kept_until=past.kept_until))
    return "\n".join(lines)


def _name(job: Job) -> str:
    return copy.NOT_POSTED if copy.is_unposted(job) else title(job)


def _link(job: Job) -> str | None:
    """Lead to the card, unless it is known to be gone."""
    if copy.is_unposted(job):
        return None
    target = job.target
    place = f"{target.guild_id or '@me'}/{target.channel_id}/{target.message_id}"
    return f"[{copy.CARD_LINK}](https://discord.com/channels/{place})"


def _may_stop(job: Job) -> bool:
    is_too_late = job.state is JobState.COLLECTED or job.cancel_asked_at is not None
    return job.state in WORKING and not is_too_late


def _results(job: Job) -> str:
    return copy.pictures(len(job.pictures)) if job.pictures else copy.results(job.request)


def _option(job: Job) -> discord.SelectOption:
    return discord.SelectOption(
        label=texts.one_line(copy.asked(job.request), chars_max=OPTION_CHARS_MAX) or ELLIPSIS,
        value=job.id,
        description=f"{_results(job)} · {_name(job)}",
    )
