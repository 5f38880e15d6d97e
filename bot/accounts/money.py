"""Everything about credits in one value, as the composition root makes it and cogs take it."""

from dataclasses import dataclass

from bot.accounts.budgets import BudgetBook
from bot.accounts.credits import CreditAccounts
from bot.accounts.gifts import GiftDesk
from bot.accounts.payers import PayerBook
from bot.accounts.treasury import Treasury
from bot.domain.pricing import PriceList


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What members have and give, who pays, what servers allow, what admins move, what it costs."""

    credits: CreditAccounts
    payers: PayerBook
    budgets: BudgetBook
    gifts: GiftDesk
    treasury: Treasury
    prices: PriceList
