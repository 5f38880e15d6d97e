"""Refusals that are held against members for a while, so that a restart forgives nothing."""

from datetime import datetime

from bot.domain.strikes import Strike
from storage.executor import Executor
from storage.moments import from_text, to_text


class Strikes:
    """The strikes of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def add(self, strike: Strike) -> bool:
        """Keep a strike; False when its id is known."""
        changed = await self._db.change(
            """
            INSERT INTO strikes (id, owner_id, weight, at) VALUES (:id, :owner_id, :weight, :at)
            ON CONFLICT (id) DO NOTHING
            """,
            id=strike.id,
            owner_id=strike.owner_id,
            weight=strike.weight,
            at=to_text(strike.at),
        )
        return changed == 1

    async def since(self, moment: datetime) -> tuple[Strike, ...]:
        """Return everybody's strikes after a moment, the oldest first."""
        rows = await self._db.rows(
            "SELECT * FROM strikes WHERE at > :moment ORDER BY at", moment=to_text(moment)
        )
        return tuple(
            Strike(
                id=row["id"],
                owner_id=row["owner_id"],
                weight=row["weight"],
                at=from_text(row["at"]),
            )
            for row in rows
        )

    async def forget(self, before: datetime) -> int:
        """Delete what no longer counts; return how much that was."""
        return await self._db.change(
            "DELETE FROM strikes WHERE at <= :before", before=to_text(before)
        )
