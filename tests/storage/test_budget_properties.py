"""Random days of two members under random budgets, beside a model that keeps every job in a list.

Whatever is asked for at once: exactly those requests pass that keep every budget, what was not used
comes back once, and the counts are those of the model.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.accounts.budgets import BudgetBook, give_back_unused
from bot.domain.budgets import EVERYBODY, Budget, Measure, Period, Whom
from bot.domain.credits import Microcredits
from bot.domain.errors import BudgetExceeded
from bot.domain.jobs import JobState
from storage.sqlite import open_sqlite
from tests.accounts.account_values import HERE, StillClock, a_deed, a_new_job, an_asker
from tests.storage.store_values import ANNA, BERT, HOUR, NOON, a_picture, sealer_of

MEMBERS = (ANNA, BERT)
ROLE = 501
ENDS = st.sampled_from([JobState.FAILED, JobState.CANCELLED, JobState.DELIVERED])
BUDGETS = st.builds(
    lambda whom, measure, period, amount, exempt: Budget(
        guild_id=HERE,
        whom=whom,
        measure=measure,
        period=period,
        amount=amount,
        except_role_ids=frozenset({ROLE}) if exempt else frozenset(),
    ),
    st.sampled_from([Whom.SERVER, Whom.EACH]),
    st.sampled_from([Measure.CREDITS, Measure.JOBS]),
    st.sampled_from(Period),
    st.integers(0, 12),
    st.booleans(),
)


@dataclass
class Use:
    owner: int
    at: object
    credits: int
    jobs: int = 1


class Days(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.opening = open_sqlite(Path(self.folder.name) / "easel.db", sealer=sealer_of(b"a"))
        self.database = self.runner.run(self.opening.__aenter__())
        self.clock = StillClock()
        self.book = BudgetBook(self.database, clock=self.clock)
        self.budgets = {}
        self.uses = []
        self.working = []
        self.count = 0

    def teardown(self):
        self.runner.run(self.opening.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def next(self):
        self.count += 1
        return str(self.count)

    # ------------------------------------------------------------ what may happen

    @rule(budget=BUDGETS)
    def set_budget(self, budget):
        self.runner.run(self.book.set(budget, deed=a_deed(self.next())))
        self.budgets[budget.id] = budget

    @precondition(lambda self: self.budgets)
    @rule(data=st.data())
    def remove_budget(self, data):
        budget = self.budgets.pop(data.draw(st.sampled_from(sorted(self.budgets))))
        assert self.runner.run(self.book.remove(budget.id, deed=a_deed(self.next())))

    @rule(minutes=st.sampled_from([1, 59, 60, 24 * 60, 8 * 24 * 60]))
    def time_passes(self, minutes):
        self.clock.time += timedelta(minutes=minutes)

    @rule(
        wishes=st.lists(
            st.tuples(st.sampled_from(MEMBERS), st.integers(0, 6), st.booleans()),
            min_size=1,
            max_size=6,
        )
    )
    def ask_at_once(self, wishes):
        jobs = [
            a_new_job(self.next(), price=price, owner_id=owner, at=self.clock.time)
            for owner, price, _ in wishes
        ]
        askers = [
            an_asker(owner, role_ids=frozenset({ROLE} if has_role else ()))
            for owner, _, has_role in wishes
        ]

        async def all_at_once():
            return await asyncio.gather(
                *(
                    self.database.write(lambda tx, j=job, a=asker: self.book.take(tx, j, asker=a))
                    for job, asker in zip(jobs, askers, strict=True)
                ),
                return_exceptions=True,
            )

        outcomes = self.runner.run(all_at_once())

        for job, asker, outcome in zip(jobs, askers, outcomes, strict=True):
            use = Use(job.owner_id, job.created_at, job.price)
            broken = [budget for budget in self.budgets.values() if self.breaks(budget, asker, use)]
            if broken:
                assert isinstance(outcome, BudgetExceeded)
                assert outcome.standing.budget in broken
                assert outcome.retry_at is None or outcome.retry_at > self.clock.time
            else:
                assert outcome is None
                self.uses.append(use)
                self.working.append((job, use))

    def breaks(self, budget, asker, use):
        if not budget.concerns(asker):
            return False
        start = budget.period.start(self.clock.time)
        counted = [
            one
            for one in (*self.uses, use)
            if one.at >= start and (budget.whom is Whom.SERVER or one.owner == asker.id)
        ]
        measure = "jobs" if budget.measure is Measure.JOBS else "credits"
        return sum(getattr(one, measure) for one in counted) > budget.amount

    @precondition(lambda self: self.working)
    @rule(data=st.data(), state=ENDS)
    def end_a_job(self, data, state):
        index = data.draw(st.integers(0, len(self.working) - 1))
        job, use = self.working.pop(index)
        charged = data.draw(st.integers(0, job.price)) if state is JobState.DELIVERED else 0
        pictures = (a_picture(),) if state is JobState.DELIVERED else ()
        ended = a_new_job(
            job.id,
            price=job.price,
            owner_id=job.owner_id,
            at=job.created_at,
            state=state,
            charged=Microcredits(charged),
            pictures=pictures,
        )

        self.runner.run(
            self.database.write(
                lambda tx: give_back_unused(tx, ended, unspent=Microcredits(job.price - charged))
            )
        )

        use.credits = charged
        use.jobs = 0 if state is JobState.FAILED else 1

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_counts_are_those_of_the_model(self):
        async def look(tx):
            since = NOON - HOUR
            return [
                await tx.budgets.used(HERE, owner, since=since) for owner in (*MEMBERS, EVERYBODY)
            ]

        found = self.runner.run(self.database.read(look))

        for owner, used in zip((*MEMBERS, EVERYBODY), found, strict=True):
            mine = [use for use in self.uses if owner in {use.owner, EVERYBODY}]
            assert used.credits == sum(use.credits for use in mine)
            assert used.jobs == sum(use.jobs for use in mine)

    @invariant()
    def a_member_sees_what_is_left(self):
        standings = self.runner.run(self.book.standings(an_asker(ANNA)))

        assert {one.budget.id for one in standings} == set(self.budgets)
        assert all(one.left >= 0 for one in standings)


Days.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestDays = Days.TestCase
