"""What admins read of credits: whose they are, who pays, what things cost, where they went."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bot.domain.budgets import DayTotal
from bot.domain.credits import (
    CREDIT,
    NOTHING,
    AccountId,
    Balance,
    Microcredits,
    Transfer,
    TransferKind,
    is_server,
    member_of,
)
from bot.domain.csv_text import Cell
from bot.domain.jobs import UserId
from bot.domain.payers import WHOLE_SERVER, PayRule
from bot.domain.pricing import Price
from bot.ui import copy, texts

GRANT_MEMBER = "Who gets the credits"
REVOKE_MEMBER = "From whom the credits are taken"
STATEMENT_MEMBER = "Whose credits"
AMOUNT = "How many credits"
FROM_POOL = "Give from this server's pool, where you could make new ones"
AS_A_FILE = "As a CSV file, with more rows"
DAYS = "How many days back"
BUDGET_AMOUNT = "How much: credits, requests or seconds"
BUDGET_OF = "What is counted; credits if you leave it out"
BUDGET_PER = "Until when it is full again; a day if you leave it out"
BUDGET_FOR = "Who shares it; each member alone if you leave it out"
BUDGET_ROLE = "Only for members who have this role, each alone"
BUDGET_MEMBER = "Only for this member"
BUDGET_EXCEPT = "Not for members who have this role"
BUDGET_ONE = "Which budget"
PAYER = "Whose credits pay"
PAYER_CHANNEL = "Only in this channel and its threads; everywhere else if you leave it out"

BUDGETS = "Budgets of this server"
NO_BUDGETS = "There is none: members use what they have. /admin budget set makes one."
NO_SUCH_BUDGET = "There is no such budget. Please pick one from the list."
ONE_OF_BOTH = "A budget is for one role or for one member: please name only one of them."
PAUSE_IS_EACH = "A pause is made by each member alone and lasts seconds, so it has no period."
PAYER_NOWHERE = "Everywhere somebody has to pay: please choose who."
POOL = "This server's pool"
PRICES = "What requests cost here"
TOTALS = "What members used here"
NOTHING_USED = "Nothing was used in these days."
NO_MOVEMENTS = "Nothing has moved yet."
ONLY_HERE = "Balance everywhere; movements in this server, allowances and grants."

PAYERS = {
    PayRule.MEMBER: "the member who asks",
    PayRule.SERVER: "this server's pool",
    PayRule.SERVER_FIRST: "this server's pool as long as it has enough, then the member",
}
AS_ELSEWHERE = "as everywhere else"

STATEMENT_HEADER = ("at", "what", "credits", "job")
TOTALS_HEADER = ("day", "credits", "requests")

_WORDS = {
    (TransferKind.ALLOWANCE, True): "daily allowance",
    (TransferKind.GRANT, True): "granted",
    (TransferKind.GRANT, False): "taken back",
    (TransferKind.GIFT, True): "given by a member",
    (TransferKind.GIFT, False): "given to somebody",
    (TransferKind.RESERVE, False): "held for a request",
    (TransferKind.POST, False): "paid for a request",
    (TransferKind.VOID, True): "held and given back",
    (TransferKind.EXPIRE, True): "held and given back",
}
_STAYS = frozenset({TransferKind.RESERVE, TransferKind.VOID, TransferKind.EXPIRE})


def granted(member_id: UserId, amount: Microcredits, *, now: Balance) -> str:
    """Say what a member got and has."""
    return f"<@{member_id}> got {texts.in_credits(amount)} and can spend {_spendable(now)}."


def revoked(member_id: UserId, amount: Microcredits, *, now: Balance) -> str:
    """Say what a member lost and has."""
    return (
        f"{texts.in_credits(amount)} were taken from <@{member_id}>, who can spend "
        f"{_spendable(now)}."
    )


def funded(amount: Microcredits, *, now: Balance) -> str:
    """Say what went into the pool and is in it."""
    return f"{texts.in_credits(amount)} went into the pool, which has {_spendable(now)}."


def owns(balance: Balance) -> str:
    """Say what an account has."""
    line = f"**{texts.in_credits(balance.available)}** to spend"
    return line if balance.held == NOTHING else f"{line}, {texts.figure(balance.held)} held"


def statement_title(member_id: UserId) -> str:
    """Say whose statement it is."""
    return f"Credits of <@{member_id}>"


def movement(transfer: Transfer, *, account: AccountId) -> str:
    """Say in one line what a row of the ledger did to an account."""
    amount = texts.figure(transfer.amount)
    sign = "" if transfer.kind in _STAYS else "+" if transfer.credit == account else "−"  # noqa: RUF001 - a minus that people read
    return f"{texts.relative(transfer.at)}: {sign}{amount} {_what(transfer, account)}"


def statement_rows(
    transfers: Iterable[Transfer], *, account: AccountId
) -> Iterable[Sequence[Cell]]:
    """Return a statement as the rows of a table."""
    for transfer in transfers:
        amount = Decimal(transfer.amount) / CREDIT
        if transfer.kind in _STAYS:
            amount = Decimal(0)
        elif transfer.credit != account:
            amount = -amount
        yield (
            transfer.at.isoformat(timespec="seconds"),
            _WORDS[transfer.kind, transfer.credit == account],
            amount,
            transfer.job_id,
        )


def day_line(total: DayTotal) -> str:
    """Say what was used on a day."""
    requests = "1 request" if total.jobs == 1 else f"{total.jobs:,} requests"
    return f"{total.day.isoformat()}: {texts.in_credits(total.credits)}, {requests}"


def totals_rows(totals: Iterable[DayTotal]) -> Iterable[Sequence[Cell]]:
    """Return what was used as the rows of a table."""
    for total in totals:
        yield total.day.isoformat(), Decimal(total.credits) / CREDIT, total.jobs


def payer_line(channel_id: int, rule: PayRule) -> str:
    """Say who pays in a place."""
    place = "Everywhere else" if channel_id == WHOLE_SERVER else f"In <#{channel_id}>"
    return f"{place} {PAYERS[rule]} pays."


def payer_usual() -> str:
    """Say who pays where nothing was said."""
    return f"Everywhere else {PAYERS[PayRule.MEMBER]} pays."


def budget_set(line: str) -> str:
    """Say that a budget holds from now on."""
    return f"From now on: {line}."


def budget_removed(line: str) -> str:
    """Say that a budget does not hold any more."""
    return f"No longer: {line}."


def price_line(price: Price) -> str:
    """Say what some models of some providers cost."""
    provider = "All providers" if price.provider == "*" else copy.provider(price.provider)
    model = "" if price.model == "*" else f", {texts.inline(price.model)}"
    if price.estimate is not None:
        words = f"{texts.in_credits(price.estimate)} for one unit of the provider's own estimate"
        return f"**{provider}{model}**: {words}"
    parts = [
        texts.in_credits(price.picture) if price.picture else None,
        f"{texts.figure(price.megapixel_step)} a megapixel and step",
        f"{texts.figure(price.post_processor)} each for what is done afterwards",
        f"{texts.figure(price.text_tokens)} for 1,000 tokens of text",
        f"{texts.figure(price.form)} for alchemy",
        f"at least {texts.figure(price.least)}" if price.least else None,
    ]
    return f"**{provider}{model}**: {'; '.join(part for part in parts if part)}"


def _what(transfer: Transfer, account: AccountId) -> str:
    words = _WORDS[transfer.kind, transfer.credit == account]
    other = transfer.debit if transfer.credit == account else transfer.credit
    member_id = member_of(other)
    if is_server(account) and member_id is not None:
        return f"{'from' if transfer.credit == account else 'to'} <@{member_id}>"
    return words


def _spendable(balance: Balance) -> str:
    return texts.in_credits(balance.available)
