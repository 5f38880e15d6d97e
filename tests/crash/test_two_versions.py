"""Two processes online at once, as while a new version takes over: whoever loses an answer does nothing.

Each has a store of its own; on one SQLite file the second is refused (`test_process_story`).
"""

import asyncio
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from tests.crash.kills import bot_process, exact, jobs_in, online
from tests.scenarios.stage import WAIT_S, done, titled, until

pytestmark = pytest.mark.crash

JOBS = 5
CALLBACK = "/interactions/*/callback"


@pytest.fixture
def newer(world):
    """The same world, seen by a service with another data folder."""
    return replace(world, data_dir=world.data_dir.parent / "newer")


@asynccontextmanager
async def both_online(world, newer):
    async with bot_process(world) as old:
        await online(world)
        async with bot_process(newer, waits_until_gone=False) as new:
            await until(lambda: world.discord.sessions == 2)
            yield old, new


async def jobs_of(*worlds):
    found = [await jobs_in(world) for world in worlds]
    return [job for jobs in found for job in jobs]


async def settled(world, newer, cards):
    async with asyncio.timeout(WAIT_S):
        while any(job.is_open for job in await jobs_of(world, newer)):
            await asyncio.sleep(0.02)
    jobs = await jobs_of(world, newer)
    assert sorted(str(job.target.message_id) for job in jobs) == sorted(card.id for card in cards)
    assert len(world.horde.truth.jobs) == len(cards)
    assert {m.id for m in world.discord.messages(world.channel)} == {card.id for card in cards}
    assert await exact(world) == await exact(newer) == ()


async def test_each_command_is_one_job_of_one_of_them(world, newer):
    async with both_online(world, newer):
        cards = [
            await world.ann.runs("/imagine", in_=world.channel, prompt=f"cat {n}")
            for n in range(JOBS)
        ]
        for card in cards:
            await card.until(done)
        await settled(world, newer, cards)

    answers = [r.status for r in world.discord.requests if fnmatchcase(r.path, CALLBACK)]
    assert sorted(answers) == [200] * JOBS + [400] * JOBS  # 40060: answered already


async def test_the_one_that_stays_goes_on_when_the_other_was_told_to_stop(world, newer):
    world.environment["EASEL_DRAIN_S"] = "20"
    world.horde.script.default(queue_s=0, seconds_per_picture=0.2)
    async with both_online(world, newer) as (old, _):
        first = await world.ann.runs("/imagine", in_=world.channel, prompt="the first")
        await first.until(done)
        old.send_signal(signal.SIGTERM)
        # What it answers before it has noticed is its own, and goes on at its next start.
        await until(lambda: world.discord.sessions == 1)
        second = await world.ann.runs("/imagine", in_=world.channel, prompt="the second")
        await second.until(done)
        assert await old.wait() == 0
        third = await world.ann.runs("/imagine", in_=world.channel, prompt="the third")
        await third.until(done)

        await settled(world, newer, [first, second, third])
    assert not any(card.shows("restarting") for card in (first, second, third))


async def test_a_button_is_answered_by_the_one_that_knows_the_job(world, newer):
    world.horde.script.default(held=True)
    async with bot_process(world):
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await card.until(titled("In the queue"))
        world.discord.clock.advance(150)  # old enough to be given up, to who does not know better
        async with bot_process(newer, waits_until_gone=False):
            await until(lambda: world.discord.sessions == 2)
            await world.ann.clicks("Cancel", on=card)
            await card.until(titled("Cancelled"))
            await settled(world, newer, [card])

    assert not any(version.shows("Lost") for version in card.versions)
