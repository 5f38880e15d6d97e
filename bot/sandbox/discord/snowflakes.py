"""Discord's ids: 42 bits of time, 22 bits of everything else.

Discord reference, "Snowflakes"; the epoch is the first second of 2015.
"""

from datetime import UTC, datetime, timedelta

from bot.sandbox.clock import Clock

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
TIME_SHIFT = 22


class Mint:
    """Makes ids that carry the clock's time and always grow."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def mint(self) -> str:
        """Return a new id, greater than every earlier one."""
        milliseconds = (self._clock.now() - EPOCH) // timedelta(milliseconds=1)
        self._last = max(self._last + 1, milliseconds << TIME_SHIFT)
        return str(self._last)

    def mint_guild(self, *, shard: int, shards: int) -> str:
        """Return a guild id that falls on `shard` of `shards` (`(id >> 22) % shards`)."""
        milliseconds = (int(self.mint()) >> TIME_SHIFT) + 1
        milliseconds += (shard - milliseconds) % shards
        self._last = milliseconds << TIME_SHIFT
        return str(self._last)


def created_at(snowflake: str) -> datetime:
    """Read the time out of an id."""
    return EPOCH + timedelta(milliseconds=int(snowflake) >> TIME_SHIFT)
