"""Members' credits: the daily allowance, what a job holds, what it costs, what comes back.

The functions that take a `Tx` run inside a caller's transaction, so that a job's state and its
money always move together; `CreditAccounts` answers members.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.credits import (
    NOTHING,
    AccountId,
    Balance,
    Cursor,
    Microcredits,
    Statement,
    Transfer,
    is_server,
    member_account,
    next_allowance,
    post_id,
    reserve_id,
    void_id,
)
from bot.domain.errors import InsufficientCredits
from bot.domain.jobs import Job, UserId
from storage.credits import Reserved
from storage.database import Database, Tx

BALANCES_REMEMBERED_MAX = 10_000
RESERVATION_LIFE = timedelta(
    days=2
)  # twice the longest deadline that can be set: only a safety net


class CreditAccounts:
    """Keep members' credits; amounts are microcredits."""

    def __init__(self, database: Database, *, daily: Microcredits, clock: Clock) -> None:
        self._database = database
        self._daily = daily
        self._clock = clock
        self._last_known: OrderedDict[UserId, Microcredits] = OrderedDict()

    def last_known(self, owner_id: UserId) -> Microcredits | None:
        """Return what was available when last seen, from memory; None when never seen."""
        return self._last_known.get(owner_id)

    async def statement(
        self, owner_id: UserId, *, limit: int, cursor: Cursor | None = None
    ) -> Statement:
        """Return a member's balance and a page of movements, today's allowance included."""
        now, account = self._clock.now(), member_account(owner_id)
        place = cursor or Cursor()

        async def look(tx: Tx) -> tuple[Balance, tuple[Transfer, ...], Cursor]:
            balance, shown = await self.open_today(tx, owner_id, at=now), place
            found = await tx.credits.statement(account, limit=limit + 1, cursor=shown)
            if shown.way == "newer" and len(found) <= limit:  # the newest: a whole page of them
                shown = Cursor()
                found = await tx.credits.statement(account, limit=limit + 1, cursor=shown)
            return balance, found, shown

        balance, found, shown = await self._database.write(look)
        self.remember(owner_id, balance.available)
        is_back = shown.way == "newer"
        return Statement(
            balance=balance,
            renews_at=next_allowance(now),
            daily=self._daily,
            transfers=found[1:] if is_back else found[:limit],
            has_older=is_back or len(found) > limit,
            has_newer=is_back or shown != Cursor(),
        )

    def remember(self, owner_id: UserId, available: Microcredits) -> None:
        """Keep the newest known balance for cards drawn from memory; the oldest ones are let go."""
        self._last_known[owner_id] = available
        self._last_known.move_to_end(owner_id)
        if len(self._last_known) > BALANCES_REMEMBERED_MAX:
            self._last_known.popitem(last=False)

    def let_go(self, owner_id: UserId) -> None:
        """Forget from memory whose account was given up."""
        self._last_known.pop(owner_id, None)

    async def open_today(self, tx: Tx, owner_id: UserId, *, at: datetime) -> Balance:
        """Give today's allowance unless it was given, and return the balance."""
        await tx.credits.open_member(owner_id)
        await tx.forgetting.recognise(owner_id)  # or an erasure would bring a second allowance
        await tx.credits.give_allowance(
            owner_id, day=at.astimezone(UTC).date(), amount=self._daily, at=at
        )
        return await tx.credits.balance(member_account(owner_id))

    async def hold(self, tx: Tx, job: Job, *, payers: Sequence[AccountId]) -> Job:
        """Reserve a job's price with the first of its payers who has enough; return it with them.

        Raises `InsufficientCredits`, of the last one, when none has.
        """
        if not job.price:
            return job
        for payer in payers:
            if await self._reserve(tx, job, payer) is not Reserved.TOO_POOR:
                return job.evolve(payer=payer)
        last = payers[-1]
        balance = await tx.credits.balance(last)
        raise InsufficientCredits(
            needed=job.price,
            available=balance.available,
            renews_at=None if is_server(last) else next_allowance(job.created_at),
        )

    async def _reserve(self, tx: Tx, job: Job, payer: AccountId) -> Reserved:
        return await tx.credits.reserve(
            reserve_id(job.id),
            account=payer,
            amount=job.price,
            job_id=job.id,
            at=job.created_at,
            expires_at=job.created_at + RESERVATION_LIFE,
        )


async def resolve(tx: Tx, job: Job, *, at: datetime) -> Microcredits:
    """Resolve a job's reservation: post what it is charged; return the rest, which is given back."""
    if job.payer is None:
        return NOTHING
    reserve = reserve_id(job.id)
    if job.charged:
        await tx.credits.post(post_id(job.id), reserve_id=reserve, amount=job.charged, at=at)
    else:
        await tx.credits.void(void_id(job.id), reserve_id=reserve, at=at)
    return Microcredits(await tx.credits.reserved(reserve) - job.charged)
