"""Credits: an append-only list of transfers, and accounts that remember what it adds up to.

Credits move at once (an allowance, a grant, a gift) or in two steps: a reservation holds credits
of a member or a server; a post, a void or an expiry resolves it, once, by the unique index
`one_resolution`. Every write is a conditional statement that says whether it did anything, so a
repeat with the same id changes nothing. All amounts are microcredits.
"""

from datetime import date, datetime
from enum import StrEnum

from bot.domain.credits import (
    ALLOWANCE,
    GRANTS,
    NOTHING,
    SPENT,
    AccountId,
    Balance,
    Cursor,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    member_account,
    server_account,
)
from bot.domain.jobs import JobId, UserId
from storage.audit import problems
from storage.executor import Executor, Value
from storage.moments import to_text
from storage.statements import Gifts, gifts, movements, transfer_of

EXPIRED_AT_ONCE_MAX = 500

_WITHIN_THE_LIMIT = """
    AND (:most IS NULL
        OR (SELECT COALESCE(SUM(amount), 0) FROM transfers
            WHERE debit = :debit AND kind = 'gift' AND at >= :since) + :amount <= :most
        AND (SELECT COALESCE(SUM(amount), 0) FROM transfers
            WHERE credit = :credit AND kind = 'gift' AND at >= :since) + :amount <= :most)
"""


class Reserved(StrEnum):
    """How a wish to reserve ended."""

    RESERVED = "reserved"
    REPEATED = "repeated"  # this id reserved before: nothing changed
    TOO_POOR = "too poor"


class Moved(StrEnum):
    """How a wish to move credits at once ended."""

    MOVED = "moved"
    REPEATED = "repeated"  # this id moved credits before: nothing changed
    TOO_POOR = "too poor"


class Gifted(StrEnum):
    """How a wish to give credits ended."""

    GIVEN = "given"
    REPEATED = "repeated"  # this id was given before: nothing changed
    TOO_POOR = "too poor"
    GAVE_ENOUGH = "gave enough"  # the giver's limit since that moment
    GOT_ENOUGH = "got enough"  # the receiver's


class Credits:
    """The ledger of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    # ------------------------------------------------------------ credits in

    async def balance(self, account: AccountId) -> Balance:
        """Return what an account owns and holds; an account that was never opened has nothing."""
        row = await self._db.row(
            "SELECT balance, held FROM accounts WHERE id = :account", account=account
        )
        if row is None:
            return Balance(balance=NOTHING, held=NOTHING)
        return Balance(balance=Microcredits(row["balance"]), held=Microcredits(row["held"]))

    async def open_member(self, owner_id: UserId) -> None:
        """Open a member's account unless it is open."""
        await self._db.change(
            """
            INSERT INTO accounts (id, kind, owner_id) VALUES (:id, 'member', :owner_id)
            ON CONFLICT (id) DO NOTHING
            """,
            id=member_account(owner_id),
            owner_id=owner_id,
        )

    async def open_server(self, guild_id: int) -> None:
        """Open a server's pool unless it is open."""
        await self._db.change(
            """
            INSERT INTO accounts (id, kind, guild_id) VALUES (:id, 'server', :guild_id)
            ON CONFLICT (id) DO NOTHING
            """,
            id=server_account(guild_id),
            guild_id=guild_id,
        )

    async def give_allowance(
        self, owner_id: UserId, *, day: date, amount: Microcredits, at: datetime
    ) -> Microcredits:
        """Top a member's balance up to `amount`, once per UTC day; return what was added.

        A member who owns more keeps it. A day that is not after the last one gives nothing, so a
        clock that goes back pays nobody twice.
        """
        await self.open_member(owner_id)
        row = await self._db.row(
            """
            UPDATE accounts SET allowance_day = :day
            WHERE id = :id AND (allowance_day IS NULL OR allowance_day < :day) RETURNING balance
            """,
            id=member_account(owner_id),
            day=day.isoformat(),
        )
        missing = 0 if row is None else max(0, amount - row["balance"])
        if missing:
            transfer_id = TransferId(f"allowance:{owner_id}:{day.isoformat()}")
            moved = await self.move(
                Transfer(
                    id=transfer_id,
                    kind=TransferKind.ALLOWANCE,
                    debit=ALLOWANCE,
                    credit=member_account(owner_id),
                    amount=Microcredits(missing),
                    at=at,
                )
            )
            assert moved is Moved.MOVED, "one allowance a day"
        return Microcredits(missing)

    async def grant(
        self,
        transfer_id: TransferId,
        *,
        account: AccountId,
        amount: Microcredits,
        at: datetime,
        source: AccountId = GRANTS,
    ) -> Moved:
        """Give credits to an open account, new ones or a server's."""
        return await self.move(
            Transfer(
                id=transfer_id,
                kind=TransferKind.GRANT,
                debit=source,
                credit=account,
                amount=amount,
                at=at,
            )
        )

    async def revoke(
        self, transfer_id: TransferId, *, account: AccountId, amount: Microcredits, at: datetime
    ) -> Moved:
        """Take credits back that an account owns and does not hold; all of `amount`, or nothing."""
        return await self.grant(transfer_id, account=GRANTS, amount=amount, at=at, source=account)

    async def gift(
        self, gift: Transfer, *, per_member_max: Microcredits | None, since: datetime
    ) -> Gifted:
        """Move a member's credits to another open account, within a limit on gifts since a moment.

        The limit holds for what one member gives and for what one account receives, so that the
        allowances of many cannot be heaped on one.
        """
        assert gift.kind is TransferKind.GIFT
        moved = await self._move(
            gift,
            condition=_WITHIN_THE_LIMIT,
            credit=gift.credit,
            most=per_member_max,
            since=to_text(since),
        )
        if moved is not Moved.TOO_POOR:
            return Gifted.GIVEN if moved is Moved.MOVED else Gifted.REPEATED
        return await self._why_not(gift, per_member_max, since)

    async def move(self, transfer: Transfer) -> Moved:
        """Move credits at once from one open account to another; what is held stays."""
        return await self._move(transfer)

    # ------------------------------------------------------------ reserve, then post or void

    async def reserve(
        self,
        transfer_id: TransferId,
        *,
        account: AccountId,
        amount: Microcredits,
        job_id: JobId,
        at: datetime,
        expires_at: datetime,
    ) -> Reserved:
        """Hold credits for a job; `amount` > 0: what is free needs no reservation."""
        assert amount > 0
        changed = await self._db.change(
            """
            UPDATE accounts SET held = held + :amount
            WHERE id = :account AND balance - held >= :amount
            AND NOT EXISTS (SELECT 1 FROM transfers WHERE transfers.id = :transfer_id)
            """,
            account=account,
            amount=amount,
            transfer_id=transfer_id,
        )
        if not changed:
            is_repeat = await self._exists(transfer_id)
            return Reserved.REPEATED if is_repeat else Reserved.TOO_POOR
        is_new = await self._append(
            Transfer(
                id=transfer_id,
                kind=TransferKind.RESERVE,
                debit=account,
                credit=SPENT,
                amount=amount,
                at=at,
                job_id=job_id,
            ),
            expires_at=expires_at,
        )
        assert is_new, "what is held is written down"
        return Reserved.RESERVED

    async def post(
        self,
        transfer_id: TransferId,
        *,
        reserve_id: TransferId,
        amount: Microcredits,
        at: datetime,
    ) -> bool:
        """Spend `amount` of a reservation and release the rest; posting nothing is a void.

        False: it was resolved before, or there is no such reservation; nothing changes.
        """
        if amount == 0:
            return await self.void(transfer_id, reserve_id=reserve_id, at=at)
        reserve = await self._reserve_of(reserve_id)
        if reserve is None:
            return False
        assert 0 < amount <= reserve.amount, "never more than was reserved"
        post = Transfer(
            id=transfer_id,
            kind=TransferKind.POST,
            debit=reserve.debit,
            credit=reserve.credit,
            amount=amount,
            reserve_id=reserve.id,
            job_id=reserve.job_id,
            at=at,
        )
        if not await self._append(post):
            return False
        await self._release(reserve)
        await self._credit(post.debit, -post.amount)
        await self._credit(post.credit, post.amount)
        return True

    async def void(self, transfer_id: TransferId, *, reserve_id: TransferId, at: datetime) -> bool:
        """Give a whole reservation back; False when it was resolved before or is not there."""
        reserve = await self._reserve_of(reserve_id)
        if reserve is None:
            return False
        return await self._give_back(reserve, transfer_id, TransferKind.VOID, at)

    async def expire(self, now: datetime) -> tuple[TransferId, ...]:
        """Give back reservations past their time that nobody will settle; return their ids.

        A safety net: whoever ends a job resolves its reservation in the same transaction. As long
        as the job is working its reservation stays, however late: the provider may still deliver,
        and credits released early could be spent a second time before the first was charged.
        """
        expired = []
        for reserve in await self.overdue(now):
            expiry_id = TransferId(f"{reserve.id}:expire")
            if await self._give_back(reserve, expiry_id, TransferKind.EXPIRE, now):
                expired.append(reserve.id)
        return tuple(expired)

    async def overdue(self, now: datetime) -> tuple[Transfer, ...]:
        """Return reservations past their time that nobody will settle, the oldest first."""
        # CROSS JOIN keeps SQLite from looking through all reservations there ever were: it starts
        # at the few accounts that hold anything.
        rows = await self._db.rows(
            """
            SELECT r.* FROM accounts a CROSS JOIN transfers r
            WHERE a.held > 0 AND r.debit = a.id AND r.kind = 'reserve' AND r.expires_at <= :now
            AND NOT EXISTS (SELECT 1 FROM transfers x WHERE x.reserve_id = r.id)
            AND NOT EXISTS (SELECT 1 FROM working_jobs j WHERE j.id = r.job_id)
            ORDER BY r.seq LIMIT :limit
            """,
            now=to_text(now),
            limit=EXPIRED_AT_ONCE_MAX,
        )
        return tuple(map(transfer_of, rows))

    # ------------------------------------------------------------ questions

    async def reserved(self, reserve_id: TransferId) -> Microcredits:
        """Return how much a reservation held, resolved or not; nothing when it is not there."""
        reserve = await self._reserve_of(reserve_id)
        return NOTHING if reserve is None else reserve.amount

    async def statement(
        self,
        account: AccountId,
        limit: int,
        cursor: Cursor | None = None,
        *,
        guild_id: int | None = None,
    ) -> tuple[Transfer, ...]:
        """Return an account's newest transfers, or those beyond a cursor, the newest first.

        Of a reservation that is resolved only the outcome is told. With a server, jobs elsewhere
        and gifts are left out: they are no business of its admins.
        """
        return await movements(self._db, account, limit=limit, cursor=cursor, guild_id=guild_id)

    async def gifts(self, account: AccountId, *, since: datetime) -> Gifts:
        """Return what an account has given and been given since a moment."""
        return await gifts(self._db, account, since=since)

    async def audit(self) -> tuple[str, ...]:
        """Return every way in which the ledger is not exact, in sentences; empty when it is."""
        return await problems(self._db)

    # ------------------------------------------------------------ parts of the above

    async def _move(self, transfer: Transfer, *, condition: str = "", **values: Value) -> Moved:
        """Take, give and write down; `condition` is looked at by the statement that takes."""
        assert transfer.amount > 0
        changed = await self._db.change(
            f"""
            UPDATE accounts SET balance = balance - :amount
            WHERE id = :debit AND (kind = 'system' OR balance - held >= :amount)
            AND NOT EXISTS (SELECT 1 FROM transfers WHERE transfers.id = :id) {condition}
            """,  # noqa: S608 - a constant of ours
            id=transfer.id,
            debit=transfer.debit,
            amount=transfer.amount,
            **values,
        )
        if not changed:
            return Moved.REPEATED if await self._exists(transfer.id) else Moved.TOO_POOR
        await self._credit(transfer.credit, transfer.amount)
        is_new = await self._append(transfer)
        assert is_new, "what moved is written down"
        return Moved.MOVED

    async def _why_not(
        self, gift: Transfer, per_member_max: Microcredits | None, since: datetime
    ) -> Gifted:
        """Say what kept a gift from being given."""
        if (await self.balance(gift.debit)).available < gift.amount:
            return Gifted.TOO_POOR
        assert per_member_max is not None, "nothing else keeps a gift"
        given = await self.gifts(gift.debit, since=since)
        is_givers = given.given + gift.amount > per_member_max
        return Gifted.GAVE_ENOUGH if is_givers else Gifted.GOT_ENOUGH

    async def _give_back(
        self, reserve: Transfer, transfer_id: TransferId, kind: TransferKind, at: datetime
    ) -> bool:
        released = Transfer(
            id=transfer_id,
            kind=kind,
            debit=reserve.credit,
            credit=reserve.debit,
            amount=reserve.amount,
            reserve_id=reserve.id,
            job_id=reserve.job_id,
            at=at,
        )
        if not await self._append(released):
            return False
        await self._release(reserve)
        return True

    async def _append(self, transfer: Transfer, *, expires_at: datetime | None = None) -> bool:
        """Add a row; False when its id is known or its reservation is resolved."""
        changed = await self._db.change(
            """
            INSERT INTO transfers
                (id, kind, debit, credit, amount, reserve_id, job_id, expires_at, at)
            VALUES (:id, :kind, :debit, :credit, :amount, :reserve_id, :job_id, :expires_at, :at)
            ON CONFLICT DO NOTHING
            """,
            id=transfer.id,
            kind=transfer.kind.value,
            debit=transfer.debit,
            credit=transfer.credit,
            amount=transfer.amount,
            reserve_id=transfer.reserve_id,
            job_id=transfer.job_id,
            expires_at=None if expires_at is None else to_text(expires_at),
            at=to_text(transfer.at),
        )
        return changed == 1

    async def _credit(self, account: AccountId, amount: int) -> None:
        changed = await self._db.change(
            "UPDATE accounts SET balance = balance + :amount WHERE id = :account",
            account=account,
            amount=amount,
        )
        assert changed, "credits move between open accounts"

    async def _release(self, reserve: Transfer) -> None:
        await self._db.change(
            "UPDATE accounts SET held = held - :amount WHERE id = :account",
            account=reserve.debit,
            amount=reserve.amount,
        )

    async def _reserve_of(self, reserve_id: TransferId) -> Transfer | None:
        row = await self._db.row(
            "SELECT * FROM transfers WHERE id = :id AND kind = 'reserve'", id=reserve_id
        )
        return None if row is None else transfer_of(row)

    async def _exists(self, transfer_id: TransferId) -> bool:
        found = await self._db.row("SELECT 1 FROM transfers WHERE id = :id", id=transfer_id)
        return found is not None
