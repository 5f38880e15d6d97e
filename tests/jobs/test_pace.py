from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import UserId
from bot.domain.keys import KeyOwner
from bot.jobs.pace import Pace, Paces

START = datetime(2026, 11, 21, tzinfo=UTC)


def within(moments, start, seconds):
    return sum(start <= moment < start + timedelta(seconds=seconds) for moment in moments)


def test_the_first_place_is_now():
    assert Pace(per_s=2, per_min=90).book(START) == START


@given(st.lists(st.floats(0, 20), min_size=1, max_size=150))
def test_no_window_of_a_second_or_a_minute_holds_more_than_its_share(waits):
    pace = Pace(per_s=2, per_min=90)
    now, moments = START, []
    for wait in waits:
        now += timedelta(seconds=wait / 10)
        moments.append(pace.book(now))

    assert moments == sorted(moments)
    assert all(within(moments, moment, 1) <= 2 for moment in moments)
    assert all(within(moments, moment, 60) <= 90 for moment in moments)


def test_a_shut_pace_lets_nobody_through_before_its_time():
    pace = Pace(per_s=2, per_min=90)
    until = START + timedelta(minutes=3)

    pace.shut(until, why="Slow down.")

    assert pace.opens_at(START) == until
    assert pace.book(START) == until
    assert pace.opens_at(until) == until


def test_a_shorter_shutting_does_not_open_a_longer_one():
    pace = Pace(per_s=2, per_min=90)
    until = START + timedelta(minutes=3)
    pace.shut(until, why="Slow down.")

    pace.shut(START + timedelta(seconds=1), why="Slow down.")

    assert pace.book(START) == until


def test_a_call_with_a_key_that_is_refused_for_a_while_keeps_nobody_else_waiting():
    paces = Paces(lambda: Pace(per_s=2, per_min=90), by_key=False)
    busy = KeyOwner.member(UserId(7))
    paces.shut_key(busy, START + timedelta(minutes=10), now=START, why="Busy.")

    paces.book(busy, START)

    assert paces.next(None, START) == START + timedelta(seconds=0.5)
