"""Every sentence about reports: for whoever makes one, and for whoever handles it."""

from datetime import datetime

from bot.domain.jobs import Job
from bot.domain.reports import WORDS_CHARS_MAX, Report
from bot.ui import copy, texts

COMMAND = "Report something that is wrong to those who look after this."
MENU = "Report"
FORM_TITLE = "Report something"
WORDS_LABEL = "What is wrong?"
WORDS_HINT = "Only those who look after this place, or run the bot, read it."
LINK_LABEL = "Which card is it about?"
LINK_HINT = "Its link (Copy Message Link), if it is about one"
KEPT = "Thank you. Your report is kept until somebody has handled it."
NOT_MINE = "That message is not mine. Please report it to Discord or to those who run this server."
NO_LINK = "That does not look like the link of a message: copy it from the message's menu."

REPORT = "A member reports"
WAITING = "Reports that wait"
NONE_WAIT = "Nothing waits."
HANDLED_BUTTON = "Handled"
SOMEBODY = "somebody who was forgotten"
LIST_COMMAND = "Show what members reported here and nobody has handled yet."
SERVER_ONLY = "Only members who may manage messages here can do that."
PROMPT_CHARS_MAX = 300
LISTED_CHARS_MAX = 400


def words(report: Report, *, chars_max: int = WORDS_CHARS_MAX) -> str:
    """Quote what was reported."""
    return texts.in_code_block(report.words, chars_max=chars_max)


def facts(report: Report) -> str:
    """Say who reported, when, and where that leads to."""
    who = SOMEBODY if report.owner_id is None else f"<@{report.owner_id}>"
    where = "in a direct message" if report.guild_id is None else None
    link = None if report.link is None else f"[to the message]({report.link})"
    return copy.small(f"by {who}", texts.relative(report.created_at), where, link)


def about(job: Job) -> str:
    """Say what a reported card shows, and who asked for it."""
    asked = texts.in_code_block(copy.asked(job.request), chars_max=PROMPT_CHARS_MAX)
    told = copy.small(
        f"asked for by <@{job.owner_id}>",
        texts.relative(job.created_at),
        copy.provider(job.provider),
        f"job {texts.inline(job.id)}",
    )
    return f"{asked}\n{told}"


def handled(by: int | None, at: datetime) -> str:
    """Say who has handled it."""
    who = SOMEBODY if by is None else f"<@{by}>"
    return f"Handled by {who} {texts.relative(at)}."
