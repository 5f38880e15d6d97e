"""Random lives of members, servers, jobs and credits beside a model of a few lines.

After every step: all accounts together hold nothing, no balance is overdrawn, every reservation is
resolved at most once, the stored balances are those of the model, and the audit finds nothing that
the model does not know of. Callers are many at once, functions break half-way, and now and then
the process dies in the middle of a commit and everything that was asked for is asked for again.
"""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.credits import (
    ALLOWANCE,
    GRANTS,
    SPENT,
    AccountId,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    is_server,
    member_account,
    reserve_id,
    server_account,
)
from bot.domain.jobs import JobState, UserId
from storage.credits import Gifted, Moved
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

FIRST_DAY = date(2026, 11, 21)
GIFTS_MAX = Microcredits(100)
MEMBERS = [UserId(number) for number in (1, 2, 3)]
SERVERS = [7, 8]
OWNERS = [*map(member_account, MEMBERS), *map(server_account, SERVERS)]

members = st.sampled_from(MEMBERS)
owners = st.sampled_from(OWNERS)
amounts = st.integers(1, 60)
seeds = st.randoms(use_true_random=False)


@dataclass
class Wallet:
    owned: int = 0
    held: int = 0
    day: int = -1
    given: int = 0
    received: int = 0

    @property
    def available(self):
        return self.owned - self.held


@dataclass(frozen=True)
class Wish:
    """To move credits at once; the number makes the id, so it may be wished again."""

    kind: str
    number: int
    payer: AccountId
    receiver: AccountId
    amount: int
    breaks: bool

    @property
    def id(self):
        return TransferId(f"{self.kind}:{self.number}")

    async def __call__(self, tx):
        outcome = await self._move(tx.credits)
        if self.breaks:
            raise Broken
        return outcome

    async def _move(self, ledger):
        how = {"amount": Microcredits(self.amount), "at": NOON}
        match self.kind:
            case "grant":
                return await ledger.grant(self.id, account=self.receiver, **how)
            case "share":
                return await ledger.grant(self.id, account=self.receiver, source=self.payer, **how)
            case "revoke":
                return await ledger.revoke(self.id, account=self.payer, **how)
            case "gift":
                gift = Transfer(
                    id=self.id,
                    kind=TransferKind.GIFT,
                    debit=self.payer,
                    credit=self.receiver,
                    **how,
                )
                return await ledger.gift(gift, per_member_max=GIFTS_MAX, since=NOON)
        raise AssertionError(self.kind)


class Broken(Exception):
    """A function of a transaction failed after it did its part."""


def wished(number, kind, pair, amount, *, breaks):
    payer, receiver = pair
    if kind == "gift" and is_server(payer):
        payer = member_account(MEMBERS[0]) if receiver != OWNERS[0] else OWNERS[1]
    if kind == "share" and not is_server(payer):
        payer = server_account(SERVERS[0]) if receiver != OWNERS[3] else OWNERS[4]
    return Wish(kind, number, payer, receiver, amount, breaks)


wishes = st.lists(
    st.builds(
        wished,
        st.integers(0, 30),
        st.sampled_from(["grant", "share", "revoke", "gift", "gift"]),
        st.permutations(OWNERS).map(lambda order: order[:2]),
        amounts,
        breaks=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=8,
)


class Ledger(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.lives = 0
        self.runner = asyncio.Runner()
        self.wallets = {account: Wallet() for account in OWNERS}
        self.system = {ALLOWANCE: 0, GRANTS: 0, SPENT: 0}
        self.moved = set()
        self.working = {}
        self.over = []
        self.abandoned = {}
        self.tries = 0
        self.open()

    def path(self):
        return Path(self.folder.name) / f"life-{self.lives}" / "easel.db"

    def open(self):
        self.opening = open_sqlite(self.path(), sealer=sealer_of(b"a"))
        self.database = self.runner.run(self.opening.__aenter__())

    def close(self):
        self.runner.run(self.opening.__aexit__(None, None, None))

    def teardown(self):
        self.close()
        self.runner.close()
        self.folder.cleanup()

    def write(self, *functions):
        """Ask for everything at once, as concurrent callers do."""

        async def all_at_once():
            return await asyncio.gather(
                *(self.database.write(fn) for fn in functions), return_exceptions=True
            )

        return self.runner.run(all_at_once())

    @initialize()
    def open_accounts(self):
        async def open_all(tx):
            for member in MEMBERS:
                await tx.credits.open_member(member)
            for server in SERVERS:
                await tx.credits.open_server(server)

        assert self.write(open_all) == [None]

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

        wallet = self.wallets[member_account(member)]
        missing = max(0, amount - wallet.owned) if day > wallet.day else 0
        assert sorted(given) == [0] * (callers - 1) + [missing]
        wallet.owned += missing
        wallet.day = max(day, wallet.day)
        self.system[ALLOWANCE] -= missing

    @rule(asked=wishes)
    def move_at_once(self, asked):
        outcomes = self.write(*asked)

        for wish, outcome in zip(asked, outcomes, strict=True):
            self.check_and_move(wish, outcome)

    @rule(first=wishes, second=wishes, random=seeds)
    def die_and_ask_again(self, first, second, random):
        """Die in the middle of the second commit; whoever heard no answer asks again."""
        for wish, outcome in zip(first, self.write(*first), strict=True):
            self.check_and_move(wish, outcome)
        caught = self.path().parent.with_name(f"life-{self.lives + 1}")
        caught.mkdir()

        async def die(tx):
            """Catch the files as they are now: of this commit nothing may be there later."""
            for file in self.path().parent.glob("easel.db*"):
                if not file.name.endswith((".lock", "-shm")):
                    shutil.copy(file, caught)

        self.write(*random.sample([*second, die], len(second) + 1))
        self.close()
        self.lives += 1
        self.open()

        self.the_store_says_what_the_model_says()
        again = [*first, *second]
        for wish, outcome in zip(again, self.write(*again), strict=True):
            self.check_and_move(wish, outcome)

    def check_and_move(self, wish, outcome):
        expected = self.outcome_of(wish)
        if wish.breaks:
            assert isinstance(outcome, Broken)
            return
        assert outcome == expected
        if expected in {Moved.MOVED, Gifted.GIVEN}:
            self.moved.add(wish.id)
            self.move(wish)

    def outcome_of(self, wish):
        is_gift = wish.kind == "gift"
        payer, receiver = self.wallets[wish.payer], self.wallets[wish.receiver]
        if wish.id in self.moved:
            return Gifted.REPEATED if is_gift else Moved.REPEATED
        if wish.kind != "grant" and payer.available < wish.amount:
            return Gifted.TOO_POOR if is_gift else Moved.TOO_POOR
        if is_gift and payer.given + wish.amount > GIFTS_MAX:
            return Gifted.GAVE_ENOUGH
        if is_gift and receiver.received + wish.amount > GIFTS_MAX:
            return Gifted.GOT_ENOUGH
        return Gifted.GIVEN if is_gift else Moved.MOVED

    def move(self, wish):
        if wish.kind == "grant":
            self.system[GRANTS] -= wish.amount
        else:
            self.wallets[wish.payer].owned -= wish.amount
        if wish.kind == "revoke":
            self.system[GRANTS] += wish.amount
        else:
            self.wallets[wish.receiver].owned += wish.amount
        if wish.kind == "gift":
            self.wallets[wish.payer].given += wish.amount
            self.wallets[wish.receiver].received += wish.amount

    @rule(member=members, payer=owners, wishes=st.lists(amounts, min_size=1, max_size=6))
    def begin_jobs(self, member, payer, wishes):
        """A member's own credits pay, or anybody's: who may is decided elsewhere."""
        self.tries += 1
        tried = [
            a_job(f"{self.tries}-{number}", owner_id=member, price=price, payer=payer)
            for number, price in enumerate(wishes)
        ]

        outcomes = self.write(*(lambda tx, job=job: take_in(tx, job) for job in tried))

        wallet = self.wallets[payer]
        for job, outcome in zip(tried, outcomes, strict=True):
            if job.price <= wallet.available:
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
        self.system[SPENT] += charged
        self.wallets[job.payer].owned -= charged
        self.wallets[job.payer].held -= job.price
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
            self.wallets[job.payer].held -= job.price
            self.over.append(job)

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_store_says_what_the_model_says(self):
        async def look(tx):
            found = {name: await tx.credits.balance(name) for name in (*OWNERS, *self.system)}
            return found, await tx.credits.audit()

        balances, problems = self.runner.run(self.database.read(look))

        assert sum(found.balance for found in balances.values()) == 0
        assert {name: (balances[name].balance, balances[name].held) for name in OWNERS} == {
            name: (wallet.owned, wallet.held) for name, wallet in self.wallets.items()
        }
        assert {name: balances[name].balance for name in self.system} == self.system
        assert all(balances[name].available >= 0 for name in OWNERS)
        assert len(problems) == len(self.abandoned)
        assert all("is not working" in problem for problem in problems)


Ledger.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLedger = Ledger.TestCase
