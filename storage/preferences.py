"""Members' preferences: one row of JSON each, so that a new preference needs no migration."""

from datetime import datetime

from pydantic import TypeAdapter

from bot.domain.jobs import UserId
from bot.domain.preferences import Preferences
from storage.executor import Executor
from storage.moments import to_text

_PREFERENCES = TypeAdapter(Preferences)


class PreferencesTable:
    """The preferences of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def get(self, owner_id: UserId) -> Preferences:
        """Return a member's preferences, or the defaults."""
        row = await self._db.row(
            "SELECT facts FROM preferences WHERE owner_id = :owner_id", owner_id=owner_id
        )
        return Preferences() if row is None else _PREFERENCES.validate_json(row["facts"])

    async def put(self, owner_id: UserId, preferences: Preferences, *, at: datetime) -> None:
        """Keep a member's preferences; defaults are left out, so that a better one reaches them."""
        await self._db.change(
            """
            INSERT INTO preferences (owner_id, facts, changed_at) VALUES (:owner_id, :facts, :at)
            ON CONFLICT (owner_id) DO UPDATE
                SET facts = excluded.facts, changed_at = excluded.changed_at
            """,
            owner_id=owner_id,
            facts=_PREFERENCES.dump_json(preferences, exclude_defaults=True).decode(),
            at=to_text(at),
        )

    async def delete(self, owner_id: UserId) -> bool:
        """Forget a member's preferences; False when there were none."""
        changed = await self._db.change(
            "DELETE FROM preferences WHERE owner_id = :owner_id", owner_id=owner_id
        )
        return changed == 1
