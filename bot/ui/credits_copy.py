"""What members read of their credits."""

from datetime import datetime

from bot.domain.credits import NOTHING, AccountId, Balance, Microcredits, Transfer, TransferKind
from bot.ui import texts

CREDITS = "Your credits"
NO_MOVEMENTS = "Nothing has moved yet."


def balance(held: Balance) -> str:
    """Say what can be spent and what is held."""
    line = f"You can spend **{texts.in_credits(held.available)}**."
    if held.held > NOTHING:
        line += f" {texts.figure(held.held)} more are held for pictures in the works."
    return line


def renewal(daily: Microcredits, *, renews_at: datetime) -> str:
    """Say when there will be more."""
    full = texts.figure(daily)
    return f"Every day your credits are topped up to {full}, next {texts.relative(renews_at)}."


def movement(transfer: Transfer, *, account: AccountId) -> str:
    """Say what one row of the ledger means for this member."""
    at, amount = texts.relative(transfer.at), texts.figure(transfer.amount)
    return f"{at}: {amount} {_MOVEMENTS[transfer.kind, transfer.credit == account]}"


_MOVEMENTS = {
    (TransferKind.ALLOWANCE, True): "arrived as your daily allowance",
    (TransferKind.GRANT, True): "were granted to you",
    (TransferKind.GRANT, False): "were taken back",
    (TransferKind.GIFT, True): "were given to you",
    (TransferKind.GIFT, False): "were given away by you",
    (TransferKind.RESERVE, False): "held for pictures in the works",
    (TransferKind.POST, False): "paid for pictures",
    (TransferKind.VOID, True): "given back, nothing was charged",
    (TransferKind.EXPIRE, True): "given back, nothing was charged",
}


def too_poor(*, needed: int, available: int, renews_at: datetime | None) -> str:
    """Say what is missing and when there will be more; amounts are microcredits."""
    if renews_at is None:
        return (
            f"This costs {texts.in_credits(Microcredits(needed))}, which this server pays, and it "
            f"has {texts.figure(Microcredits(available))} left. Whoever manages it can add some."
        )
    return (
        f"This costs {texts.in_credits(Microcredits(needed))} and you have "
        f"{texts.figure(Microcredits(available))}. "
        f"Your next allowance arrives {texts.relative(renews_at)}."
    )
