"""What members report: something that is wrong, perhaps with one card."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from bot.domain.jobs import Job, JobId, UserId

ReportId = NewType("ReportId", str)
"""The interaction's id: a form that is delivered twice is one report."""

WORDS_CHARS_MIN, WORDS_CHARS_MAX = 10, 1000
LINK_CHARS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report; `owner_id` is None once whoever made it was forgotten.

    It is about the card of a job, or about a message that a link leads to, or about neither.
    `guild_id` is None for what was reported in a direct message.
    """

    id: ReportId
    owner_id: UserId | None
    guild_id: int | None
    words: str = field(repr=False)
    created_at: datetime
    job_id: JobId | None = None
    link: str | None = None
    handled_at: datetime | None = None
    handler_id: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A report with the job that it is about, if that is known."""

    report: Report
    job: Job | None
