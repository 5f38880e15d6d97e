import pytest

from bot.domain.jobs import JobId, JobState
from bot.jobs.seats import Seats
from tests.storage.conftest import database, sealer  # noqa: F401 -- found by their names here
from tests.storage.store_values import ANNA, BERT, a_job, a_remote, in_state

ONE, TWO = JobId("1"), JobId("2")


def test_a_seat_is_left_once():
    seats = Seats(None, each=2)
    told = []
    seats.listen(lambda: told.append(seats.free(ANNA)))
    seats.take(ONE, ANNA)
    seats.take(ONE, ANNA)

    for _ in range(2):
        seats.leave(ONE)

    assert told == [2]
    assert not seats.has(ONE)


def test_more_jobs_at_providers_than_seats_leave_none_free():
    seats = Seats(None, each=1)
    seats.take(ONE, ANNA)
    seats.take(TWO, ANNA)

    assert seats.free(ANNA) == 0
    seats.leave(ONE)
    assert (seats.free(ANNA), seats.free(BERT)) == (0, 1)


@pytest.mark.parametrize("state", JobState)
def test_a_job_sits_while_a_provider_has_it(state):
    seats = Seats(None, each=1)
    seats.take(ONE, ANNA)

    seats.see(in_state(state, "1"))
    sat = seats.has(ONE)
    seats.see(in_state(state, "2"))

    assert sat == (state in {JobState.ACCEPTED, JobState.SUBMITTING, JobState.RUNNING})
    assert seats.has(TWO) == (state in {JobState.SUBMITTING, JobState.RUNNING})


def test_a_job_of_which_a_part_is_taken_keeps_its_seat():
    seats = Seats(None, each=1)

    seats.see(a_job("1", remote=a_remote()))

    assert seats.has(ONE)


async def test_at_a_start_whoever_is_at_a_provider_sits(database):  # noqa: F811 -- the fixture
    async def keep(tx):
        for number, state in enumerate(JobState):
            await tx.jobs.accept(in_state(state, str(number)))
        await tx.jobs.accept(a_job("90"))
        await tx.jobs.accept(a_job("91", owner_id=BERT, remote=a_remote()))

    await database.write(keep)
    seats = Seats(database, each=9)
    await seats.open()

    assert (seats.free(ANNA), seats.free(BERT)) == (7, 8)
    assert seats.has(JobId("91"))
    assert not seats.has(JobId("90"))
