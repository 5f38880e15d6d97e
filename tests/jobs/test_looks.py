import asyncio
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.credits import NOTHING
from bot.domain.errors import RateLimited
from bot.domain.jobs import FailureKind, JobId, JobState
from bot.domain.keys import KeyKind
from bot.jobs.fetching import FETCHES_AT_ONCE_MAX, Fetching
from bot.jobs.looks import AT_ONCE_MAX, PATIENCE, Looks
from bot.jobs.schedule import LINE_LOOKS_PER_S_MAX
from bot.providers.base import Item, Limits
from tests.jobs.two_providers import PICTURE, opened, said
from tests.storage.store_values import NOON, a_job, a_target

DAMAGED = PICTURE[:60] + bytes(20) + PICTURE[80:]
MINUTE = timedelta(minutes=1)


def looks_of(**facts):
    limits = Limits(submits_per_s=2, submits_per_min=90, poll_gap_s=1, collect_gap_s=10, **facts)
    return Looks(limits)


def job_of(number, **facts):
    return a_job(str(number), target=a_target(guild_id=44), **facts)


def test_a_provider_that_asks_to_slow_down_is_left_alone_by_all():
    looks = looks_of()
    looks.shut(job_of(1), NOON + MINUTE, now=NOON)

    assert looks.begins_at(job_of(2), now=NOON) >= NOON + MINUTE
    assert looks.begins_at(job_of(2), now=NOON + MINUTE) is None


def test_not_all_come_at_once_when_the_door_opens():
    looks = looks_of()
    jobs = [job_of(number) for number in range(1000)]
    for job in jobs:
        looks.watch(job.id)
    looks.shut(jobs[0], NOON + MINUTE, now=NOON)

    moments = [looks.begins_at(job, now=NOON) - NOON - MINUTE for job in jobs]

    assert sum(moment < timedelta(seconds=0.1) for moment in moments) < 100
    assert max(moments) < timedelta(seconds=5)


def test_a_limit_on_one_job_says_nothing_about_others():
    looks = looks_of(looks_by_job=True)
    looks.shut(job_of(1), NOON + MINUTE, now=NOON)

    assert looks.begins_at(job_of(2), now=NOON) is None


def test_a_limit_on_one_key_says_nothing_about_others():
    looks = looks_of(by_key=True)
    looks.shut(job_of(1, key_kind=KeyKind.MEMBER), NOON + MINUTE, now=NOON)

    assert looks.begins_at(job_of(2), now=NOON) is None
    assert looks.begins_at(job_of(3, key_kind=KeyKind.MEMBER), now=NOON) > NOON


def test_hours_of_silence_are_not_kept():
    looks = looks_of()
    looks.shut(job_of(1), NOON + 60 * MINUTE, now=NOON)

    assert looks.begins_at(job_of(2), now=NOON + PATIENCE) is None


def test_only_so_many_wait_for_answers_and_who_has_to_wait_holds_nothing():
    looks = looks_of()
    with ExitStack() as under_way:
        for _ in range(AT_ONCE_MAX):
            assert looks.begins_at(job_of(1), now=NOON) is None
            under_way.enter_context(looks.looking())

        assert NOON < looks.begins_at(job_of(1), now=NOON) < NOON + timedelta(seconds=1)

    assert looks.begins_at(job_of(1), now=NOON) is None


def test_a_look_that_breaks_is_counted_as_over():
    looks = looks_of()
    for _ in range(AT_ONCE_MAX):
        with pytest.raises(ValueError, match="broken"), looks.looking():
            raise ValueError("broken")

    assert looks.begins_at(job_of(1), now=NOON) is None


def test_a_job_that_is_over_shares_the_looks_no_more():
    looks = looks_of()
    looks.watch("1")
    looks.watch("1")
    assert looks.watched == 1

    looks.forget("1")

    assert looks.watched == 0


def test_doors_of_many_keys_are_not_kept_for_ever():
    looks, now = looks_of(by_key=True), NOON
    for number in range(1000):
        now += MINUTE
        looks.shut(job_of(1, key_kind=KeyKind.MEMBER, owner_id=number), now + MINUTE, now=now)

    assert len(looks._shut) <= 257


# ---------------------------------------------------------------- of real jobs


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


async def run_at_one(world, count):
    """Let jobs run at provider `one`, each due to be looked at; return their ids."""
    job_ids = [JobId(str(number)) for number in range(1, count + 1)]
    for job_id in job_ids:
        await world.asks(job_id, second=None, price=NOTHING)
        await world.step(job_id)
        await world.step(job_id)
        assert (await world.job(job_id)).state is JobState.RUNNING
    world.clock.ahead += MINUTE
    return job_ids


async def test_a_refused_look_is_a_pause_for_the_jobs_beside_it(world):
    first, second = await run_at_one(world, 2)
    world.one.looks_say.append(said(RateLimited, retry_after_s=120))
    refused_at = world.clock.now()

    await world.worker.advance(first)
    again = await world.worker.advance(second)

    assert again >= refused_at + timedelta(seconds=120)
    assert world.one.looked == 1


async def test_jobs_of_a_provider_that_does_not_answer_leave_room_to_others(world):
    job_ids = await run_at_one(world, AT_ONCE_MAX + 5)
    world.one.answers.clear()

    steps = {asyncio.create_task(world.worker.advance(job_id)) for job_id in job_ids}
    over, waiting = await asyncio.wait(steps, timeout=1)
    world.one.answers.set()
    await asyncio.gather(*waiting)

    assert len(waiting) == AT_ONCE_MAX
    assert all(step.result() is not None for step in over)


async def test_a_job_in_a_long_line_is_looked_at_seldom(world):
    await world.asks("1", second=None)
    turns, now = world.turns["one"], world.clock.now()
    for number in range(1000):
        turns.claim(job_of(1000 + number, owner_id=number))

    again = await world.step("1", has_turn=False)

    assert again - now >= timedelta(seconds=1000 / LINE_LOOKS_PER_S_MAX)


async def test_a_submit_counts_as_on_its_way_until_its_answer(world):
    await world.asks("1", second=None)
    under_way = []

    async def takes(_request, now):
        under_way.append(set(world.turns["one"]._sending))
        return world.one.takes(_request, now)

    world.one.will_say(takes)
    while not world.one.taken:
        await world.step("1")

    assert under_way == [{"1"}]
    assert world.turns["one"]._sending == set()


async def test_a_storage_that_does_not_answer_leaves_room_to_others(world):
    fetching = Fetching(world.worker._tools)
    hanging = asyncio.Event()
    world.one.fetch = partial(fetched, hanging)
    world.two.fetch = partial(fetched, None)
    link = Item(id="1", url="http://storage.example/1")

    stuck = [
        asyncio.create_task(fetching.picture(job_of(1, provider="one"), link))
        for _ in range(FETCHES_AT_ONCE_MAX + 1)
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        picture = await fetching.picture(job_of(2, provider="two"), link)
    hanging.set()
    await asyncio.gather(*stuck)

    assert picture.width == 16


async def fetched(wait, _item):
    if wait is not None:
        await wait.wait()
    return PICTURE


async def test_a_damaged_picture_that_would_have_to_be_made_to_fit_is_given_up_at_once(world):
    target = a_target(token=None, guild_id=44, file_bytes_max=len(DAMAGED) - 1)
    world.one.delivers = DAMAGED
    await world.asks("1", second=None, target=target)

    job = await world.runs("1")

    assert job.state is JobState.FAILED
    assert job.failure.kind is FailureKind.BACKEND  # not ours
    assert await world.spent() == 0


async def test_only_so_many_pictures_are_on_their_way_at_once(world):
    fetching, hanging, begun = Fetching(world.worker._tools), asyncio.Event(), []

    async def fetch(item):
        begun.append(item)
        return await fetched(hanging, item)

    world.one.fetch = world.two.fetch = fetch
    link = Item(id="1", url="http://storage.example/1")
    fetches = [
        asyncio.create_task(fetching.picture(job_of(1, provider=provider), link))
        for provider in ("one", "two")
        for _ in range(FETCHES_AT_ONCE_MAX)
    ]
    await asyncio.sleep(0.01)
    at_once = len(begun)
    hanging.set()
    await asyncio.gather(*fetches)

    assert at_once == FETCHES_AT_ONCE_MAX
    assert len(begun) == 2 * FETCHES_AT_ONCE_MAX
