from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.askers import Asker
from bot.domain.budgets import (
    EVERYBODY,
    Budget,
    Measure,
    Period,
    Standing,
    Used,
    Whom,
    longest_pause,
    refusal,
    standings,
)
from bot.domain.credits import Microcredits
from bot.domain.jobs import UserId

NOW = datetime(2026, 11, 21, 3, 9, 7, tzinfo=UTC)  # a Saturday
ANN = UserId(1)
RED, BLUE = 501, 502
ASKER = Asker(id=ANN, guild_id=44, channel_id=7, role_ids=frozenset({RED}))


def a_budget(whom=Whom.EACH, *, amount=10, measure=Measure.JOBS, **changes):
    facts = {"guild_id": 44, "whom": whom, "measure": measure, "amount": amount}
    if measure is not Measure.PAUSE:
        facts["period"] = Period.DAY
    return Budget(**{**facts, **changes})


def usage(*, mine=0, everybodys=0, spent=0):
    return {
        (user, period): Used(credits=Microcredits(spent), jobs=jobs)
        for user, jobs in ((ANN, mine), (EVERYBODY, everybodys))
        for period in Period
    }


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.HOUR, "2026-11-21T03", "2026-11-21T04"),
        (Period.DAY, "2026-11-21", "2026-11-22"),
        (Period.WEEK, "2026-11-16", "2026-11-23"),
        (Period.MONTH, "2026-11-01", "2026-12-01"),
    ],
)
def test_periods_follow_the_calendar(period, start, end):
    assert period.start(NOW) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert period.end(NOW) == datetime.fromisoformat(end).replace(tzinfo=UTC)


MOMENTS = st.datetimes(
    datetime.fromisoformat("2000-01-01"),
    datetime.fromisoformat("2100-01-01"),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)


@given(MOMENTS, st.sampled_from(Period))
def test_every_moment_lies_in_its_period_and_the_next_begins_where_one_ends(now, period):
    assert period.start(now) <= now < period.end(now)
    assert period.start(period.end(now)) == period.end(now)
    assert period.end(period.start(now)) == period.end(now)


# ---------------------------------------------------------------- whom it concerns


@pytest.mark.parametrize(
    ("budget", "concerns"),
    [
        (a_budget(Whom.SERVER), True),
        (a_budget(Whom.EACH), True),
        (a_budget(Whom.ROLE, subject_id=RED), True),
        (a_budget(Whom.ROLE, subject_id=BLUE), False),
        (a_budget(Whom.MEMBER, subject_id=ANN), True),
        (a_budget(Whom.MEMBER, subject_id=2), False),
        (a_budget(Whom.EACH, except_role_ids=frozenset({RED})), False),
        (a_budget(Whom.EACH, except_role_ids=frozenset({BLUE})), True),
        (a_budget(Whom.EACH, guild_id=45), False),
    ],
)
def test_a_budget_concerns_those_it_is_for(budget, concerns):
    assert budget.concerns(ASKER) is concerns


def test_a_new_amount_is_about_the_same_and_anything_else_is_not():
    budgets = [
        a_budget(),
        a_budget(period=Period.HOUR),
        a_budget(measure=Measure.CREDITS),
        a_budget(measure=Measure.PAUSE),
        a_budget(Whom.ROLE, subject_id=RED),
        a_budget(Whom.ROLE, subject_id=BLUE),
        a_budget(Whom.SERVER),
    ]

    assert a_budget(amount=99).id == budgets[0].id
    assert len({budget.id for budget in budgets}) == len(budgets)
    assert all(len(budget.id) <= 60 for budget in budgets)  # it travels in a button's id


@pytest.mark.parametrize(
    "changes",
    [
        {"period": None},
        {"measure": Measure.PAUSE, "period": Period.DAY},
        {"whom": Whom.ROLE},
        {"subject_id": 3},
        {"whom": Whom.SERVER, "measure": Measure.PAUSE},
    ],
)
def test_what_makes_no_sense_is_no_budget(changes):
    with pytest.raises(AssertionError):
        a_budget(**changes)


# ---------------------------------------------------------------- who is refused


def refused(*budgets, price=1, **used):
    found = standings(budgets, usage(**used), asker=ASKER, now=NOW)
    return refusal(found, price=Microcredits(price))


def test_the_last_one_within_a_budget_may_pass_and_the_next_may_not():
    assert refused(a_budget(amount=10), mine=10) is None
    assert refused(a_budget(amount=10), mine=11).budget == a_budget(amount=10)


def test_a_budget_of_all_counts_what_all_used_and_one_of_each_what_they_used():
    assert refused(a_budget(Whom.SERVER), mine=1, everybodys=11) is not None
    assert refused(a_budget(Whom.EACH), mine=1, everybodys=11) is None


def test_credits_are_counted_apart_from_jobs():
    assert refused(a_budget(measure=Measure.CREDITS, amount=10), mine=99, spent=10) is None
    assert refused(a_budget(measure=Measure.CREDITS, amount=10), mine=1, spent=11) is not None


def test_of_several_budgets_the_one_is_told_that_lifts_last():
    month = a_budget(Whom.SERVER, period=Period.MONTH)
    hour = a_budget(period=Period.HOUR)
    day = a_budget(Whom.ROLE, subject_id=RED)

    found = refused(hour, month, day, mine=11, everybodys=11)

    assert found.budget == month
    assert found.lifts_at == Period.MONTH.end(NOW)


def test_what_is_too_big_for_a_budget_at_any_time_is_told_so():
    month = a_budget(Whom.SERVER, period=Period.MONTH)
    small = a_budget(measure=Measure.CREDITS, amount=4)

    found = refused(small, month, price=5, spent=5, everybodys=11)

    assert (found.budget, found.lifts_at) == (small, None)


@given(
    st.lists(
        st.builds(
            a_budget,
            st.sampled_from([Whom.SERVER, Whom.EACH]),
            amount=st.integers(0, 20),
            period=st.sampled_from(Period),
            measure=st.sampled_from([Measure.CREDITS, Measure.JOBS]),
        ),
        max_size=6,
    ),
    st.integers(0, 25),
    st.integers(0, 25),
    st.integers(0, 25),
)
def test_who_keeps_every_budget_passes_and_nobody_else(budgets, mine, everybodys, spent):
    found = standings(
        budgets, usage(mine=mine, everybodys=everybodys, spent=spent), asker=ASKER, now=NOW
    )

    broken = [standing for standing in found if standing.used > standing.budget.amount]
    refused_by = refusal(found, price=Microcredits(1))
    assert (refused_by is None) == (not broken)
    if refused_by is not None and refused_by.lifts_at is not None:
        assert all(refused_by.lifts_at >= standing.lifts_at for standing in broken)


def test_what_is_left_never_falls_below_nothing():
    over = Standing(budget=a_budget(amount=10), used=12, lifts_at=NOW)

    assert (over.left, over.is_exceeded) == (0, True)


# ---------------------------------------------------------------- pauses


def test_the_longest_pause_that_concerns_a_member_counts():
    each = a_budget(measure=Measure.PAUSE, amount=30)
    mine = a_budget(Whom.ROLE, measure=Measure.PAUSE, amount=60, subject_id=RED)
    others = a_budget(Whom.ROLE, measure=Measure.PAUSE, amount=90, subject_id=BLUE)

    assert longest_pause([each, mine, others, a_budget()], asker=ASKER) == mine
    assert longest_pause([others, a_budget()], asker=ASKER) is None
    assert standings([each], usage(), asker=ASKER, now=NOW) == ()
