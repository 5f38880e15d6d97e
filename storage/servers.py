"""Servers that the bot has left: when, and everything of theirs forgotten after a while."""

from datetime import datetime

from bot.domain.credits import server_account
from storage.audit_trail import AuditTrail
from storage.executor import Executor
from storage.ledger_people import take_out_of_ledger
from storage.moments import to_text
from storage.privacy import SERVER_TABLES

NOT_JUST_DELETED = frozenset({"accounts", "audit_trail", "jobs", "left_servers"})
"""Tables that forgetting a server treats in ways of their own, below."""

_OF_ITS_JOBS = "job_id IN (SELECT id FROM jobs WHERE guild_id = :guild_id)"


class Servers:
    """The servers of one transaction."""

    __slots__ = ("_audit_trail", "_db")

    def __init__(self, executor: Executor, *, audit_trail: AuditTrail) -> None:
        self._db = executor
        self._audit_trail = audit_trail

    async def known(self) -> frozenset[int]:
        """Return the servers of which anything is stored."""
        found: set[int] = set()
        for table, column in SERVER_TABLES.items():
            rows = await self._db.rows(
                f"SELECT DISTINCT {column} AS guild_id FROM {table} WHERE {column} > 0"  # noqa: S608 - names are ours
            )
            found |= {row["guild_id"] for row in rows}
        return frozenset(found)

    async def note_left(self, guild_id: int, *, at: datetime) -> bool:
        """Note that the bot is not in a server any more; False when that was noted before."""
        changed = await self._db.change(
            """
            INSERT INTO left_servers (guild_id, left_at) VALUES (:guild_id, :at)
            ON CONFLICT (guild_id) DO NOTHING
            """,
            guild_id=guild_id,
            at=to_text(at),
        )
        return changed == 1

    async def note_back(self, guild_id: int) -> bool:
        """Note that the bot is in a server; False when it was never thought to have left."""
        changed = await self._db.change(
            "DELETE FROM left_servers WHERE guild_id = :guild_id", guild_id=guild_id
        )
        return changed == 1

    async def left_before(self, at: datetime) -> tuple[int, ...]:
        """Return the servers that were left before a moment, the longest first."""
        rows = await self._db.rows(
            "SELECT guild_id FROM left_servers WHERE left_at <= :at ORDER BY left_at, guild_id",
            at=to_text(at),
        )
        return tuple(row["guild_id"] for row in rows)

    async def forget(self, guild_id: int, *, nobody_id: int, at: datetime) -> bool:
        """Forget a server; False, and nothing is changed, while a job in it is open.

        Its pool belongs to `nobody_id` from then on, a number below zero that the caller drew.
        """
        if await self._has_open_jobs(guild_id):
            return False
        for table, column in SERVER_TABLES.items():
            if table not in NOT_JUST_DELETED:
                await self._delete(table, column, guild_id)
        await self._audit_trail.forget_guild(guild_id, nobody_id=nobody_id)
        await take_out_of_ledger(
            self._db,
            account=server_account(guild_id),
            nobody_id=nobody_id,
            their_jobs="guild_id = :theirs",
            theirs=guild_id,
        )
        await self._doom_pictures(guild_id, at=at)
        await self._delete("jobs", "guild_id", guild_id)
        await self._delete("left_servers", "guild_id", guild_id)
        return True

    async def _has_open_jobs(self, guild_id: int) -> bool:
        row = await self._db.row(
            """
            SELECT 1 FROM jobs WHERE guild_id = :guild_id
            AND EXISTS (SELECT 1 FROM open_jobs WHERE open_jobs.id = jobs.id) LIMIT 1
            """,
            guild_id=guild_id,
        )
        return row is not None

    async def _doom_pictures(self, guild_id: int, *, at: datetime) -> None:
        await self._db.change(
            f"""
            INSERT INTO doomed_blobs (blob, at) SELECT blob, :at FROM (
                SELECT blob FROM pictures WHERE {_OF_ITS_JOBS}
                UNION SELECT blob FROM job_sources WHERE {_OF_ITS_JOBS}
                UNION SELECT blob FROM answers WHERE {_OF_ITS_JOBS}
            ) AS its WHERE TRUE ON CONFLICT (blob) DO NOTHING
            """,  # noqa: S608 - constants of ours
            guild_id=guild_id,
            at=to_text(at),
        )

    async def _delete(self, table: str, column: str, guild_id: int) -> None:
        await self._db.change(
            f"DELETE FROM {table} WHERE {column} = :guild_id",  # noqa: S608 - names are ours
            guild_id=guild_id,
        )
