"""Gifts: from member to member or to a server's pool, once, within a limit a day on both sides.

The limit on receiving is what keeps one member from heaping up the allowances of many.
"""

from datetime import datetime

from bot.accounts.credits import CreditAccounts
from bot.domain.clock import Clock
from bot.domain.credits import (
    NOTHING,
    Microcredits,
    day_start,
    member_account,
    member_of,
    next_allowance,
)
from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExceeded
from bot.domain.gifts import Gift, Giving, check_age, check_receiver
from bot.domain.jobs import UserId
from storage.credits import Gifted
from storage.database import Database, Tx

SWITCHED_OFF = "Credits cannot be given away here."
GAVE_ENOUGH = "You have given away as many credits today as one may."
GOT_ENOUGH = "They have been given as many credits today as one may."
TOO_FEW = "You cannot spend that many credits: give fewer."


class GiftDesk:
    """Pass gifts on."""

    def __init__(
        self,
        database: Database,
        *,
        accounts: CreditAccounts,
        per_day: Microcredits | None,
        clock: Clock,
    ) -> None:
        """`per_day` is the most that one gives, and is given, in a day; None is no limit."""
        self._database = database
        self._accounts = accounts
        self._per_day = per_day
        self._clock = clock

    async def ask(self, gift: Gift) -> Giving:
        """Check a gift as far as that is possible before it is given, and say what could be."""
        self._check(gift)
        now, giver = self._clock.now(), member_account(gift.giver)

        async def look(tx: Tx) -> Giving:
            balance = await self._accounts.open_today(tx, gift.giver, at=now)
            given = (await tx.credits.gifts(giver, since=day_start(now))).given
            left = None if self._per_day is None else max(NOTHING, self._per_day - given)
            return Giving(
                available=balance.available, left=None if left is None else Microcredits(left)
            )

        giving = await self._database.write(look)
        if giving.available < gift.amount:
            raise InvalidRequest(TOO_FEW)
        if giving.left is not None and giving.left < gift.amount:
            raise QuotaExceeded(GAVE_ENOUGH, retry_at=next_allowance(now))
        return giving

    async def give(self, gift: Gift, *, asked_at: datetime) -> tuple[bool, Microcredits]:
        """Pass a gift on; return whether it was new, and what its giver can spend then.

        A repeat passes nothing on and is no error: whoever asks again may not have heard.
        """
        self._check(gift)
        now = self._clock.now()
        check_age(asked_at, now=now)

        async def pass_on(tx: Tx) -> tuple[Gifted, Microcredits]:
            await self._accounts.open_today(tx, gift.giver, at=now)
            receiver = member_of(gift.receiver)
            if receiver is not None:  # first their allowance, or it would top up less by the gift
                await self._accounts.open_today(tx, UserId(receiver), at=now)
            else:
                await tx.credits.open_server(_server_of(gift))
            outcome = await tx.credits.gift(
                gift.transfer(now), per_member_max=self._per_day, since=day_start(now)
            )
            balance = await tx.credits.balance(member_account(gift.giver))
            return outcome, balance.available

        outcome, available = await self._database.write(pass_on)
        self._accounts.remember(gift.giver, available)
        _require(outcome, retry_at=next_allowance(now))
        return outcome is Gifted.GIVEN, available

    def _check(self, gift: Gift) -> None:
        if self._per_day == NOTHING:
            raise NotAllowed(SWITCHED_OFF)
        check_receiver(gift)


def _require(outcome: Gifted, *, retry_at: datetime) -> None:
    match outcome:
        case Gifted.TOO_POOR:
            raise InvalidRequest(TOO_FEW)
        case Gifted.GAVE_ENOUGH:
            raise QuotaExceeded(GAVE_ENOUGH, retry_at=retry_at)
        case Gifted.GOT_ENOUGH:
            raise QuotaExceeded(GOT_ENOUGH, retry_at=retry_at)
        case Gifted.GIVEN | Gifted.REPEATED:
            return


def _server_of(gift: Gift) -> int:
    return int(gift.receiver.partition(":")[2])
