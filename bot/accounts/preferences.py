"""What members like by default: kept in the store, remembered in memory for quick answers."""

from collections import OrderedDict

from bot.domain.clock import Clock
from bot.domain.jobs import UserId
from bot.domain.preferences import Preferences
from storage.database import Database

REMEMBERED_MAX = 10_000


class PreferenceBook:
    """Keep members' preferences."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: OrderedDict[UserId, Preferences] = OrderedDict()

    async def of(self, owner_id: UserId) -> Preferences:
        """Return a member's preferences, or the defaults."""
        if owner_id not in self._remembered:
            stored = await self._database.read(lambda tx: tx.preferences.get(owner_id))
            if owner_id not in self._remembered:  # a change may have come in while we read
                self._remember(owner_id, stored)
        return self._remembered[owner_id]

    async def keep(self, owner_id: UserId, preferences: Preferences) -> None:
        """Replace a member's preferences."""
        now = self._clock.now()
        await self._database.write(lambda tx: tx.preferences.put(owner_id, preferences, at=now))
        self._remember(owner_id, preferences)

    async def forget(self, owner_id: UserId) -> bool:
        """Go back to the defaults; False when nothing was set."""
        was_there = await self._database.write(lambda tx: tx.preferences.delete(owner_id))
        self._remember(owner_id, Preferences())
        return was_there

    def let_go(self, owner_id: UserId) -> None:
        """Forget from memory what was erased in the store together with all else."""
        self._remembered.pop(owner_id, None)

    def _remember(self, owner_id: UserId, preferences: Preferences) -> None:
        self._remembered[owner_id] = preferences
        self._remembered.move_to_end(owner_id)
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
