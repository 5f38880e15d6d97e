"""The audit trail: written in the transaction of the act itself, so that none goes without the other."""

import json
from datetime import datetime

from bot.domain.audit_trail import AuditEntry, AuditView
from bot.domain.jobs import UserId
from storage.executor import Executor, Row
from storage.moments import from_text, to_text

SEQ_MAX = 2**63 - 1

_THEIRS = "(:member_id IS NULL OR actor_id = :member_id OR subject_id = :member_id)"


class AuditTrail:
    """The audit trail of one transaction; rows are only added."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def add(self, entry: AuditEntry) -> bool:
        """Note an act; False when its id is known, so that a repeat changes nothing."""
        changed = await self._db.change(
            """
            INSERT INTO audit_trail (id, guild_id, actor_id, act, subject_id, facts, at)
            VALUES (:id, :guild_id, :actor_id, :act, :subject_id, :facts, :at)
            ON CONFLICT (id) DO NOTHING
            """,
            id=entry.id,
            guild_id=entry.guild_id,
            actor_id=entry.actor_id,
            act=str(entry.act),
            subject_id=entry.subject_id,
            facts=json.dumps(dict(entry.facts), ensure_ascii=False),
            at=to_text(entry.at),
        )
        return changed == 1

    async def page(self, view: AuditView, *, limit: int) -> tuple[AuditEntry, ...]:
        """Return entries of a server, the newest first."""
        if view.after is not None:
            rows = await self._db.rows(
                f"""
                SELECT * FROM audit_trail
                WHERE guild_id = :guild_id AND seq > :after AND {_THEIRS}
                ORDER BY seq LIMIT :limit
                """,  # noqa: S608 - a constant of ours
                guild_id=view.guild_id,
                after=view.after,
                member_id=view.member_id,
                limit=limit,
            )
            return tuple(map(_entry_of, reversed(rows)))
        rows = await self._db.rows(
            f"""
            SELECT * FROM audit_trail
            WHERE guild_id = :guild_id AND seq < :before AND {_THEIRS}
            ORDER BY seq DESC LIMIT :limit
            """,  # noqa: S608 - a constant of ours
            guild_id=view.guild_id,
            before=SEQ_MAX if view.before is None else view.before,
            member_id=view.member_id,
            limit=limit,
        )
        return tuple(map(_entry_of, rows))

    async def forget_member(self, member_id: UserId) -> None:
        """Take a person out of every entry; what was done to them loses its facts as well."""
        await self._db.change(
            """
            UPDATE audit_trail SET subject_id = NULL, facts = '{}' WHERE subject_id = :member_id
            """,
            member_id=member_id,
        )
        await self._db.change(
            "UPDATE audit_trail SET actor_id = NULL WHERE actor_id = :member_id",
            member_id=member_id,
        )

    async def forget_guild(self, guild_id: int, *, nobody_id: int) -> None:
        """Take a server, everybody in it and what was said out of its entries: the bot left it."""
        await self._db.change(
            """
            UPDATE audit_trail SET guild_id = :nobody_id, actor_id = NULL, subject_id = NULL,
                facts = '{}', id = :prefix || seq
            WHERE guild_id = :guild_id
            """,
            guild_id=guild_id,
            nobody_id=nobody_id,
            prefix=f"nobody:{-nobody_id}:",
        )


def _entry_of(row: Row) -> AuditEntry:
    at: datetime = from_text(row["at"])
    return AuditEntry(
        id=row["id"],
        guild_id=row["guild_id"],
        actor_id=row["actor_id"],
        act=row["act"],
        subject_id=row["subject_id"],
        facts=json.loads(row["facts"]),
        at=at,
        seq=row["seq"],
    )
