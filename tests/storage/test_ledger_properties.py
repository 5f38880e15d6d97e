"""Random lives of members, jobs and credits beside a model of a few lines.

After every step: no balance is overdrawn, every reservation is resolved at most once, the stored
balances are those of the model, and the audit finds nothing that the model does not know of.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.credits import Microcredits, TransferId, member_account, reserve_id
from bot.domain.jobs import JobState, UserId
from storage.sqlite import open_sqlite
from tests.storage.store_values import (
    HOUR,
    NOON,
    TooPoor,
    a_job,
    refund,
    sealer_of,
    settle,
    take_in,
)

members = st.integers(1, 3).map(UserId)
amounts = st.integers(1, 60)
seeds = st.randoms(use_true_random=False)
FIRST_DAY = date(2026, 11, 21)


@dataclass
class Wallet:
    owned: int = 0
    held: int = 0
    day: int = -1


class Ledger(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.opening = open_sqlite(Path(self.folder.name) / "easel.db", sealer=sealer_of(b"a"))
        self.database = self.runner.run(self.opening.__aenter__())
        self.wallets = {UserId(number): Wallet() for number in (1, 2, 3)}
        self.grants = set()
        self.working = {}
        self.over = []
        self.abandoned = {}
        self.spent = 0

    def teardown(self):
        self.runner.run(self.opening.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def write(self, *functions):
        """Ask for everything at once, as concurrent callers do."""

        async def all_at_once():
            return await asyncio.gather(
                *(self.database.write(fn) for fn in functions), return_exceptions=True
            )

        return self.runner.run(all_at_once())

    # ------------------------------------------------------------ what may happen

    @rule(member=members, day=st.integers(0, 4), amount=amounts, callers=st.integers(1, 3))
    def allowance(self, member, day, amount, callers):
        given = self.write(
            *[
                lambda tx: tx.credits.give_allowance(
                    member,
                    day=FIRST_DAY + timedelta(days=day),
                    amount=Microcredits(amount),
                    at=NOON,
                )
            ]
            * callers
        )

        wallet = self.wallets[member]
        missing = max(0, amount - wallet.owned) if day > wallet.day else 0
        assert sorted(given) == [0] * (callers - 1) + [missing]
        wallet.owned += missing
        wallet.day = max(day, wallet.day)

    @rule(member=members, number=st.integers(0, 5), amount=amounts, callers=st.integers(1, 3))
    def grant(self, member, number, amount, callers):
        async def give(tx):
            await tx.credits.open_member(member)
            return await tx.credits.grant(
                TransferId(f"grant:{number}"),
                account=member_account(member),
                amount=Microcredits(amount),
                at=NOON,
            )

        given = self.write(*[give] * callers)

        is_new = number not in self.grants
        assert sum(given) == is_new
        self.grants.add(number)
        self.wallets[member].owned += amount * is_new

    @rule(member=members, wishes=st.lists(amounts, min_size=1, max_size=6))
    def begin_jobs(self, member, wishes):
        first = len(self.working) + len(self.over) + len(self.abandoned) + 1
        tried = [
            a_job(f"{first + number}-{self.total_tries()}", owner_id=member, price=price)
            for number, price in enumerate(wishes)
        ]

        outcomes = self.write(*(lambda tx, job=job: take_in(tx, job) for job in tried))

        wallet = self.wallets[member]
        for job, outcome in zip(tried, outcomes, strict=True):
            if job.price <= wallet.owned - wallet.held:
                assert outcome is None
                wallet.held += job.price
                self.working[job.id] = job
            else:
                assert isinstance(outcome, TooPoor)

    @precondition(lambda self: self.working)
    @rule(random=seeds)
    def begin_a_job_again(self, random):
        job = self.working[random.choice(sorted(self.working))]

        assert self.write(lambda tx: take_in(tx, job)) == [None]

    def total_tries(self):
        self.tries = getattr(self, "tries", 0) + 1
        return self.tries

    @precondition(lambda self: self.working)
    @rule(random=seeds, part=st.fractions(0, 1), callers=st.integers(1, 3))
    def end_a_job(self, random, part, callers):
        """Several settle, several refund, an older epoch tries too: one of them wins."""
        job = self.working.pop(random.choice(sorted(self.working)))
        amount = int(job.price * part)
        ways = [
            *[lambda tx: settle(tx, job, amount=amount)] * callers,
            *[lambda tx: refund(tx, job)] * callers,
        ]
        random.shuffle(ways)

        won = self.write(*ways)

        assert sum(won) == 1
        stored = self.runner.run(self.database.read(lambda tx: tx.jobs.get(job.id)))
        charged = amount if stored.state is JobState.DELIVERED else 0
        self.spent += charged
        self.wallets[job.owner_id].owned -= charged
        self.wallets[job.owner_id].held -= job.price
        self.over.append(job)

    @precondition(lambda self: self.over)
    @rule(random=seeds, number=st.integers(0, 3))
    def resolve_once_more(self, random, number):
        job = random.choice(self.over)
        reserve = reserve_id(job.id)

        outcomes = self.write(
            lambda tx: tx.credits.void(TransferId(f"late:{number}"), reserve_id=reserve, at=NOON),
            lambda tx: tx.credits.post(
                TransferId(f"later:{number}"), reserve_id=reserve, amount=job.price, at=NOON
            ),
            lambda tx: settle(tx, job, amount=0),
            lambda tx: refund(tx, job),
        )

        assert outcomes == [False] * 4

    @precondition(lambda self: self.working)
    @rule(random=seeds)
    def lose_a_reservation(self, random):
        """What no code of ours does: end a job and leave its reservation open."""
        job = self.working.pop(random.choice(sorted(self.working)))
        self.write(lambda tx: tx.jobs.move(job, job.to(JobState.CANCELLED, at=NOON)))
        self.abandoned[reserve_id(job.id)] = job

    @rule(is_due=st.booleans(), callers=st.integers(1, 2))
    def expire(self, is_due, callers):
        now = NOON + HOUR if is_due else NOON

        expired = self.write(*[lambda tx: tx.credits.expire(now)] * callers)

        due = set(self.abandoned) if is_due else set()
        assert [set(ids) for ids in expired] == [due, set()][:callers]
        for reserve in due:
            job = self.abandoned.pop(reserve)
            self.wallets[job.owner_id].held -= job.price
            self.over.append(job)

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_store_says_what_the_model_says(self):
        async def look(tx):
            found = [await tx.credits.balance(member_account(member)) for member in self.wallets]
            return found, await tx.credits.audit()

        balances, problems = self.runner.run(self.database.read(look))

        assert [(found.balance, found.held) for found in balances] == [
            (wallet.owned, wallet.held) for wallet in self.wallets.values()
        ]
        assert all(found.available >= 0 for found in balances)
        assert len(problems) == len(self.abandoned)
        assert all("is not working" in problem for problem in problems)


Ledger.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLedger = Ledger.TestCase
