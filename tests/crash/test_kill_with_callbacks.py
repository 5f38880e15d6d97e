"""`kill -9` while the Horde calls back: what a dead process did not hear is asked for, or sent once."""

import pytest

from bot.sandbox.providers.horde import HordeRules
from tests.crash.kills import bot_process, delivered_once, exact, killed, online
from tests.scenarios.stage import SPEED, until

pytestmark = pytest.mark.crash


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture
async def world(world):
    world.may_be_called()
    world.environment["EASEL_CALLBACK_POLL_S"] = "2"
    return world


async def test_a_submit_that_a_dead_process_made_is_found_by_its_callback(world):
    world.environment["EASEL_CALLBACK_POLL_S"] = "30"
    world.horde.script.next(held=True)
    async with bot_process(world, crash_at="inside:running") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)
        await killed(first)

    async with bot_process(world):
        await online(world)
        world.horde.finish(world.horde.truth.jobs[0].remote_id)
        await delivered_once(world, card, pictures=2)

    assert await exact(world) == ()
    assert len(world.horde.truth.jobs) == 1


async def test_pictures_that_only_a_dead_process_had_heard_of_are_had_again(world):
    world.horde.script.next(held=True)
    async with bot_process(world, crash_at="inside:collected") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)
        await until(lambda: world.horde.truth.jobs)
        remote = world.horde.truth.jobs[0]
        world.horde.step(remote.remote_id)
        world.horde.step(remote.remote_id)
        await card.until(lambda version: len(version.attachments) == 1)
        world.horde.finish(remote.remote_id)
        await killed(first)

    async with bot_process(world):
        await delivered_once(world, card, pictures=2)

    assert await exact(world) == ()
    assert len(world.horde.truth.jobs) == 1
