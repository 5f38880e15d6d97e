"""The marks of members who were forgotten, for whoever answers from memory alone."""

from bot.domain.jobs import UserId
from bot.domain.marks import mark_of
from storage.database import Database


class Marks:
    """Tell by which numbers somebody may be known."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    async def open(self) -> None:
        """Learn the secret that marks are made with; again after somebody was forgotten."""
        self._key = await self._database.read(lambda tx: tx.forgetting.marks_key())

    def numbers(self, owner_id: UserId) -> tuple[UserId, ...]:
        """Return a member's id, and their mark if anybody was ever forgotten here."""
        if self._key is None:
            return (owner_id,)
        return (owner_id, UserId(mark_of(owner_id, key=self._key)))
