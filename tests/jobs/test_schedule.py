from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.schedule import (
    BACKOFF_FACTOR_MAX,
    JITTER_SHARE,
    LINE_LOOK_MIN_S,
    LINE_LOOKS_PER_S_MAX,
    LOOK_RETRY_S_MAX,
    POLLS_PER_S_MAX,
    STRETCH_MAX,
    Schedule,
)
from bot.providers.base import Limits, Working

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LIMITS = Limits(submits_per_s=2, submits_per_min=90, poll_gap_s=1.0, collect_gap_s=10)
SCHEDULE = Schedule(interval_s=2.0, deadline=timedelta(minutes=60))


def working(eta_s):
    return Working(is_queued=True, finished=0, total=1, eta_s=eta_s)


def next_poll(eta_s, *, watched=1, jitter=0.0, age_s=0.0, limits=LIMITS):
    since = NOW - timedelta(seconds=age_s)
    moment = SCHEDULE.next_poll(
        working(eta_s), limits=limits, now=NOW, since=since, watched=watched, jitter=jitter
    )
    return (moment - NOW).total_seconds()


@given(st.one_of(st.none(), st.floats(0, 10_000)), st.floats(0, 1))
def test_the_next_look_keeps_the_providers_gap_and_never_waits_long(eta_s, jitter):
    waited = next_poll(eta_s, jitter=jitter)

    longest = SCHEDULE.interval_s * STRETCH_MAX * (1 + JITTER_SHARE)
    assert LIMITS.poll_gap_s <= waited <= longest


def test_thousands_of_jobs_share_the_polls():
    waited = next_poll(None, watched=10_000)

    assert 10_000 / waited <= POLLS_PER_S_MAX


def test_a_long_queue_is_looked_at_less_often_than_a_short_one():
    assert next_poll(1) < next_poll(600)


def test_an_old_job_that_tells_no_time_is_looked_at_less_often_up_to_a_bound():
    rarer = replace(LIMITS, poll_gap_max_s=10)

    waits = [next_poll(None, age_s=age_s, limits=rarer) for age_s in (0, 20, 50, 100, 1000)]

    assert waits == [2, 2, 5, 10, 10]
    assert next_poll(None, age_s=1000) == SCHEDULE.interval_s


def test_thousands_of_jobs_whose_provider_calls_back_share_the_polls_too():
    moment = SCHEDULE.next_slow_poll(
        working(None), limits=LIMITS, now=NOW, watched=10_000, jitter=0.0
    )

    assert 10_000 / (moment - NOW).total_seconds() <= POLLS_PER_S_MAX


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_long_line_costs_a_bounded_number_of_looks_a_second(place, waiting):
    moment = SCHEDULE.next_line_look(place, submits_per_s=1.5, waiting=waiting, now=NOW)
    waited = (moment - NOW).total_seconds()

    assert waited >= LINE_LOOK_MIN_S
    assert waiting / waited <= LINE_LOOKS_PER_S_MAX + waiting / LINE_LOOK_MIN_S * (waiting < 50)


def test_a_place_in_a_short_line_is_told_again_soon():
    moment = SCHEDULE.next_line_look(20, submits_per_s=1.5, waiting=20, now=NOW)

    assert moment - NOW < timedelta(seconds=10)


def retried(failures=1, *, age=timedelta(0), at_least_s=None):
    at = SCHEDULE.retry_look(failures, now=NOW, created_at=NOW - age, at_least_s=at_least_s)
    return (at - NOW).total_seconds()


def test_a_failed_look_waits_as_long_as_the_provider_asks_within_reason():
    assert retried(at_least_s=120) == 120
    assert retried(at_least_s=6 * 3600) == LOOK_RETRY_S_MAX


def test_a_failed_look_is_not_put_off_past_the_deadline():
    assert retried(age=timedelta(minutes=59), at_least_s=250) == 60
    assert retried(age=timedelta(minutes=90), at_least_s=250) == SCHEDULE.retry_s


@given(st.integers(1, 60))
def test_retries_are_spaced_further_and_further_and_then_level_out(failures):
    first = SCHEDULE.retry(failures, now=NOW)
    second = SCHEDULE.retry(failures + 1, now=NOW)

    assert NOW < first <= second
    assert second <= NOW + timedelta(seconds=SCHEDULE.retry_s * BACKOFF_FACTOR_MAX)


def test_what_the_provider_asks_for_is_waited_for():
    assert SCHEDULE.retry(1, now=NOW, at_least_s=180) == NOW + timedelta(seconds=180)


def test_a_job_is_overdue_after_its_deadline_and_not_before():
    assert not SCHEDULE.is_overdue(NOW - timedelta(minutes=60), now=NOW)
    assert SCHEDULE.is_overdue(NOW - timedelta(minutes=61), now=NOW)


def test_a_job_from_the_future_is_looked_at_now():
    assert SCHEDULE.first_poll(NOW + timedelta(hours=5), now=NOW) == NOW
    assert SCHEDULE.first_poll(NOW, now=NOW) == NOW + timedelta(seconds=SCHEDULE.interval_s)
