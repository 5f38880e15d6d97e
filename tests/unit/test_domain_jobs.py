from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.domain.credits import credits_of
from bot.domain.jobs import (
    ENDS,
    NEXT,
    WORKING,
    Failure,
    FailureKind,
    Job,
    JobId,
    JobState,
    Progress,
    Remote,
    Target,
    UserId,
)
from bot.domain.requests import PictureRequest

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TARGET = Target(
    application_id=1,
    channel_id=2,
    message_id=3,
    guild_id=4,
    created_at=NOON,
    file_bytes_max=10 * 2**20,
    token="marked-secret",
)
A, S, R, C, D = (
    JobState.ACCEPTED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.COLLECTED,
    JobState.DELIVERED,
)
LEGAL = {
    *((A, S), (A, R), (A, C), (S, A), (S, R), (R, C), (C, D), (D, JobState.DONE)),
    *product((A, S, R, C), ENDS),
}


def job(state=JobState.ACCEPTED, **facts):
    return Job(
        id=JobId("77"),
        owner_id=UserId(5),
        request=PictureRequest(prompt="a cat"),
        target=TARGET,
        provider="horde",
        price=credits_of(24),
        created_at=NOON,
        changed_at=NOON,
        state=state,
        **facts,
    )


@pytest.mark.parametrize("before,after", sorted(LEGAL))
def test_a_legal_move_brings_its_facts(before, after):
    later = NOON + timedelta(seconds=9)

    moved = job(before).to(after, at=later, attempt=2)

    assert (moved.state, moved.changed_at, moved.attempt) == (after, later, 2)
    assert moved.created_at == NOON


@pytest.mark.parametrize("before,after", sorted(set(product(JobState, JobState)) - LEGAL))
def test_any_other_move_is_our_mistake(before, after):
    with pytest.raises(AssertionError, match=f"{before} may not become {after}"):
        job(before).to(after, at=NOON)


def test_the_table_speaks_of_every_state():
    assert set(NEXT) == set(JobState)


def test_every_working_state_can_still_end_without_pictures():
    assert all(NEXT[state] >= ENDS for state in WORKING)
    assert all(not NEXT[state] & ENDS for state in set(JobState) - WORKING)


def test_every_state_leads_to_an_end():
    finished = {state for state in JobState if not NEXT[state]}
    assert finished == {JobState.DONE, *ENDS}

    reached = {JobState.ACCEPTED}
    for _ in JobState:
        reached |= {after for before in reached for after in NEXT[before]}
    assert reached == set(JobState)


@pytest.mark.parametrize("state", sorted(WORKING | {JobState.DELIVERED}))
def test_a_job_is_open_while_something_is_left_to_do(state):
    assert job(state).is_open


def test_a_done_job_is_closed():
    assert not job(JobState.DONE).is_open


@pytest.mark.parametrize("state", sorted(ENDS))
def test_an_ended_job_is_open_until_its_card_was_told(state):
    failure = Failure(kind=FailureKind.BACKEND, sentence="The worker failed.")
    ended = job(state, failure=failure)

    assert ended.is_open
    assert not ended.evolve(told_at=NOON).is_open


def test_a_state_changes_by_the_table_only():
    with pytest.raises(AssertionError, match=r"Job\.to"):
        job().evolve(state=JobState.DONE)


def test_what_was_not_charged_is_refunded():
    assert job(charged=credits_of(18)).refunded == credits_of(6)


def test_a_job_in_a_log_shows_neither_token_nor_remote_id():
    remote = Remote(id="marked-remote", total=1, submitted_at=NOON, extras={"key": "marked-extra"})
    assert "marked-" not in repr(job(remote=remote))


@pytest.mark.parametrize(
    "before,now,shown",
    [
        (None, 40.0, 40.0),
        (40.0, 20.0, 40.0),
        (40.0, None, 40.0),
        (40.0, 60.0, 60.0),
        (None, None, None),
    ],
)
def test_a_percentage_never_moves_backwards(before, now, shown):
    last, new = (
        Progress(is_queued=False, finished=0, total=1, percent=one) for one in (before, now)
    )

    assert new.after(last).percent == shown
    assert new.after(None) == new


def test_a_place_in_a_queue_and_a_count_are_told_as_they_are():
    last = Progress(is_queued=True, finished=2, total=4, place=3)
    new = Progress(is_queued=True, finished=1, total=4, place=5)

    assert new.after(last) == new
