"""Everything about a user, found by one function: what an export shows and an erasure removes.

Whoever adds a table or a column that can name a member or a server lists it here, and a test sees
to it. What is listed is exported and erased without more ado, but for the few tables that
`storage/forgetting.py` names.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.domain.credits import AccountId, member_account, member_of
from bot.domain.jobs import UserId
from storage.executor import Executor, Row, Value

USER_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "owner_id",
        "claims": "owner_id",
        "erasures": "owner_id",
        "house_bans": "owner_id",
        "jobs": "owner_id",
        "keys": "owner_id",
        "kudos_gifts": "owner_id",
        "pauses": "owner_id",
        "preferences": "owner_id",
        "questions": "owner_id",
        "reports": "owner_id",
        "strikes": "owner_id",
        "used": "owner_id",
    }
)
"""Every table with rows of a user, and the column that says whose."""

SERVER_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "accounts": "guild_id",
        "audit_trail": "guild_id",
        "budgets": "guild_id",
        "house_bans": "guild_id",
        "house_lists": "guild_id",
        "house_rules": "guild_id",
        "jobs": "guild_id",
        "left_servers": "guild_id",
        "pauses": "guild_id",
        "pay_rules": "guild_id",
        "questions": "guild_id",
        "reports": "guild_id",
        "server_keys": "guild_id",
        "used": "guild_id",
    }
)
"""Every table with rows of a server, and the column that says which."""

OF_THEIR_JOBS = "job_id IN (SELECT id FROM jobs WHERE owner_id = :owner_id)"
RELATED: Mapping[str, str] = MappingProxyType(
    {
        "answers": OF_THEIR_JOBS,
        "audit_trail": ":owner_id IN (actor_id, subject_id)",
        "budgets": "whom = 'member' AND subject_id = :owner_id",
        "job_moves": OF_THEIR_JOBS,
        "job_sources": OF_THEIR_JOBS,
        "pictures": OF_THEIR_JOBS,
        "transfers": ":account IN (debit, credit)",
    }
)
"""Every other table with rows about a user, and which rows those are."""

ABOUT_NOBODY = frozenset({"doomed_blobs", "forgotten", "house_secrets", "migrations"})
"""Tables whose rows name no user and no server."""

NAMES: frozenset[tuple[str, str]] = frozenset(
    {
        ("audit_trail", "actor_id"),
        ("audit_trail", "subject_id"),
        ("accounts", "id"),
        ("budgets", "id"),
        ("budgets", "subject_id"),
        ("jobs", "payer"),
        ("reports", "handler_id"),
        ("transfers", "id"),
        ("transfers", "debit"),
        ("transfers", "credit"),
    }
)
"""Columns that can name a user or a server, beside those that `*_TABLES` are looked up by."""

HIDDEN = frozenset({("jobs", "remote"), ("jobs", "remote_id")})
"""What an export leaves out: whoever knows a remote id may read and cancel what runs on a key."""

SOMEBODY = "somebody else"

Take = Callable[[str, Mapping[str, Value]], None]
"""Takes one row of a table."""


class Privacy:
    """What one transaction knows about a user."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def export(self, owner_id: UserId, take: Take) -> None:
        """Hand over every row about a user; no sealed secret, and nobody else's id."""
        account, mine = member_account(owner_id), _without_others(take, owner_id)
        for table, column in USER_TABLES.items():
            await self._each(table, f"{column} = :owner_id", mine, owner_id=owner_id)
        for table, theirs in RELATED.items():
            values: Mapping[str, Value] = (
                {"account": account} if ":account" in theirs else {"owner_id": owner_id}
            )
            await self._each(table, theirs, mine, **values)

    async def _each(self, table: str, theirs: str, take: Take, **values: Value) -> None:
        async for rows in self._db.pages(f"SELECT * FROM {table} WHERE {theirs}", **values):  # noqa: S608 - names are ours
            for row in rows:
                take(table, _readable(table, row))


def _readable(table: str, row: Row) -> Mapping[str, Value]:
    return {
        name: row[name]
        for name in row.keys()  # noqa: SIM118 - a row iterates over its values
        if not isinstance(row[name], bytes) and (table, name) not in HIDDEN
    }


def _without_others(take: Take, owner_id: UserId) -> Take:
    """Leave other people out of what two have in common."""

    def take_mine(table: str, row: Mapping[str, Value]) -> None:
        mine = dict(row)
        for name in ("actor_id", "subject_id", "handler_id"):
            if mine.get(name) not in {None, owner_id}:
                mine[name] = SOMEBODY
        for name in ("debit", "credit"):
            if member_of(AccountId(str(mine.get(name)))) not in {None, owner_id}:
                mine[name] = SOMEBODY
        take(table, mine)

    return take_mine
