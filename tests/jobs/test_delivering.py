"""How long a card is tried that Discord neither takes nor calls lost."""

from datetime import timedelta

import pytest

from bot.domain.jobs import JobState
from tests.jobs.two_providers import PRICE, opened

DAYS = timedelta(days=2)
OPEN_MAX = 200


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        await world.asks()
        yield world


async def until_delayed(world):
    """Advance the job until Discord has refused its last edit once."""
    for _ in range(20):
        await world.step()
        if world.card.refused:
            return
    raise AssertionError("it was never refused")


async def test_a_start_after_days_tries_again_when_discord_refuses_the_first_edit(world):
    world.card.refuses(2)
    await until_delayed(world)

    world.clock.ahead += DAYS
    world.start()
    job = await world.runs()

    assert job.state is JobState.DONE
    assert await world.spent() == PRICE


async def test_a_refund_is_still_told_after_days_when_discord_refuses_the_first_edit(world):
    await world.cancels()
    world.card.refuses(2)
    await until_delayed(world)

    world.clock.ahead += DAYS
    world.start()
    job = await world.runs()

    assert job.state is JobState.CANCELLED
    assert world.card.shown[-1].state is JobState.CANCELLED


async def test_a_start_after_days_gives_a_card_up_that_discord_goes_on_refusing(world):
    world.card.refuses(OPEN_MAX)
    await until_delayed(world)

    world.clock.ahead += DAYS
    world.start()
    began = world.clock.now()
    while await world.step() is not None:
        assert world.clock.now() - began < timedelta(hours=2)

    job = await world.job()
    assert job.failure.kind == "undeliverable"
    assert len(job.pictures) == 1  # for /jobs
    assert await world.spent() == 0
