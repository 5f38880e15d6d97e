"""Refusals for content, held against a member for a day: each one more makes the pause longer.

A provider that blocks the bot's address blocks everybody, so nobody may try again and again what
rules forbid. What a provider refused counts more than what we refused before it was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.jobs import UserId

STRIKE_LIFE = timedelta(hours=24)  # the AI Horde remembers an address for as long
OURS, PROVIDERS = 1, 2

_PAUSES = (
    (8, timedelta(hours=24)),
    (7, timedelta(hours=4)),
    (6, timedelta(hours=1)),
    (5, timedelta(minutes=15)),
    (4, timedelta(minutes=5)),
    (3, timedelta(minutes=1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One refusal; `id` is made by the caller."""

    id: str
    owner_id: UserId
    at: datetime
    weight: int


def living(strikes: Sequence[Strike], *, now: datetime) -> tuple[Strike, ...]:
    """Return those that still count."""
    return tuple(strike for strike in strikes if strike.at > now - STRIKE_LIFE)


def paused_until(strikes: Sequence[Strike], *, now: datetime) -> datetime | None:
    """Return until when a member has to wait; None when they need not."""
    counted = living(strikes, now=now)
    if not counted:
        return None
    weight = sum(strike.weight for strike in counted)
    last = max(strike.at for strike in counted)
    pause = next((pause for least, pause in _PAUSES if weight >= least), None)
    if pause is None or last + pause <= now:
        return None
    return last + pause
