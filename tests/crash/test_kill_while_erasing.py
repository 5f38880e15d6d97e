"""`kill -9` amid an erasure: the wish is kept or was never made, and in the end nothing is left."""

from contextlib import suppress

import pytest

from bot.sandbox.discord.cards import NeverHappened
from tests.crash.kills import books, bot_process, exact, killed, online
from tests.scenarios.stage import done, titled, until, until_sent
from tests.scenarios.test_leftovers_story import blobs
from tests.scenarios.test_privacy_story import (
    everything_stored,
    some_minutes_pass_for_files,
)

pytestmark = pytest.mark.crash

STEPS = ("ask_erasure", "cancelled", "erase", "settle_blob")


async def is_asked(world):
    async with books(world) as database:
        return bool(await database.read(lambda tx: tx.forgetting.asked()))


async def anns_jobs(world):
    async with books(world) as database:
        return await database.read(lambda tx: tx.jobs.recent(int(world.ann.id), 9))


async def asks_for_it(world):
    card = await world.ann.runs("/privacy erase", in_=world.channel)
    await world.ann.clicks("Erase everything", on=card)


@pytest.mark.parametrize("when", ["inside", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_the_next_start_goes_on_with_it(world, when, step):
    async with world.playing():
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a lighthouse for Ann")
        await card.until(done)
        await world.until_settled(card)
    some_minutes_pass_for_files(world)
    world.horde.script.default(held=True)
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        running = await world.ann.runs("/imagine", in_=world.channel, prompt="another for Ann")
        await until_sent(world, 2)
        with suppress(NeverHappened):  # it may die before it can answer the click
            await asks_for_it(world)
        await killed(first)

    async with bot_process(world):
        await online(world)
        if (when, step) == ("inside", "ask_erasure"):
            assert not await is_asked(world)
            await asks_for_it(world)
        await running.until(titled("Cancelled"))
        await until(lambda: world.ann.id.encode() not in everything_stored(world))
        await until(lambda: blobs(world) == set())

    assert await anns_jobs(world) == ()
    assert not await is_asked(world)
    assert b"for Ann" not in everything_stored(world)
    assert await exact(world) == ()
