"""Where a request is paid: who is expected to for the quote, and all of its money when it is taken in."""

from bot.accounts.budgets import BudgetBook
from bot.accounts.credits import CreditAccounts
from bot.accounts.payers import PayerBook
from bot.domain.askers import Asker
from bot.domain.credits import NOTHING, AccountId, Microcredits, member_account
from bot.domain.errors import Unconfirmed
from bot.domain.jobs import Job, UserId
from bot.domain.keys import KeyKind
from storage.database import Tx


class Till:
    """Take what requests cost."""

    def __init__(self, *, accounts: CreditAccounts, payers: PayerBook, budgets: BudgetBook) -> None:
        self._accounts = accounts
        self._payers = payers
        self._budgets = budgets

    def expected_payer(self, asker: Asker, key_kind: KeyKind) -> AccountId | None:
        """Return who is asked to pay first, from memory; None where nobody is."""
        return next(iter(self._payers.expected(asker, key_kind)), None)

    def last_known(self, owner_id: UserId) -> Microcredits | None:
        """Return what a member could spend when last seen; None when never seen."""
        return self._accounts.last_known(owner_id)

    async def take(self, tx: Tx, job: Job, *, asker: Asker, is_confirmed: bool) -> Job:
        """Count a new job on every budget and hold its price; return it with its payer.

        Raises `BudgetExceeded`, `InsufficientCredits` and, where the member wants to be asked
        about such a price and was not, `Unconfirmed`; each undoes all of it.
        """
        balance = await self._accounts.open_today(tx, job.owner_id, at=job.created_at)
        job = job.evolve(balance_before=balance.available)
        await self._budgets.take(tx, job, asker=asker)
        payers = await self._payers.asked(tx, asker, job.key_kind)
        job = await self._accounts.hold(tx, job, payers=payers)
        if not is_confirmed and job.payer == member_account(job.owner_id):
            preferences = await tx.preferences.get(job.owner_id)
            if preferences.asks_first(job.price, owned=balance.balance):
                raise Unconfirmed(price=job.price, available=balance.available)
        return job

    def remember(self, job: Job) -> None:
        """Keep what its member has left after a job was taken in, for the next quote."""
        paid = job.price if job.payer == member_account(job.owner_id) else NOTHING
        self._accounts.remember(job.owner_id, Microcredits(job.balance_before - paid))
