"""A command that was answered and never became a job: its card says so by itself."""

import asyncio

from tests.scenarios.stage import WAIT_S, titled, until


async def claimed(stage):
    return await stage.service.database.read(lambda tx: tx.claims.all())


async def until_nothing_is_claimed(stage):
    async with asyncio.timeout(WAIT_S):
        while await claimed(stage):
            await asyncio.sleep(0.01)


async def test_a_command_that_became_a_job_leaves_no_claim(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))

    assert await claimed(stage) == ()
    assert await stage.service.recovery._claims.close_lost() == 0
    assert not card.shows("Lost")


async def test_a_command_that_comes_twice_is_one_job_and_leaves_no_claim(stage):
    stage.horde.script.next(held=True)
    stage.discord.deliver(twice=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))

    await until(lambda: stage.horde.truth.jobs)
    assert len(stage.horde.truth.jobs) == 1
    assert await claimed(stage) == ()


async def test_a_refusal_stays_on_its_card_also_after_a_restart(world):
    world.environment["EASEL_DAILY_CREDITS"] = "0"
    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(titled("That did not work"))
        await until_nothing_is_claimed(world)

    async with world.playing():
        await world.service.recovery._claims.close_lost()

    assert card.shows("That did not work")
    assert not card.shows("Lost")


async def test_a_refusal_that_could_not_be_shown_is_told_once_discord_is_back(world, forgiving):
    world.environment["EASEL_DAILY_CREDITS"] = "0"
    async with world.playing():
        world.discord.faults.add("PATCH", "/webhooks/*", status=400)
        card = await world.ann.runs("/imagine", prompt="a cat")
        claims = world.service.recovery._claims
        await until(lambda: card.latest and not claims._in_hand)
        on_its_way = card.latest

        await claims.close_lost()

        await card.until(titled("Lost"))
        assert on_its_way.buttons
        await until_nothing_is_claimed(world)
