"""Rate limits: buckets per route and major parameter, the global one, and the ban for bad requests.

Discord, "Rate Limits". Windows are fixed: the first request opens one, which ends `per_s` later.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.discord.rules import DiscordRules, Limit

INVALID = frozenset({401, 403, 429})


@dataclass(slots=True)
class Window:
    """A bucket's present window."""

    ends_s: float
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Which bucket a request draws from."""

    name: str
    major: str
    limit: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request may pass. `retry_after_s` is None when it may."""

    headers: Mapping[str, str]
    retry_after_s: float | None = None
    is_global: bool = False


class Limits:
    """Counts requests against the rules' numbers."""

    def __init__(self, *, rules: DiscordRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}
        self._invalid = Window(ends_s=0.0)

    def admit(self, bucket: Bucket, *, counts_globally: bool) -> Verdict:
        """Draw one request from its bucket and from the bot's 50 a second."""
        if not self._rules.rate_limits:
            return Verdict(headers={})
        now_s = self._clock.elapsed_s()
        if counts_globally:
            limit = self._rules.global_bucket
            window = self._window("global", "", limit, now_s)
            if window.used >= limit.count:
                return self._refuse(bucket, window, now_s, is_global=True)
            window.used += 1
        window = self._window(bucket.name, bucket.major, bucket.limit, now_s)
        if window.used >= bucket.limit.count:
            return self._refuse(bucket, window, now_s, is_global=False)
        window.used += 1
        return Verdict(headers=self._headers(bucket, window, now_s))

    def count_invalid(self, status: int) -> None:
        """Count an answer towards the ban: 401, 403 and 429 do."""
        if status not in INVALID:
            return
        now_s = self._clock.elapsed_s()
        if now_s >= self._invalid.ends_s:
            self._invalid = Window(ends_s=now_s + self._rules.invalid_requests.per_s)
        self._invalid.used += 1

    def is_banned(self) -> bool:
        """Whether this client made too many invalid requests lately."""
        is_open = self._clock.elapsed_s() < self._invalid.ends_s
        return is_open and self._invalid.used >= self._rules.invalid_requests.count

    def _window(self, name: str, major: str, limit: Limit, now_s: float) -> Window:
        window = self._windows.get((name, major))
        if window is None or now_s >= window.ends_s:
            window = self._windows[name, major] = Window(ends_s=now_s + limit.per_s)
        return window

    def _refuse(self, bucket: Bucket, window: Window, now_s: float, *, is_global: bool) -> Verdict:
        retry_after_s = window.ends_s - now_s
        scope = "global" if is_global else "user"
        headers = {"Retry-After": str(int(retry_after_s) + 1), "X-RateLimit-Scope": scope}
        if is_global:
            headers["X-RateLimit-Global"] = "true"
        else:
            headers |= self._headers(bucket, window, now_s)
        return Verdict(headers=headers, retry_after_s=retry_after_s, is_global=is_global)

    def _headers(self, bucket: Bucket, window: Window, now_s: float) -> dict[str, str]:
        left_s = window.ends_s - now_s
        return {
            "X-RateLimit-Limit": str(bucket.limit.count),
            "X-RateLimit-Remaining": str(bucket.limit.count - window.used),
            "X-RateLimit-Reset": f"{self._clock.now().timestamp() + left_s:.3f}",
            "X-RateLimit-Reset-After": f"{left_s:.3f}",
            "X-RateLimit-Bucket": bucket.name,
        }
