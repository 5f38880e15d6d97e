"""How many calls each key has made today, so that a day that is over is not knocked at again.

A refusal tells the limit by the minute from the one by the day in its text only, if at all. Held in
memory: a restart costs one more refusal. Keys stand here as digests.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pydantic import SecretStr

from bot.domain.errors import Transient
from bot.providers.http import RETRY_AFTER_S_MAX
from bot.providers.nebula.errors import Said, limited
from bot.providers.nebula.wire import NAME, TITLE

DAILY_LIMITS = frozenset({200, 1000, 2000})  # of the tiers that have one (vendor's table)

_A_DAY = re.compile(r"\bda(?:y|ily)\b|\brpd\b|\btomorrow\b|\b24 ?h", re.IGNORECASE)
_A_MINUTE = re.compile(r"\bminutes?\b|\brpm\b|\bseconds?\b", re.IGNORECASE)


@dataclass(slots=True)
class _Day:
    made: int = 0
    is_over: bool = False


class Tally:
    """Counts per key and UTC day; what is over is over until midnight."""

    def __init__(self) -> None:
        self._date: date | None = None
        self._days: dict[bytes, _Day] = {}

    def check(self, key: SecretStr, *, now: datetime) -> None:
        """Refuse a call that the service would refuse until tomorrow."""
        if self._day(key, now).is_over:
            raise _over(now)

    def note(self, key: SecretStr, *, now: datetime) -> None:
        """Count a call that the service took."""
        self._day(key, now).made += 1

    def refused(self, said: Said, *, key: SecretStr, now: datetime) -> Transient:
        """Return which limit refused a call; without a word on it, by what was made today."""
        day = self._day(key, now)
        waits_long = (said.retry_after_s or 0) >= RETRY_AFTER_S_MAX  # that is where it is capped
        if _A_MINUTE.search(said.why):
            is_over = False
        else:
            is_over = bool(_A_DAY.search(said.why)) or waits_long or day.made in DAILY_LIMITS
        if not is_over:
            return limited(said)
        day.is_over = True
        return _over(now)

    def _day(self, key: SecretStr, now: datetime) -> _Day:
        today = now.astimezone(UTC).date()
        if today != self._date:
            self._date = today
            self._days.clear()
        digest = hashlib.sha256(key.get_secret_value().encode()).digest()
        return self._days.setdefault(digest, _Day())


def _over(now: datetime) -> Transient:
    """Return the error; not `RateLimited`, because other keys may go on."""
    midnight = datetime.combine(
        now.astimezone(UTC).date() + timedelta(days=1), time.min, tzinfo=UTC
    )
    return Transient(
        f"{TITLE} takes no more calls with this key today; it counts afresh at 00:00 UTC.",
        provider=NAME,
        retry_after_s=(midnight - now).total_seconds(),
    )
