"""Everything about a user, found by one function: what an export shows and an erasure removes.

The ledger stays after an erasure: it says only that a numbered account was given and spent
amounts, and without these rows nobody could prove the others right. `PRIVACY` texts say so.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.credits import member_account
from bot.domain.jobs import JobId, UserId
from bot.domain.requests import BlobId
from storage.audit_trail import AuditTrail
from storage.executor import Executor, Value
from storage.jobs import Jobs

USER_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "owner_id",
        "house_bans": "owner_id",
        "jobs": "owner_id",
        "keys": "owner_id",
        "pauses": "owner_id",
        "preferences": "owner_id",
        "strikes": "owner_id",
        "used": "owner_id",
    }
)
"""Every table with rows of a user, and the column that says whose."""

SERVER_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "house_lists": "guild_id",
        "house_rules": "guild_id",
        "pay_rules": "guild_id",
        "server_keys": "guild_id",
    }
)
"""Every table with rows of a server and of nobody in it, and the column that says which."""

_OF_THEIR_JOBS = "job_id IN (SELECT id FROM jobs WHERE owner_id = :owner_id)"
_RELATED: Mapping[str, str] = MappingProxyType(
    {
        "answers": _OF_THEIR_JOBS,
        "job_moves": _OF_THEIR_JOBS,
        "job_sources": _OF_THEIR_JOBS,
        "pictures": _OF_THEIR_JOBS,
        "transfers": ":account IN (debit, credit)",
        "audit_trail": ":owner_id IN (actor_id, subject_id)",
        "budgets": "whom = 'member' AND subject_id = :owner_id",
    }
)

Export = Mapping[str, tuple[Mapping[str, Value], ...]]


class Privacy:
    """What one transaction knows about a user."""

    __slots__ = ("_audit_trail", "_db", "_jobs")

    def __init__(self, executor: Executor, *, jobs: Jobs, audit_trail: AuditTrail) -> None:
        self._db = executor
        self._audit_trail = audit_trail
        self._jobs = jobs

    async def export(self, owner_id: UserId) -> Export:
        """Return every row about a user, by table; sealed secrets are left out."""
        found = {}
        for table, column in USER_TABLES.items():
            found[table] = await self._readable(table, f"{column} = :owner_id", owner_id=owner_id)
        for table, theirs in _RELATED.items():
            values: dict[str, Value] = (
                {"account": member_account(owner_id)}
                if ":account" in theirs
                else {"owner_id": owner_id}
            )
            found[table] = await self._readable(table, theirs, **values)
        return found

    async def erase(self, owner_id: UserId) -> frozenset[BlobId]:
        """Delete keys, preferences and finished jobs; return the blobs that nobody needs any more.

        Acts of admins stay in the audit trail, without the person. Bans stay, or an erasure would
        lift them; so do strikes, which are gone after a day.
        Jobs with anything left to do stay: cancel them, and erase again when they are over.
        """
        for table in ("keys", "preferences"):
            column = USER_TABLES[table]
            await self._db.change(
                f"DELETE FROM {table} WHERE {column} = :owner_id",  # noqa: S608 - names are ours
                owner_id=owner_id,
            )
        await self._audit_trail.forget_member(owner_id)
        over = await self._db.rows(
            """
            SELECT id FROM jobs WHERE owner_id = :owner_id
            AND NOT EXISTS (SELECT 1 FROM open_jobs WHERE open_jobs.id = jobs.id)
            """,
            owner_id=owner_id,
        )
        blobs: frozenset[BlobId] = frozenset()
        for job in over:
            blobs |= await self._jobs.forget_results(JobId(job["id"]))
            await self._db.change("DELETE FROM jobs WHERE id = :id", id=job["id"])
        return blobs

    async def _readable(
        self, table: str, theirs: str, **values: Value
    ) -> tuple[Mapping[str, Value], ...]:
        rows = await self._db.rows(f"SELECT * FROM {table} WHERE {theirs}", **values)  # noqa: S608 - names are ours
        return tuple(
            {name: row[name] for name in row.keys() if not isinstance(row[name], bytes)}  # noqa: SIM118 - a row iterates over its values
            for row in rows
        )
