"""Kudos of a member's own account at the AI Horde: what there is, and giving some away, once."""

import logging
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from bot.accounts.keys import KeyRing
from bot.domain.clock import Clock
from bot.domain.errors import Ambiguous, BotError, InvalidRequest, Transient, UserError
from bot.domain.jobs import UserId
from bot.domain.keys import KeyOwner
from bot.domain.kudos import (
    AMOUNT_MAX,
    CONFIRMED_WITHIN,
    STALE_AFTER,
    AccountInfo,
    Gift,
    GiftId,
    GiftState,
    receiver_named,
)
from storage.database import Database

log = logging.getLogger(__name__)

NO_KEY = "Kudos belong to an account of your own at {title}: bring its key with /key set."
NOT_OFFERED = "AI Horde is not offered here."
UNKNOWN = "I don't know this gift any more. Nothing was sent: start again with /kudos give."
TOO_LATE = "You took too long to confirm this one. Nothing was sent: start again with /kudos give."
ON_ITS_WAY = "This gift is being sent just now."
OVER = {
    GiftState.SENT: "This gift was sent already; it is not sent twice.",
    GiftState.REFUSED: "This gift was refused. Nothing was sent.",
    GiftState.DROPPED: "You gave this one up. Nothing was sent.",
}
UNSURE = "It is not certain that {title} got it. Press again: what was sent once is not sent twice."


class Bank(Protocol):
    """A provider where members own something that they may give away."""

    name: str
    title: str

    async def account(self, key: SecretStr) -> AccountInfo:
        """Tell what an account has and may do."""
        ...

    async def give(self, key: SecretStr, *, to: str, amount: int, once: str) -> None:
        """Give some of it away; a repeat with the same `once` changes nothing.

        Raises `Ambiguous` when it may have arrived, `Transient` when it did not.
        """
        ...


class KudosDesk:
    """Answer for members' accounts; the key never leaves here but for a call."""

    def __init__(
        self, database: Database, *, keys: KeyRing, bank: Bank | None, clock: Clock
    ) -> None:
        self._database = database
        self._keys = keys
        self._offered = bank
        self._clock = clock

    @property
    def _bank(self) -> Bank:
        if self._offered is None:
            raise InvalidRequest(NOT_OFFERED)
        return self._offered

    async def account(self, owner_id: UserId) -> AccountInfo:
        """Return what a member's own account has."""
        return await self._bank.account(await self._key(owner_id))

    async def ask(self, gift_id: GiftId, *, owner_id: UserId, to: str, amount: int) -> Gift:
        """Write down a gift that has to be confirmed; nothing is sent yet.

        Raises `InvalidRequest` for what cannot be one, or without a key.
        """
        if not self._keys.has(KeyOwner.member(owner_id), self._bank.name):
            raise InvalidRequest(NO_KEY.format(title=self._bank.title))
        if not 1 <= amount <= AMOUNT_MAX:
            raise InvalidRequest(f"Give between 1 and {AMOUNT_MAX:,} kudos.")
        gift = Gift(
            id=gift_id,
            owner_id=owner_id,
            receiver=receiver_named(to),
            amount=amount,
            state=GiftState.ASKED,
            created_at=self._clock.now(),
        )
        await self._database.write(lambda tx: tx.kudos_gifts.add(gift))
        return gift

    async def send(self, gift_id: GiftId, *, by: UserId) -> Gift:
        """Carry out a gift that was confirmed, and return it.

        Whoever presses twice is told so. Raises `UserError` with what to do.
        """
        gift, now = await self._own(gift_id, by), self._clock.now()
        if gift.state is GiftState.ASKED and now - gift.created_at > CONFIRMED_WITHIN:
            raise InvalidRequest(TOO_LATE)
        key = await self._key(by)
        stale_before = now - STALE_AFTER
        if not await self._database.write(
            lambda tx: tx.kudos_gifts.claim(gift_id, at=now, stale_before=stale_before)
        ):
            gift = await self._own(gift_id, by)
            raise UserError(OVER.get(gift.state, ON_ITS_WAY))
        await self._carry_out(gift, key)
        return gift

    async def drop(self, gift_id: GiftId, *, by: UserId) -> Gift:
        """Give a gift up before it is confirmed."""
        gift, now = await self._own(gift_id, by), self._clock.now()
        if not await self._database.write(
            lambda tx: tx.kudos_gifts.drop(gift_id, owner_id=by, at=now)
        ):
            gift = await self._own(gift_id, by)
            raise UserError(OVER.get(gift.state, ON_ITS_WAY))
        return gift

    async def _carry_out(self, gift: Gift, key: SecretStr) -> None:
        try:
            await self._bank.give(
                key, to=gift.receiver, amount=gift.amount, once=f"easel-{gift.id}"
            )
        except (Ambiguous, Transient) as error:
            log.info("gift unsure", extra={"why": str(error)})
            await self._settle(gift, GiftState.UNSURE)
            raise UserError(UNSURE.format(title=self._bank.title)) from error
        except BotError:
            await self._settle(gift, GiftState.REFUSED)
            raise
        await self._settle(gift, GiftState.SENT)

    async def _settle(self, gift: Gift, state: GiftState) -> None:
        now: datetime = self._clock.now()
        await self._database.write(lambda tx: tx.kudos_gifts.settle(gift.id, state, at=now))

    async def _own(self, gift_id: GiftId, owner_id: UserId) -> Gift:
        gift = await self._database.read(lambda tx: tx.kudos_gifts.get(gift_id, owner_id=owner_id))
        if gift is None:
            raise InvalidRequest(UNKNOWN)
        return gift

    async def _key(self, owner_id: UserId) -> SecretStr:
        owner = KeyOwner.member(owner_id)
        key = await self._keys.secret_for(owner, provider=self._bank.name)
        if key is None:
            raise InvalidRequest(NO_KEY.format(title=self._bank.title))
        return key
