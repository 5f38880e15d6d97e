"""A member's own jobs, looked at later."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A job, whether its results can be seen again, and until when its pictures are kept."""

    job: Job
    is_kept: bool
    kept_until: datetime | None
