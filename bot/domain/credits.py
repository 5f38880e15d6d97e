"""Credits: integer microcredits, moved between accounts by append-only transfers.

Members and servers own accounts; where credits come from and where they go are accounts of the
system, so that all together always hold nothing. A reservation holds an amount of an account; it
is resolved exactly once, by a post of at most that amount, a void, or an expiry. The caller makes
every transfer id, so a repeat changes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NewType

Microcredits = NewType("Microcredits", int)
AccountId = NewType("AccountId", str)
TransferId = NewType("TransferId", str)

CREDIT = 1_000_000
NOTHING = Microcredits(0)

ALLOWANCE = AccountId("system:allowance")
GRANTS = AccountId("system:grants")
SPENT = AccountId("system:spent")


class TransferKind(StrEnum):
    """What a row of the ledger is.

    A grant that goes the other way is a revoke. Gifts come from members and go to members or to a
    server's pool.
    """

    ALLOWANCE = "allowance"
    GRANT = "grant"
    GIFT = "gift"
    RESERVE = "reserve"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account owns and what of it is held by open reservations, in microcredits."""

    balance: Microcredits
    held: Microcredits

    @property
    def available(self) -> Microcredits:
        """What can still be reserved."""
        return Microcredits(self.balance - self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One row of the ledger, as a member's statement shows it; amount > 0, in microcredits."""

    id: TransferId
    kind: TransferKind
    debit: AccountId
    credit: AccountId
    amount: Microcredits
    at: datetime
    reserve_id: TransferId | None = None
    job_id: str | None = None
    seq: int = 0
    """Its place in the ledger, once it is stored."""


SEQ_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page of a statement begins: beyond a `Transfer.seq`, in a direction of time."""

    seq: int = SEQ_MAX
    way: Literal["older", "newer"] = "older"


def credits_of(whole: int) -> Microcredits:
    """Turn whole credits into microcredits."""
    return Microcredits(whole * CREDIT)


def member_account(owner_id: int) -> AccountId:
    """Name the account of a member."""
    return AccountId(f"member:{owner_id}")


def server_account(guild_id: int) -> AccountId:
    """Name the account of a server: its pool."""
    return AccountId(f"server:{guild_id}")


def is_server(account: AccountId) -> bool:
    """Tell whether an account is a server's pool."""
    return account.startswith("server:")


def member_of(account: AccountId) -> int | None:
    """Return whose account it is; None for a server's, the system's, and one without a person."""
    kind, _, number = account.partition(":")
    return int(number) if kind == "member" and number.isdecimal() else None


def reserve_id(job_id: str) -> TransferId:
    """Name the one reservation of a job."""
    return TransferId(f"job:{job_id}:reserve")


def post_id(job_id: str) -> TransferId:
    """Name the one settlement of a job."""
    return TransferId(f"job:{job_id}:post")


def void_id(job_id: str) -> TransferId:
    """Name the one refund of a job."""
    return TransferId(f"job:{job_id}:void")


def share(price: Microcredits, *, delivered: int, asked: int) -> Microcredits:
    """Return what `delivered` of `asked` pictures cost, rounded in the member's favour."""
    assert 0 <= delivered <= asked
    return Microcredits(price * delivered // asked) if asked else NOTHING


def next_allowance(now: datetime) -> datetime:
    """Return when the next daily allowance is due: midnight UTC."""
    return day_start(now) + timedelta(days=1)


def day_start(now: datetime) -> datetime:
    """Return when the day of a moment began: midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What `/credits` shows: the balance, when it renews and to what, some movements.

    `has_older`, `has_newer`: whether there are more on either side.
    """

    balance: Balance
    renews_at: datetime
    daily: Microcredits
    transfers: tuple[Transfer, ...]
    has_older: bool
    has_newer: bool
