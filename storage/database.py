"""The store as the rest of the service sees it: functions of a transaction, one noun per attribute.

    await database.write(accept)        where  async def accept(tx: Tx) -> bool: ...

A function given to `write` or `read` awaits nothing but its `tx`: the SQLite engine runs it in the
connection's own thread, several of them in one commit. It may be run again by an engine that
retries, so whatever it brings (ids, times) comes from outside.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from storage.answers import Answers
from storage.audit_trail import AuditTrail
from storage.budgets import Budgets
from storage.claims import Claims
from storage.credits import Credits
from storage.executor import Executor
from storage.forgetting import Forgetting
from storage.house_rules import HouseRulesTable
from storage.jobs import Jobs
from storage.keys import Keys
from storage.kudos_gifts import KudosGifts
from storage.pay_rules import PayRulesTable
from storage.preferences import PreferencesTable
from storage.privacy import Privacy
from storage.questions import Questions
from storage.reports import Reports
from storage.resealing import Resealing
from storage.sealing import Sealer
from storage.servers import Servers
from storage.strikes import Strikes

T = TypeVar("T")


class Tx:
    """One transaction: everything done through it is kept together, or not at all."""

    __slots__ = (
        "answers",
        "audit_trail",
        "budgets",
        "claims",
        "credits",
        "forgetting",
        "house_rules",
        "jobs",
        "keys",
        "kudos_gifts",
        "pay_rules",
        "preferences",
        "privacy",
        "questions",
        "reports",
        "resealing",
        "servers",
        "strikes",
    )

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self.jobs = Jobs(executor, sealer=sealer)
        self.answers = Answers(executor)
        self.claims = Claims(executor, sealer=sealer)
        self.credits = Credits(executor)
        self.budgets = Budgets(executor)
        self.pay_rules = PayRulesTable(executor)
        self.questions = Questions(executor)
        self.keys = Keys(executor, sealer=sealer)
        self.kudos_gifts = KudosGifts(executor)
        self.resealing = Resealing(executor, sealer=sealer)
        self.preferences = PreferencesTable(executor)
        self.house_rules = HouseRulesTable(executor)
        self.strikes = Strikes(executor)
        self.audit_trail = AuditTrail(executor)
        self.privacy = Privacy(executor)
        self.reports = Reports(executor)
        self.forgetting = Forgetting(
            executor, sealer=sealer, audit_trail=self.audit_trail, reports=self.reports
        )
        self.servers = Servers(executor, audit_trail=self.audit_trail)


class Database(Protocol):
    """An engine: SQLite now, PostgreSQL behind the same two methods later."""

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` in a transaction and return once it is durable.

        An exception of `fn` undoes what `fn` did and is raised here. A caller that is cancelled
        leaves no transaction open: the function still runs, or was not begun.

        Raises:
            StorageUnavailable: the disk is full, read-only, broken or locked; nothing was changed.
        """
        ...

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` on one consistent view of everything committed so far; it must not write.

        Raises:
            StorageUnavailable: the store cannot be read now.
        """
        ...

    async def scrub(self) -> bool:
        """Leave nothing of what was deleted in the engine's files; False: try again later."""
        ...
