"""Keys, what is left on them, and how often each may ask: by the minute and by the day."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.sandbox.clock import Clock
from bot.sandbox.providers.nebula.refusals import Refusal
from bot.sandbox.providers.nebula.rules import NebulaRules

MINUTE = timedelta(minutes=1)
MICROS = 1_000_000
LEAST_MICROS = 10_000  # a cent has to stay


@dataclass(slots=True, kw_only=True)
class Account:
    """Whose key it is; `micros` are millionths of a dollar."""

    key: str = field(repr=False)
    micros: int
    is_expired: bool = False
    plan_models: frozenset[str] | None = None  # None: all of them
    minute: datetime | None = None
    in_minute: int = 0
    day: date | None = None
    in_day: int = 0

    def balance_text(self) -> str:
        """Return what is left as the service writes it: dollars, as text."""
        return f"{self.micros / MICROS:.6f}"

    def pay(self, micros: int) -> None:
        """Take what pictures cost, or refuse when a cent would not stay."""
        if self.micros - micros < LEAST_MICROS:
            raise Refusal("insufficient_quota")
        self.micros -= micros


class Accounts:
    """All keys of the service."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_key: dict[str, Account] = {}

    def add(self, account: Account) -> None:
        """Make a key known."""
        self._by_key[account.key] = account

    def expire(self, key: str, *, is_expired: bool) -> None:
        """Refuse a key from now on, or take it again."""
        self._by_key[key].is_expired = is_expired

    def of(self, headers: Mapping[str, str]) -> Account:
        """Return who calls; raise the 401 of a key that is not good."""
        scheme, _, key = headers.get("Authorization", "").partition(" ")
        account = self._by_key.get(key)
        if scheme.lower() != "bearer" or account is None or account.is_expired:
            raise Refusal("invalid_api_key")
        return account

    def count(self, account: Account, rules: NebulaRules) -> None:
        """Count a request against both limits; the one that is used up refuses it."""
        now = self._clock.now().astimezone(UTC)
        if account.minute is None or now - account.minute >= MINUTE:
            account.minute, account.in_minute = now, 0
        if account.day != now.date():
            account.day, account.in_day = now.date(), 0
        if rules.requests_per_day is not None and account.in_day >= rules.requests_per_day:
            midnight = datetime.combine(now.date() + timedelta(days=1), time.min, tzinfo=UTC)
            said = f"Daily limit of {rules.requests_per_day} requests exceeded."
            raise self._limited(said, midnight - now, rules)
        if account.in_minute >= rules.requests_per_min:
            said = f"Limit of {rules.requests_per_min} requests per minute exceeded."
            raise self._limited(said, account.minute + MINUTE - now, rules)
        account.in_minute += 1
        account.in_day += 1

    def _limited(self, said: str, left: timedelta, rules: NebulaRules) -> Refusal:
        """Refuse; `Retry-After` is in the client's seconds, so that speed is not waited for."""
        wait_s = math.ceil(self._clock.real_s(left.total_seconds()))
        return Refusal(
            "rate_limit_exceeded", said, retry_after_s=wait_s if rules.says_retry_after else None
        )
