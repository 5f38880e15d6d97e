"""Refusals add up to pauses that grow, and are forgotten after a day."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.jobs import UserId
from bot.domain.strikes import OURS, PROVIDERS, STRIKE_LIFE, Strike, paused_until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def strikes(*weights: int, at: datetime = NOON) -> list[Strike]:
    return [
        Strike(id=str(number), owner_id=UserId(1), at=at, weight=weight)
        for number, weight in enumerate(weights)
    ]


def pause(*weights: int) -> timedelta | None:
    until = paused_until(strikes(*weights), now=NOON)
    return None if until is None else until - NOON


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_slip_or_two_costs_nothing(count):
    assert pause(*[OURS] * count) is None


def test_each_one_more_makes_the_pause_longer():
    pauses = [pause(*[OURS] * count) for count in range(3, 10)]

    assert pauses[0] == timedelta(minutes=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=24)


def test_what_a_provider_refused_counts_twice():
    assert pause(PROVIDERS, OURS) == pause(OURS, OURS, OURS)


def test_a_pause_ends():
    three = strikes(OURS, OURS, OURS)

    assert paused_until(three, now=NOON + timedelta(minutes=1) - SECOND) is not None
    assert paused_until(three, now=NOON + timedelta(minutes=1)) is None


def test_old_ones_do_not_count():
    old = strikes(OURS, OURS, at=NOON - STRIKE_LIFE)

    assert paused_until([*old, *strikes(OURS)], now=NOON) is None
