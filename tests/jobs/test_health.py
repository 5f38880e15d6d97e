from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.keys import KeyKind, KeyOwner
from bot.jobs.health import CIRCUITS_KEPT, FAILURES_MAX, TRIAL_LIFE, Health
from tests.storage.store_values import ANNA, BERT, a_job

START = datetime(2026, 11, 21, tzinfo=UTC)
PAUSE = timedelta(seconds=10)
JOB, OTHER = a_job("1", provider="horde"), a_job("2", provider="horde")


class HandClock:
    def __init__(self):
        self.time = START

    def now(self):
        return self.time


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def health(clock):
    return Health(clock, pause=PAUSE)


def fail(health, times, job=JOB):
    for _ in range(times):
        health.failed(job, "It does not answer.")


def test_a_hiccup_closes_no_door(health):
    fail(health, FAILURES_MAX - 1)

    assert health.is_up("horde")
    assert health.blocked_until(JOB) is None


def test_failures_in_a_row_open_the_circuit_for_a_while(health, clock):
    fail(health, FAILURES_MAX)

    assert not health.is_up("horde")
    assert health.why_down("horde") == "It does not answer."
    assert health.blocked_until(JOB) == START + PAUSE


def test_a_success_in_between_counts_from_the_start(health):
    fail(health, FAILURES_MAX - 1)
    health.worked(JOB)
    fail(health, FAILURES_MAX - 1)

    assert health.is_up("horde")


def test_after_the_pause_one_trial_is_let_through(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE

    assert health.blocked_until(JOB) is None
    assert health.blocked_until(OTHER) > clock.time


def test_a_trial_may_be_taken_up_again_by_the_job_that_began_it(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE
    health.blocked_until(JOB)

    assert health.blocked_until(JOB) is None


def test_a_trial_that_its_job_gives_up_is_anothers(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE
    health.blocked_until(JOB)

    health.let_go(JOB.id)

    assert health.blocked_until(OTHER) is None


def test_a_trial_that_works_closes_the_circuit(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE
    health.blocked_until(JOB)

    health.worked(JOB)

    assert health.blocked_until(JOB) is None
    assert health.blocked_until(JOB) is None


def test_a_trial_that_fails_opens_it_for_twice_as_long(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE
    health.blocked_until(JOB)

    fail(health, 1)

    assert health.blocked_until(JOB) == clock.time + 2 * PAUSE


def test_what_was_on_its_way_when_it_opened_does_not_prolong_it(health):
    fail(health, FAILURES_MAX + 5)

    assert health.blocked_until(JOB) == START + PAUSE


def test_a_trial_that_never_ended_is_followed_by_another(health, clock):
    fail(health, FAILURES_MAX)
    clock.time += PAUSE
    health.blocked_until(JOB)
    clock.time += TRIAL_LIFE

    assert health.blocked_until(OTHER) is None


def test_a_refused_key_opens_it_at_once(health):
    health.failed(JOB, "The key is refused.", is_final=True)

    assert not health.is_up("horde")


def test_one_members_key_says_nothing_of_others(health):
    own = a_job(provider="horde", owner_id=ANNA, key_kind=KeyKind.MEMBER)
    health.failed(own, "The key is refused.", is_final=True)

    assert not health.is_up("horde", KeyOwner.member(ANNA))
    assert health.is_up("horde", KeyOwner.member(BERT))
    assert health.is_up("horde")
    assert health.is_up("aime")


def test_a_new_key_is_tried_afresh(health):
    owner = KeyOwner.member(ANNA)
    own = a_job(provider="horde", owner_id=ANNA, key_kind=KeyKind.MEMBER)
    health.failed(own, "The key is refused.", is_final=True)

    health.renew("horde", owner)

    assert health.is_up("horde", owner)


def test_whoever_is_shut_out_waits_whatever_key_they_have(health, clock):
    until = clock.now() + timedelta(minutes=3)
    health.shut_out("horde", "Paused.", until=until)

    assert not health.is_up("horde")
    assert not health.is_up("horde", KeyOwner.member(1))
    assert health.is_up("aime")
    assert health.why_down("horde") == "Paused."
    assert health.blocked_until(JOB) == until

    clock.time = until
    assert health.is_up("horde")
    assert health.blocked_until(JOB) is None


def test_keys_that_fail_are_not_remembered_for_ever(health):
    for number in range(CIRCUITS_KEPT + 10):
        health.failed(a_job(owner_id=number, key_kind=KeyKind.MEMBER), "Broken.", is_final=True)

    assert len(health._circuits) == CIRCUITS_KEPT
    assert health.is_up("horde", KeyOwner.member(1))
    assert not health.is_up("horde", KeyOwner.member(CIRCUITS_KEPT))
