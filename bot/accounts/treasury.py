"""What admins do with credits: grant, revoke, fill their server's pool, and see where it all went.

Credits are the same in every server, so whoever may make new ones spends the operator's money
everywhere. The operator can name who may; all others give from their server's pool.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.accounts.credits import CreditAccounts
from bot.domain.audit_trail import Act, Deed
from bot.domain.budgets import DayTotal
from bot.domain.clock import Clock
from bot.domain.credits import (
    CREDIT,
    GRANTS,
    AccountId,
    Balance,
    Cursor,
    Microcredits,
    Transfer,
    TransferId,
    day_start,
    member_account,
    server_account,
)
from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.jobs import UserId
from storage.credits import Moved
from storage.database import Database, Tx

AMOUNT_MAX = Microcredits(10_000_000 * CREDIT)

NOT_YOURS_TO_MAKE = (
    "Only those whom the operator has named may make new credits, or take some away. "
    "You can give from this server's pool."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account has, and its newest movements or those beyond a cursor."""

    id: AccountId
    balance: Balance
    transfers: tuple[Transfer, ...]


class Treasury:
    """Move credits on behalf of admins; every act stands in the audit trail with what it moved."""

    def __init__(
        self,
        database: Database,
        *,
        accounts: CreditAccounts,
        makers: Collection[UserId] | None,
        clock: Clock,
    ) -> None:
        """`makers` are those who may make new credits; None is everybody who manages a server."""
        self._database = database
        self._accounts = accounts
        self._makers = makers
        self._clock = clock

    def may_make(self, user_id: UserId) -> bool:
        """Tell whether an admin may make new credits."""
        return self._makers is None or user_id in self._makers

    async def grant(
        self, member_id: UserId, amount: Microcredits, *, deed: Deed, from_pool: bool | None = None
    ) -> Balance:
        """Give a member credits, new ones or the pool's; return what they have then.

        Left open, they are new where the admin may make them. Raises `NotAllowed`, and
        `InvalidRequest` when the pool has too few.
        """
        is_pools = not self.may_make(deed.by) if from_pool is None else from_pool
        if not is_pools:
            self._require_maker(deed)
        now, account = self._clock.now(), member_account(member_id)

        async def give(tx: Tx) -> Balance:
            facts = {"credits": _shown(amount), "from": "the pool" if is_pools else None}
            if await tx.audit_trail.add(
                deed.entry(Act.GRANTED, at=now, subject_id=member_id, facts=facts)
            ):
                # First their allowance, or it would top up less by what is granted.
                await self._accounts.open_today(tx, member_id, at=now)
                await tx.credits.open_server(deed.guild_id)
                source = server_account(deed.guild_id) if is_pools else GRANTS
                moved = await tx.credits.grant(
                    _id("grant", deed), account=account, amount=amount, at=now, source=source
                )
                await _require(tx, moved, source, "This server's pool has")
            return await tx.credits.balance(account)

        _check(amount)
        return await self._database.write(give)

    async def revoke(self, member_id: UserId, amount: Microcredits, *, deed: Deed) -> Balance:
        """Take credits back from a member, all of `amount` or nothing; return what is left.

        What is held for jobs stays. Raises `InvalidRequest` when they have too few. They go back
        to where all new credits come from, not into a pool. As a member has the same credits in
        every server, only those may who may make new ones; `NotAllowed` for others.
        """
        self._require_maker(deed)
        now, account = self._clock.now(), member_account(member_id)

        async def take(tx: Tx) -> Balance:
            facts = {"credits": _shown(amount)}
            if await tx.audit_trail.add(
                deed.entry(Act.REVOKED, at=now, subject_id=member_id, facts=facts)
            ):
                moved = await tx.credits.revoke(
                    _id("revoke", deed), account=account, amount=amount, at=now
                )
                await _require(tx, moved, account, "This member can spend")
            return await tx.credits.balance(account)

        _check(amount)
        return await self._database.write(take)

    async def fund(self, amount: Microcredits, *, deed: Deed) -> Balance:
        """Put new credits into the server's pool; return what is in it then."""
        self._require_maker(deed)
        now, pool = self._clock.now(), server_account(deed.guild_id)

        async def fill(tx: Tx) -> Balance:
            if await tx.audit_trail.add(
                deed.entry(Act.FUNDED, at=now, facts={"credits": _shown(amount)})
            ):
                await tx.credits.open_server(deed.guild_id)
                await tx.credits.grant(_id("fund", deed), account=pool, amount=amount, at=now)
            return await tx.credits.balance(pool)

        _check(amount)
        return await self._database.write(fill)

    async def member(
        self,
        member_id: UserId,
        *,
        limit: int,
        cursor: Cursor | None = None,
        guild_id: int | None = None,
    ) -> Account:
        """Return a member's balance and movements; with a server, what concerns its admins."""
        return await self._account(member_account(member_id), limit, cursor, guild_id)

    async def pool(self, guild_id: int, *, limit: int, cursor: Cursor | None = None) -> Account:
        """Return what is in a server's pool, and its movements."""
        return await self._account(server_account(guild_id), limit, cursor)

    async def days(self, guild_id: int, *, days: int) -> tuple[DayTotal, ...]:
        """Return what a server's members used together on each of the last days that had any."""
        since = day_start(self._clock.now()) - timedelta(days=days - 1)
        return await self._database.read(lambda tx: tx.budgets.days(guild_id, since=since))

    async def _account(
        self, account: AccountId, limit: int, cursor: Cursor | None, guild_id: int | None = None
    ) -> Account:
        async def look(tx: Tx) -> Account:
            found = await tx.credits.statement(
                account, limit=limit, cursor=cursor, guild_id=guild_id
            )
            return Account(id=account, balance=await tx.credits.balance(account), transfers=found)

        return await self._database.read(look)

    def _require_maker(self, deed: Deed) -> None:
        if not self.may_make(deed.by):
            raise NotAllowed(NOT_YOURS_TO_MAKE)


def _check(amount: Microcredits) -> None:
    if not 0 < amount <= AMOUNT_MAX:
        raise InvalidRequest(f"Name an amount of up to {_shown(AMOUNT_MAX)} credits.")


async def _require(tx: Tx, moved: Moved, account: AccountId, whose: str) -> None:
    if moved is Moved.TOO_POOR:
        available = (await tx.credits.balance(account)).available
        raise InvalidRequest(f"{whose} {_shown(available)} credits: name a smaller amount.")


def _id(act: str, deed: Deed) -> TransferId:
    return TransferId(f"{act}:{deed.id}")


def _shown(amount: Microcredits) -> str:
    return f"{amount / CREDIT:,.6f}".rstrip("0").rstrip(".")
