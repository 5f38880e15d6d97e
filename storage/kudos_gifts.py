"""Gifts of kudos, guarded by state: whoever changes one to `sending` carries it out."""

from datetime import datetime

from bot.domain.jobs import UserId
from bot.domain.kudos import Gift, GiftId, GiftState
from storage.executor import Executor
from storage.moments import from_text, to_text


class KudosGifts:
    """The gifts of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def add(self, gift: Gift) -> bool:
        """Keep a gift that waits to be confirmed; False when its id is known."""
        changed = await self._db.change(
            """
            INSERT INTO kudos_gifts (id, owner_id, receiver, amount, state, created_at, changed_at)
            VALUES (:id, :owner_id, :receiver, :amount, :state, :at, :at)
            ON CONFLICT (id) DO NOTHING
            """,
            id=gift.id,
            owner_id=gift.owner_id,
            receiver=gift.receiver,
            amount=gift.amount,
            state=gift.state,
            at=to_text(gift.created_at),
        )
        return changed == 1

    async def get(self, gift_id: GiftId, *, owner_id: UserId) -> Gift | None:
        """Return a member's own gift."""
        row = await self._db.row(
            "SELECT * FROM kudos_gifts WHERE id = :id AND owner_id = :owner_id",
            id=gift_id,
            owner_id=owner_id,
        )
        if row is None:
            return None
        return Gift(
            id=GiftId(row["id"]),
            owner_id=UserId(row["owner_id"]),
            receiver=row["receiver"],
            amount=row["amount"],
            state=GiftState(row["state"]),
            created_at=from_text(row["created_at"]),
        )

    async def claim(self, gift_id: GiftId, *, at: datetime, stale_before: datetime) -> bool:
        """Take a gift that is not carried out yet; False when somebody else has it, or it is over."""
        changed = await self._db.change(
            """
            UPDATE kudos_gifts SET state = 'sending', changed_at = :at
            WHERE id = :id AND (
                state IN ('asked', 'unsure')
                OR (state = 'sending' AND changed_at < :stale_before)
            )
            """,
            id=gift_id,
            at=to_text(at),
            stale_before=to_text(stale_before),
        )
        return changed == 1

    async def settle(self, gift_id: GiftId, state: GiftState, *, at: datetime) -> bool:
        """Write what became of a gift that was being sent."""
        changed = await self._db.change(
            "UPDATE kudos_gifts SET state = :state, changed_at = :at WHERE id = :id AND state = 'sending'",
            id=gift_id,
            state=state,
            at=to_text(at),
        )
        return changed == 1

    async def drop(self, gift_id: GiftId, *, owner_id: UserId, at: datetime) -> bool:
        """Give up a gift that was not confirmed; False when it was."""
        changed = await self._db.change(
            """
            UPDATE kudos_gifts SET state = 'dropped', changed_at = :at
            WHERE id = :id AND owner_id = :owner_id AND state = 'asked'
            """,
            id=gift_id,
            owner_id=owner_id,
            at=to_text(at),
        )
        return changed == 1
