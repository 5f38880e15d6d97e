"""Answers that are given again for a while, as the Horde does to spare its database."""

from collections.abc import Callable

from bot.sandbox.clock import Clock

ANSWERS_MAX = 20_000


class Cache:
    """Remembers answers by name; a restart forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[str, tuple[float, object]] = {}

    def find(self, name: str, *, lifetime_s: float) -> object | None:
        """Return what was kept under the name less than `lifetime_s` ago."""
        found = self._made.get(name)
        is_fresh = found is not None and self._clock.elapsed_s() - found[0] < lifetime_s
        return found[1] if found and is_fresh else None

    def keep(self, name: str, answer: object) -> None:
        """Remember an answer; with too many of them, all others are dropped."""
        if len(self._made) >= ANSWERS_MAX:
            self._made.clear()
        self._made[name] = (self._clock.elapsed_s(), answer)

    def answer(self, name: str, make: Callable[[], object], *, lifetime_s: float) -> object:
        """Return the kept answer, or make and keep a new one."""
        found = self.find(name, lifetime_s=lifetime_s)
        if found is None:
            found = make()
            self.keep(name, found)
        return found
