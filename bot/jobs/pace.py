"""A shared budget of calls: places in time are booked ahead, so that nobody waits holding anything.

One per provider: the Horde counts submits per address, all members and keys together (its
contract: 2 a second and 90 a minute).
"""

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Pace:
    """Hand out moments at which a call may be made."""

    def __init__(self, *, per_s: float, per_min: int) -> None:
        assert per_s > 0
        assert per_min > 0
        self._gap = timedelta(seconds=1 / per_s)
        self._booked: deque[datetime] = deque(maxlen=per_min)
        self._shut_until: datetime | None = None
        self.why_shut = ""

    def book(self, now: datetime) -> datetime:
        """Take the next free moment, now or later."""
        moment = now
        if self._booked:
            moment = max(moment, self._booked[-1] + self._gap)
        if len(self._booked) == self._booked.maxlen:
            moment = max(moment, self._booked[0] + MINUTE)
        if self._shut_until is not None:
            moment = max(moment, self._shut_until)
        self._booked.append(moment)
        return moment

    def shut(self, until: datetime, *, why: str) -> None:
        """Let nobody through before `until`: the provider refuses everybody for a while."""
        if self._shut_until is None or until > self._shut_until:
            self._shut_until, self.why_shut = until, why

    def opens_at(self, now: datetime) -> datetime:
        """Return when anybody may go through again: now, unless the door is shut."""
        return max(now, self._shut_until or now)

    def is_shut(self, now: datetime) -> bool:
        """Tell whether places booked before the shutting have to be booked again."""
        return now < self.opens_at(now)
