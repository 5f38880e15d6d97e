"""Members are forgotten: what is theirs goes, the ledger stays without them.

An erasure is asked for in one transaction and done in another, when no job of theirs is open any
more, so that a crash in between forgets nothing but time. Of whoever was forgotten a mark is left:
a number that is made of their id with a secret of the house. It names nobody, but if the same
person comes back, what limits them (a ban, what they used of a budget, the allowance of the day)
is theirs again; or an erasure would be the way around every limit.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.domain.credits import member_account
from bot.domain.jobs import JobId, UserId
from bot.domain.marks import mark_of
from bot.domain.requests import BlobId
from storage.audit_trail import AuditTrail
from storage.executor import Executor, Value
from storage.ledger_people import take_out_of_ledger
from storage.moments import to_text
from storage.privacy import OF_THEIR_JOBS, RELATED, USER_TABLES
from storage.reports import Reports
from storage.sealing import Purpose, Sealed, Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How rows that limit a member belong to them.

    `same` is what is unique together with the owner, where the owner is part of a key; `named` is
    how an id is spelled that holds the owner's number.
    """

    owner: str = "owner_id"
    among: str = "TRUE"
    same: tuple[str, ...] = ()
    named: str | None = None


STANDING: Mapping[str, Standing] = MappingProxyType(
    {
        "budgets": Standing(
            owner="subject_id",
            among="whom = 'member'",
            same=("guild_id",),
            named="whom || :colon || :after || :colon || measure || :colon || COALESCE(period, '-')",
        ),
        "house_bans": Standing(same=("guild_id",)),
        "pauses": Standing(same=("guild_id",)),
        "strikes": Standing(),
        "used": Standing(same=("guild_id", "hour")),
    }
)
"""Tables whose rows limit a member and stay under their mark."""

NOT_JUST_DELETED = frozenset(
    {"accounts", "audit_trail", "erasures", "jobs", "reports", "transfers"}
)
"""Tables that an erasure treats in ways of their own, below."""

MARK_BYTES = 32
MARK_SECRET = "marks"  # noqa: S105 - the name of a secret
HOUSE = 0

_THEIR_BLOBS = f"""
    SELECT blob FROM pictures WHERE {OF_THEIR_JOBS}
    UNION SELECT blob FROM job_sources WHERE {OF_THEIR_JOBS}
    UNION SELECT blob FROM answers WHERE {OF_THEIR_JOBS}
"""  # noqa: S608 - constants of ours


class Forgetting:
    """The erasures of one transaction."""

    __slots__ = ("_audit_trail", "_db", "_reports", "_sealer")

    def __init__(
        self, executor: Executor, *, sealer: Sealer, audit_trail: AuditTrail, reports: Reports
    ) -> None:
        self._db = executor
        self._reports = reports
        self._sealer = sealer
        self._audit_trail = audit_trail

    async def ask(self, owner_id: UserId, *, at: datetime) -> None:
        """Note that a member wants to be forgotten; a repeat changes nothing."""
        await self._db.change(
            """
            INSERT INTO erasures (owner_id, asked_at) VALUES (:owner_id, :at)
            ON CONFLICT (owner_id) DO NOTHING
            """,
            owner_id=owner_id,
            at=to_text(at),
        )

    async def asked(self) -> tuple[UserId, ...]:
        """Return who waits to be forgotten, the longest first."""
        rows = await self._db.rows("SELECT owner_id FROM erasures ORDER BY asked_at, owner_id")
        return tuple(UserId(row["owner_id"]) for row in rows)

    async def is_asked(self, owner_id: UserId) -> bool:
        """Tell whether a member waits to be forgotten, and may begin nothing new."""
        row = await self._db.row(
            "SELECT 1 FROM erasures WHERE owner_id = :owner_id", owner_id=owner_id
        )
        return row is not None

    async def open_jobs(self, owner_id: UserId) -> tuple[JobId, ...]:
        """Return the jobs of a member with anything left to do."""
        rows = await self._db.rows(
            "SELECT id FROM open_jobs WHERE owner_id = :owner_id ORDER BY created_at, id",
            owner_id=owner_id,
        )
        return tuple(JobId(row["id"]) for row in rows)

    async def erase(self, owner_id: UserId, *, nobody_id: int, at: datetime) -> bool:
        """Forget a member; False, and nothing is changed, while a job of theirs is open.

        Their account belongs to `nobody_id` from then on, a number below zero that the caller drew.
        """
        if await self.open_jobs(owner_id):
            return False
        await self._leave_mark(owner_id, at=at)
        for table, column in USER_TABLES.items():
            if table not in NOT_JUST_DELETED and table not in STANDING:
                await self._delete(table, f"{column} = :owner_id", owner_id)
        for table, theirs in RELATED.items():
            if table in NOT_JUST_DELETED or table in STANDING:
                continue
            if theirs != OF_THEIR_JOBS:  # those go with the jobs
                await self._delete(table, theirs, owner_id)
        await self._audit_trail.forget_member(owner_id)
        await self._reports.forget_member(owner_id)
        await take_out_of_ledger(
            self._db,
            account=member_account(owner_id),
            nobody_id=nobody_id,
            their_jobs="owner_id = :theirs",
            theirs=owner_id,
        )
        await self._delete_jobs(owner_id, at=at)
        await self._delete("erasures", "owner_id = :owner_id", owner_id)
        return True

    async def recognise(self, owner_id: UserId) -> bool:
        """Give a member who was forgotten and is back an account and what limits them.

        False for everybody else: most of the time nobody is looked for at all.
        """
        if await self._db.row("SELECT 1 FROM forgotten LIMIT 1") is None:
            return False
        mark = await self._mark(owner_id)
        row = await self._db.row(
            "DELETE FROM forgotten WHERE mark = :mark RETURNING allowance_day", mark=mark
        )
        if row is None:
            return False
        await self._db.change(
            """
            INSERT INTO accounts (id, kind, owner_id, allowance_day)
            VALUES (:id, 'member', :owner_id, :day)
            ON CONFLICT (id) DO UPDATE SET allowance_day = excluded.allowance_day
            """,
            id=member_account(owner_id),
            owner_id=owner_id,
            day=row["allowance_day"],
        )
        for table, rows in STANDING.items():
            await self._hand_over(table, rows, before=mark, after=owner_id)
        return True

    async def marks_key(self) -> bytes | None:
        """Return the secret that marks are made with, when anybody is known by one."""
        if await self._db.row("SELECT 1 FROM forgotten LIMIT 1") is None:
            return None
        return await self._mark_key()

    async def has_marks(self, *, before: datetime) -> bool:
        """Tell whether there are marks from before a moment."""
        row = await self._db.row(
            "SELECT 1 FROM forgotten WHERE at < :before LIMIT 1", before=to_text(before)
        )
        return row is not None

    async def drop_marks(self, *, before: datetime) -> int:
        """Let go of old marks that nothing is kept under."""
        free = "".join(
            f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE {rows.owner} = forgotten.mark)"  # noqa: S608 - names are ours
            for table, rows in STANDING.items()
        )
        return await self._db.change(
            f"DELETE FROM forgotten WHERE at < :before{free}",  # noqa: S608 - names are ours
            before=to_text(before),
        )

    # ------------------------------------------------------------ bytes that nobody needs

    async def doomed(self, *, limit: int) -> tuple[BlobId, ...]:
        """Return stored bytes that are on their way out."""
        rows = await self._db.rows(
            "SELECT blob FROM doomed_blobs ORDER BY at, blob LIMIT :limit", limit=limit
        )
        return tuple(BlobId(row["blob"]) for row in rows)

    async def settle_blob(self, blob: BlobId) -> None:
        """Note that stored bytes are gone, or needed by somebody again."""
        await self._db.change("DELETE FROM doomed_blobs WHERE blob = :blob", blob=blob)

    # ------------------------------------------------------------ parts of the above

    async def _delete(self, table: str, theirs: str, owner_id: UserId) -> None:
        await self._db.change(f"DELETE FROM {table} WHERE {theirs}", owner_id=owner_id)  # noqa: S608 - names are ours

    async def _delete_jobs(self, owner_id: UserId, *, at: datetime) -> None:
        await self._db.change(
            f"""
            INSERT INTO doomed_blobs (blob, at) SELECT blob, :at FROM ({_THEIR_BLOBS}) AS theirs
            WHERE TRUE ON CONFLICT (blob) DO NOTHING
            """,  # noqa: S608 - constants of ours
            owner_id=owner_id,
            at=to_text(at),
        )
        await self._db.change(
            """
            UPDATE jobs SET parent_id = NULL
            WHERE parent_id IN (SELECT id FROM jobs WHERE owner_id = :owner_id)
            """,
            owner_id=owner_id,
        )
        await self._delete("jobs", "owner_id = :owner_id", owner_id)

    async def _leave_mark(self, owner_id: UserId, *, at: datetime) -> None:
        mark = await self._mark(owner_id)
        await self._db.change(
            """
            INSERT INTO forgotten (mark, allowance_day, at)
            VALUES (:mark, (SELECT allowance_day FROM accounts WHERE owner_id = :owner_id), :at)
            ON CONFLICT (mark) DO UPDATE SET at = excluded.at,
                allowance_day = COALESCE(excluded.allowance_day, forgotten.allowance_day)
            """,
            mark=mark,
            owner_id=owner_id,
            at=to_text(at),
        )
        for table, rows in STANDING.items():
            await self._hand_over(table, rows, before=owner_id, after=mark)

    async def _hand_over(self, table: str, rows: Standing, *, before: int, after: int) -> None:
        """Let rows belong to another number; where that has such a row already, its own counts."""
        values: dict[str, Value] = {"before": before, "after": after}
        if rows.named is not None:
            values["colon"] = ":"
        theirs = f"{rows.owner} = :before AND {rows.among}"
        if rows.same:
            is_same = " AND ".join(f"own.{name} = {table}.{name}" for name in rows.same)
            is_own = (
                f"own.{rows.owner} = :after" if rows.named is None else f"own.id = {rows.named}"
            )
            await self._db.change(
                f"""
                DELETE FROM {table} WHERE {theirs}
                AND EXISTS (SELECT 1 FROM {table} AS own WHERE {is_own} AND {is_same})
                """,  # noqa: S608 - names are ours
                **values,
            )
        renamed = "" if rows.named is None else f", id = {rows.named}"
        await self._db.change(
            f"UPDATE {table} SET {rows.owner} = :after{renamed} WHERE {theirs}",  # noqa: S608 - names are ours
            **values,
        )

    async def _mark(self, owner_id: UserId) -> int:
        return mark_of(owner_id, key=await self._mark_key())

    async def _mark_key(self) -> bytes:
        """Return the secret that marks are made with; it is made when it is first needed."""
        row = await self._db.row(
            "SELECT sealed, key_id FROM house_secrets WHERE number = :number AND name = :name",
            number=HOUSE,
            name=MARK_SECRET,
        )
        if row is not None:
            sealed = Sealed(key_id=row["key_id"], data=row["sealed"])
            plain = self._sealer.unseal(
                sealed, purpose=Purpose.HOUSE_SECRET, owner_id=HOUSE, name=MARK_SECRET
            )
            return base64.b64decode(plain)
        return await self._new_mark_key()

    async def _new_mark_key(self) -> bytes:
        key = os.urandom(MARK_BYTES)
        sealed = self._sealer.seal(
            base64.b64encode(key).decode(),
            purpose=Purpose.HOUSE_SECRET,
            owner_id=HOUSE,
            name=MARK_SECRET,
        )
        await self._db.change(
            """
            INSERT INTO house_secrets (number, name, sealed, key_id)
            VALUES (:number, :name, :sealed, :key_id)
            """,
            number=HOUSE,
            name=MARK_SECRET,
            sealed=sealed.data,
            key_id=sealed.key_id,
        )
        return key
