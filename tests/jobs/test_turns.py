import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import SystemClock
from bot.domain.jobs import JobId
from bot.jobs.pace import Pace
from bot.jobs.turns import Turns, _Line
from tests.storage.store_values import a_job as stored_job
from tests.storage.store_values import a_target

CLOCK = SystemClock()


def a_job(number, *, owner_id=10, guild_id=1):
    return stored_job(str(number), owner_id=owner_id, target=a_target(guild_id=guild_id))


def served(line):
    taken = []
    while line.where:
        taken.append(line.take())
    return taken


def line_of(*asked):
    """Fill a line with (server, member) pairs in this order; ids count from 1."""
    line = _Line()
    for number, (server, member) in enumerate(asked, start=1):
        line.add(a_job(number, owner_id=member, guild_id=server))
    return line


def test_one_members_many_jobs_do_not_stand_before_anothers_one():
    line = line_of((1, 10), (1, 10), (1, 10), (1, 20))

    assert served(line) == ["1", "4", "2", "3"]


def test_servers_take_turns_whatever_their_size():
    line = line_of((1, 10), (1, 11), (1, 12), (2, 20))

    assert served(line) == ["1", "4", "2", "3"]


def test_a_members_own_jobs_keep_their_order():
    line = line_of((1, 10), (1, 10), (1, 10))

    assert served(line) == ["1", "2", "3"]


@given(st.lists(st.tuples(st.sampled_from([1, 2, None]), st.sampled_from([10, 20, 30]))))
def test_everybody_is_served_once_and_nobody_waits_for_two_of_anothers(asked):
    line = line_of(*asked)
    order = served(line)

    assert sorted(order, key=int) == [str(number) for number in range(1, len(asked) + 1)]
    assert not line.servers


@given(
    st.lists(st.tuples(st.just(1), st.sampled_from([10, 20, 30])), min_size=1, max_size=20),
    st.data(),
)
def test_a_job_that_leaves_is_not_served_and_the_rest_is(asked, data):
    line = line_of(*asked)
    gone = data.draw(st.sampled_from(sorted(line.where)))

    line.remove(gone)

    assert gone not in served(line)


@asynccontextmanager
async def running(turns):
    woken = []
    changed = asyncio.Event()

    def wake(job_id):
        woken.append(job_id)
        changed.set()

    async def until(count):
        async with asyncio.timeout(10):
            while len(woken) < count:
                changed.clear()
                await changed.wait()

    task = asyncio.create_task(turns.run(wake))
    try:
        yield woken, until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def turns_of(per_s=1000):
    return Turns(Pace(per_s=per_s, per_min=100_000), clock=CLOCK)


async def test_a_turn_is_granted_once_and_used_up():
    turns, job = turns_of(), a_job(1)
    async with running(turns) as (_, until):
        assert not turns.claim(job)
        await until(1)

        assert turns.claim(job)
        assert not turns.claim(job)


async def test_asking_twice_does_not_double_a_place():
    turns = turns_of()

    turns.claim(a_job(1))
    turns.claim(a_job(1))

    assert turns.waiting == 1


async def test_a_job_that_left_is_not_woken():
    turns = turns_of()
    turns.claim(a_job(1))
    turns.claim(a_job(2))

    turns.leave(JobId("1"))
    async with running(turns) as (woken, until):
        await until(1)

        assert woken == ["2"]


async def test_nobody_is_woken_while_the_provider_refuses_everybody():
    pace = Pace(per_s=1000, per_min=100_000)
    until_open = CLOCK.now() + timedelta(milliseconds=50)
    pace.shut(until_open)
    turns = Turns(pace, clock=CLOCK)
    turns.claim(a_job(1))
    async with running(turns) as (_, until):
        await until(1)

        assert CLOCK.now() >= until_open


@given(st.lists(st.sampled_from([10, 20, 30]), min_size=1, max_size=20), st.data())
def test_the_place_is_how_many_turns_it_takes(asked, data):
    turns = turns_of()
    for number, member in enumerate(asked, start=1):
        turns.claim(a_job(number, owner_id=member))
    wanted = data.draw(st.sampled_from(sorted(turns._line.where)))

    place = turns.place(wanted)

    assert served(turns._line).index(wanted) + 1 == place


def test_who_does_not_wait_has_no_place():
    assert turns_of().place(JobId("9")) is None
