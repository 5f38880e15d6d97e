"""Shared budgets of calls: what is free next, and until when nobody may call at all.

The Horde counts submits per address, all members and keys together (its contract: 2 a second and
90 a minute); Nebula Block counts by key, so there each key has a budget of its own.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.keys import Payer

MINUTE = timedelta(minutes=1)
KEYS_KEPT = 256


class Pace:
    """Hand out moments at which a call may be made."""

    def __init__(self, *, per_s: float, per_min: int) -> None:
        assert per_s > 0
        assert per_min > 0
        self._gap = timedelta(seconds=1 / per_s)
        self._booked: deque[datetime] = deque(maxlen=per_min)
        self._shut_until: datetime | None = None
        self.why_shut = ""

    def next(self, now: datetime) -> datetime:
        """Return the next free moment, now or later."""
        moment = self.opens_at(now)
        if self._booked:
            moment = max(moment, self._booked[-1] + self._gap)
        if len(self._booked) == self._booked.maxlen:
            moment = max(moment, self._booked[0] + MINUTE)
        return moment

    def book(self, now: datetime) -> datetime:
        """Take the next free moment."""
        moment = self.next(now)
        self._booked.append(moment)
        return moment

    def shut(self, until: datetime, *, why: str) -> None:
        """Let nobody through before `until`."""
        if self._shut_until is None or until > self._shut_until:
            self._shut_until, self.why_shut = until, why

    def opens_at(self, now: datetime) -> datetime:
        """Return when anybody may go through again: now, unless the door is shut."""
        return max(now, self._shut_until or now)

    def is_idle(self, now: datetime) -> bool:
        """Tell whether a new one would say the same from now on."""
        is_fresh = not self._booked or self._booked[-1] + MINUTE <= now
        return is_fresh and self.opens_at(now) <= now


class Paces:
    """The budgets of one provider, for this address or for each key, and who is refused for a while."""

    def __init__(self, make: Callable[[], Pace], *, by_key: bool) -> None:
        self._make = make
        self._everybody = make()
        self._of_key: dict[Payer, Pace] = {}
        self._keys_max = KEYS_KEPT
        self.by_key = by_key

    def next(self, payer: Payer, now: datetime) -> datetime:
        """Return the next moment that is free for a key, now or later."""
        if self.by_key:
            return max(self._everybody.opens_at(now), self._key(payer, now).next(now))
        return max(self._everybody.next(now), self._opens_for(payer, now))

    def not_before(self, now: datetime) -> datetime:
        """Return the first moment that may be free for any key."""
        return self._everybody.opens_at(now) if self.by_key else self._everybody.next(now)

    def book(self, payer: Payer, now: datetime) -> datetime:
        """Take the next free moment of the budget that a key draws on, be the key refused or not.

        Where others draw on it too, they do not have to wait until that key may call again.
        """
        return (self._key(payer, now) if self.by_key else self._everybody).book(now)

    def shut(self, until: datetime, *, why: str) -> None:
        """Let nobody through before `until`: the provider refuses everybody for a while."""
        self._everybody.shut(until, why=why)

    def shut_key(self, payer: Payer, until: datetime, *, now: datetime, why: str) -> None:
        """Let no call with one key through before `until`."""
        self._key(payer, now).shut(until, why=why)

    def opens_at(self, payer: Payer, now: datetime) -> datetime:
        """Return when a key may go through again: now, unless a door is shut."""
        return max(self._everybody.opens_at(now), self._opens_for(payer, now))

    def why_shut(self, payer: Payer, now: datetime) -> str:
        """Return what the provider said to whoever waits the longest for it."""
        if self._opens_for(payer, now) > self._everybody.opens_at(now):
            return self._of_key[payer].why_shut
        return self._everybody.why_shut

    def _opens_for(self, payer: Payer, now: datetime) -> datetime:
        pace = self._of_key.get(payer)
        return now if pace is None else pace.opens_at(now)

    def _key(self, payer: Payer, now: datetime) -> Pace:
        """Return a key's own budget; those that would say nothing are let go of in time."""
        if payer not in self._of_key:
            if len(self._of_key) >= self._keys_max:
                kept = {key: pace for key, pace in self._of_key.items() if not pace.is_idle(now)}
                self._of_key, self._keys_max = kept, max(KEYS_KEPT, 2 * len(kept))
            self._of_key[payer] = self._make()
        return self._of_key[payer]
