"""A gift: credits that a member gives to another, or to their server's pool."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.credits import (
    AccountId,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    member_account,
)
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UserId

GIFT_CREDITS_MAX = 1_000_000
ASKED_FOR = timedelta(hours=1)
"""So long the question whether to give may be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What was asked for; `id` is the command's interaction, so that a repeat changes nothing."""

    id: str
    giver: UserId
    receiver: AccountId
    amount: Microcredits

    def transfer(self, at: datetime) -> Transfer:
        """Return it as a row of the ledger."""
        return Transfer(
            id=TransferId(f"gift:{self.giver}:{self.id}"),
            kind=TransferKind.GIFT,
            debit=member_account(self.giver),
            credit=self.receiver,
            amount=self.amount,
            at=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What a member can give now, in microcredits; `left` is None where no limit is set."""

    available: Microcredits
    left: Microcredits | None


def check_receiver(gift: Gift) -> None:
    """Raise `InvalidRequest` for a gift to oneself."""
    if gift.receiver == member_account(gift.giver):
        raise InvalidRequest("You have these credits already: choose somebody else.")


def check_age(asked_at: datetime, *, now: datetime) -> None:
    """Raise `InvalidRequest` for a question that was left open for too long."""
    if now - asked_at > ASKED_FOR:
        raise InvalidRequest("This question is too old. Use /gift again.")
