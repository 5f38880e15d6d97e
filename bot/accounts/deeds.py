"""What an admin is about to do: who, in which server, under which id; noted with the act itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.audit_trail import Act, AuditEntry, Fact
from bot.domain.jobs import UserId
from storage.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An admin's act; `id` is the interaction's, so that a repeat changes nothing."""

    id: str
    by: UserId
    guild_id: int

    async def note(
        self,
        tx: Tx,
        act: Act,
        *,
        at: datetime,
        facts: Mapping[str, Fact],
        subject_id: UserId | None = None,
    ) -> bool:
        """Write it into the audit trail; False when it was done before, and must not be again."""
        entry = AuditEntry(
            id=self.id,
            guild_id=self.guild_id,
            actor_id=self.by,
            act=act,
            subject_id=subject_id,
            facts=facts,
            at=at,
        )
        return await tx.audit_trail.add(entry)
