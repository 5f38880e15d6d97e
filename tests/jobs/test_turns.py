import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import SystemClock
from bot.domain.jobs import JobId
from bot.domain.keys import KeyKind, KeyOwner
from bot.jobs.pace import Pace, Paces
from bot.jobs.seats import Seats
from bot.jobs.turns import SENT_AT_ONCE_MAX, Place, Turns, _Line
from tests.storage.store_values import NOON, a_target
from tests.storage.store_values import a_job as stored_job

CLOCK = SystemClock()


MANY = 1000


def seats_of(each):
    return Seats(None, each=each)  # nothing is read from a store here


def a_job(number, *, owner_id=10, guild_id=1, key_kind=KeyKind.SERVICE):
    return stored_job(
        str(number),
        owner_id=owner_id,
        target=a_target(guild_id=guild_id),
        created_at=NOON + timedelta(seconds=number),
        key_kind=key_kind,
    )


def paces_of(per_s=1e6, *, per_min=100_000, by_key=False):
    return Paces(lambda: Pace(per_s=per_s, per_min=per_min), by_key=by_key)


def a_line(each=MANY):
    return _Line(seats_of(each), paces_of())


def take(line):
    return line.take(CLOCK.now() + timedelta(hours=1))


def served(line):
    taken = []
    while line.where:
        taken.append(take(line))
    return taken


def line_of(*asked):
    """Fill a line with (server, member) pairs in this order; ids count from 1."""
    line = a_line()
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


def test_a_members_own_jobs_go_as_they_were_asked_for_however_they_came_here():
    line = a_line()
    for number in (3, 1, 4, 2):
        line.add(a_job(number))

    assert served(line) == ["1", "2", "3", "4"]


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


def turns_of(per_s=1e6, *, seats=None, by_key=False, per_min=100_000):
    paces = paces_of(per_s, per_min=per_min, by_key=by_key)
    return Turns(paces, seats=seats or seats_of(MANY), clock=CLOCK)


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
    turns = turns_of()
    until_open = CLOCK.now() + timedelta(milliseconds=50)
    turns.paces.shut(until_open, why="Slow down.")
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

    assert Place(served(turns._line).index(wanted) + 1, is_own=False) == place


def test_who_does_not_wait_has_no_place():
    assert turns_of().place(JobId("9")) is None


# ---------------------------------------------------------------- so many of one member at once


def one_of(server, member):
    """Return a member who asks in this server alone: elsewhere they would need the same seats."""
    return 100 * (server or 0) + member


def in_line(turns, *asked):
    """Let (member, …) ask in this order; ids count from 1."""
    for number, member in enumerate(asked, start=1):
        assert not turns.claim(a_job(number, owner_id=member))


def taken(turns):
    found = []
    while (job_id := take(turns._line)) is not None:
        found.append(job_id)
    return found


async def test_who_has_enough_running_is_passed_over_until_one_is_done():
    seats = seats_of(2)
    turns = turns_of(seats=seats)
    in_line(turns, 10, 10, 10, 10, 20)

    first = taken(turns)
    seats.leave(JobId("2"))
    then = taken(turns)

    assert first == ["1", "5", "2"]
    assert then == ["3"]


async def test_a_seat_counts_at_every_provider():
    seats = seats_of(1)
    here, there = turns_of(seats=seats), turns_of(seats=seats)
    in_line(here, 10)
    there.claim(a_job(9, owner_id=10))

    assert taken(here) == ["1"]
    assert taken(there) == []
    seats.leave(JobId("1"))
    assert taken(there) == ["9"]


async def test_a_free_seat_wakes_whoever_waited_for_it():
    seats = seats_of(1)
    turns = turns_of(seats=seats)
    in_line(turns, 10, 10)
    async with running(turns) as (woken, until):
        await until(1)
        await asyncio.sleep(0.01)
        assert woken == ["1"]

        seats.leave(JobId("1"))
        await until(2)

    assert woken == ["1", "2"]


async def test_a_job_that_comes_back_with_its_seat_goes_before_its_members_others():
    seats = seats_of(1)
    turns = turns_of(seats=seats)
    in_line(turns, 10, 10)
    assert taken(turns) == ["1"]

    turns.claim(a_job(1, owner_id=10))

    assert taken(turns) == ["1"]


async def test_a_place_behind_ones_own_jobs_counts_those_that_wait_before_it():
    turns = turns_of(seats=seats_of(2))
    in_line(turns, 10, 10, 10, 10, 20)

    places = [turns.place(JobId(str(number))) for number in range(1, 6)]

    assert places == [
        Place(1, is_own=False),
        Place(3, is_own=False),
        Place(1, is_own=True),
        Place(2, is_own=True),
        Place(2, is_own=False),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, None]), st.sampled_from([10, 20, 30])),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 4),
    st.integers(0, 10),
    st.data(),
)
def test_a_place_among_all_is_how_many_turns_it_takes_when_nobody_leaves(asked, each, gone, data):
    turns = turns_of(seats=seats_of(each))
    for number, (server, member) in enumerate(asked, start=1):
        turns.claim(a_job(number, owner_id=one_of(server, member), guild_id=server))
    for _ in range(min(gone, len(asked) - 1)):
        take(turns._line)
    if not turns._line.where:
        return
    wanted = data.draw(st.sampled_from(sorted(turns._line.where)))
    place = turns.place(wanted)

    order = taken(turns)

    assert place.is_own == (wanted not in order)
    if not place.is_own:
        assert order.index(wanted) + 1 == place.number


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from([10, 20, 30])), max_size=25),
    st.integers(1, 3),
    st.data(),
)
def test_nobody_ever_has_more_seats_than_one_may_and_everybody_goes_in_the_end(asked, each, data):
    seats = seats_of(each)
    line = _Line(seats, paces_of())
    whose = {}
    for number, (server, member) in enumerate(asked, start=1):
        line.add(a_job(number, owner_id=member, guild_id=server))
        whose[JobId(str(number))] = member
    sitting, gone = [], []

    while line.where or sitting:
        job_id = take(line)
        if job_id is not None:
            sitting.append(job_id)
        else:
            done = sitting.pop(data.draw(st.integers(0, len(sitting) - 1)))
            seats.leave(done)
            gone.append(done)
        members = [whose[one] for one in sitting]
        assert all(members.count(member) <= each for member in members)

    assert sorted(gone, key=int) == [str(number) for number in range(1, len(asked) + 1)]
    assert all(seats.free(member) == each for member in (10, 20, 30))


# ---------------------------------------------------------------- different keys


OWN = KeyOwner.member(20)


async def test_one_keys_limit_holds_up_nobody_elses():
    turns = turns_of()
    shut_until = CLOCK.now() + timedelta(hours=1)
    turns.paces.shut_key(OWN, shut_until, now=CLOCK.now(), why="Slow down.")
    turns.claim(a_job(1, owner_id=20, key_kind=KeyKind.MEMBER))
    turns.claim(a_job(2, owner_id=10))
    async with running(turns) as (woken, until):
        await until(1)
        await asyncio.sleep(0.02)

        assert woken == ["2"]
        assert turns.paces.opens_at(OWN, CLOCK.now()) == shut_until
        assert turns.paces.why_shut(OWN, CLOCK.now()) == "Slow down."


async def test_who_brings_a_key_of_their_own_does_not_wait_for_the_services():
    turns = turns_of(by_key=True)
    turns.paces.shut_key(None, CLOCK.now() + timedelta(hours=1), now=CLOCK.now(), why="Tomorrow.")
    turns.claim(a_job(1, owner_id=10))
    async with running(turns) as (woken, until):
        await asyncio.sleep(0.02)  # it waits for the hour to pass …
        turns.claim(a_job(2, owner_id=20, key_kind=KeyKind.MEMBER))
        await until(1)

        assert woken == ["2"]


async def test_each_key_has_a_budget_of_its_own_where_the_provider_counts_by_key():
    turns = turns_of(by_key=True, per_min=2)
    for number in range(1, 5):
        turns.claim(a_job(number, owner_id=10))
        turns.claim(a_job(10 + number, owner_id=20, key_kind=KeyKind.MEMBER))
    async with running(turns) as (woken, until):
        await until(4)
        await asyncio.sleep(0.02)

    assert sorted(woken) == ["1", "11", "12", "2"]


async def test_all_keys_share_one_budget_where_the_provider_counts_by_address():
    turns = turns_of(per_min=2)
    for number in range(1, 5):
        turns.claim(a_job(number, owner_id=10))
        turns.claim(a_job(10 + number, owner_id=20, key_kind=KeyKind.MEMBER))
    async with running(turns) as (woken, until):
        await until(2)
        await asyncio.sleep(0.02)

    assert woken == ["1", "11"]


def test_a_place_counts_those_that_draw_on_the_same_budget():
    turns = turns_of(by_key=True)
    for number in range(1, 4):
        turns.claim(a_job(number, owner_id=number))
    turns.claim(a_job(9, owner_id=20, key_kind=KeyKind.MEMBER))

    assert turns.place(JobId("9")) == Place(1, is_own=False)
    assert turns.place(JobId("3")) == Place(3, is_own=False)


def test_keys_that_asked_once_are_not_remembered_for_ever():
    paces, now = paces_of(by_key=True), NOON

    for number in range(5000):
        now += timedelta(seconds=1)
        paces.book(KeyOwner.member(number), now)

    assert len(paces._of_key) <= 512


# ---------------------------------------------------------------- on their way


async def test_no_more_are_on_their_way_than_answers_can_be_waited_for():
    turns, many = turns_of(), SENT_AT_ONCE_MAX + 10
    for number in range(many):
        turns.claim(a_job(number))
    async with running(turns) as (woken, until):
        await until(SENT_AT_ONCE_MAX)
        first = woken[0]
        assert turns.claim(a_job(int(first)))
        with turns.sending(first):
            await asyncio.sleep(0.02)
            assert len(woken) == SENT_AT_ONCE_MAX
        await until(SENT_AT_ONCE_MAX + 1)
        turns.leave(woken[1])
        await until(SENT_AT_ONCE_MAX + 2)
        await asyncio.sleep(0.02)

        assert len(woken) == SENT_AT_ONCE_MAX + 2
