"""A claim: somebody's command has been answered with a card, and there is no job yet."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.jobs import JobId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What it takes to find the first answer again; the token is a secret for 15 minutes."""

    id: JobId
    owner_id: UserId
    application_id: int
    created_at: datetime
    token: str = field(repr=False)
