from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import (
    CREDIT,
    Balance,
    Microcredits,
    credits_of,
    member_account,
    next_allowance,
    post_id,
    reserve_id,
    share,
    void_id,
)

PRICES = st.integers(0, 10**15).map(Microcredits)


@pytest.mark.parametrize(
    "price,delivered,asked,due",
    [(24, 4, 4, 24), (24, 3, 4, 18), (24, 0, 4, 0), (10, 1, 3, 3), (10, 2, 3, 6), (24, 0, 0, 0)],
)
def test_a_part_costs_its_share_rounded_in_the_member_s_favour(price, delivered, asked, due):
    assert share(Microcredits(price), delivered=delivered, asked=asked) == due


@given(price=PRICES, asked=st.integers(1, 20), data=st.data())
def test_a_share_never_exceeds_the_price_and_grows_with_every_picture(price, asked, data):
    delivered = data.draw(st.integers(0, asked - 1))

    less = share(price, delivered=delivered, asked=asked)
    more = share(price, delivered=delivered + 1, asked=asked)

    assert 0 <= less <= more <= price
    assert share(price, delivered=asked, asked=asked) == price


@pytest.mark.parametrize("delivered,asked", [(-1, 4), (5, 4)])
def test_an_impossible_share_is_our_mistake(delivered, asked):
    with pytest.raises(AssertionError):
        share(credits_of(1), delivered=delivered, asked=asked)


def test_what_is_held_is_not_available():
    assert Balance(balance=credits_of(10), held=credits_of(4)).available == credits_of(6)


def test_credits_are_whole_millions():
    assert credits_of(3) == 3 * CREDIT == 3_000_000


def test_the_transfers_of_a_job_have_three_names_of_its_own():
    names = {make(job) for make in (reserve_id, post_id, void_id) for job in ("1", "2")}

    assert len(names) == 6
    assert reserve_id("1") == "job:1:reserve"
    assert member_account(7) == "member:7"


EAST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    "now,due",
    [
        (datetime(2026, 5, 1, 0, 0, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 5, 1, 8, 59, tzinfo=EAST), datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_the_next_allowance_is_due_at_midnight_utc(now, due):
    assert next_allowance(now) == due
