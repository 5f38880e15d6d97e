"""The machine's clock is wrong, or jumps: jobs end as they would have, and nobody waits for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.clock import SystemClock
from bot.domain.jobs import JobState
from tests.scenarios.stage import done, titled, until

HOUR_S = 3600


class WrongClock(SystemClock):
    """The service's clock on a machine whose own clock can be put anywhere."""

    def __init__(self, offset_s=0):
        self.offset = timedelta(seconds=offset_s)
        super().__init__(wall=lambda: datetime.now(UTC) + self.offset)

    def put(self, seconds):
        self.offset += timedelta(seconds=seconds)


@pytest.fixture
def clock(world):
    world.clock = WrongClock()
    return world.clock


async def held(world):
    world.horde.script.next(held=True)
    card = await world.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    return card


def finish(world):
    world.horde.finish(world.horde.truth.jobs[-1].remote_id)


async def delivered(world, card):
    await card.until(done)
    await world.until_settled(card)
    job = await world.job(card)
    assert job.state is JobState.DONE
    assert job.charged == job.price > 0
    assert await world.audit() == ()


async def test_a_picture_that_was_done_when_the_clock_jumped_ahead_is_delivered(world, clock):
    async with world.playing():
        card = await held(world)

        finish(world)
        clock.put(3 * HOUR_S)

        await delivered(world, card)


async def test_a_job_still_in_work_when_the_clock_jumped_ahead_is_over_and_given_back(world, clock):
    async with world.playing():
        card = await held(world)

        clock.put(3 * HOUR_S)

        await card.until(lambda version: version.shows("It took too long"))
        await world.until_settled(card)
        assert (await world.job(card)).charged == 0
        assert card.shows("returned")


async def test_a_clock_put_back_amid_a_job_holds_nothing_up(world, clock):
    async with world.playing():
        card = await held(world)

        clock.put(-3 * HOUR_S)
        finish(world)

        await delivered(world, card)


async def test_a_start_with_a_clock_behind_that_of_the_last_goes_on_with_its_jobs(world, clock):
    async with world.playing():
        card = await held(world)
    world.clock = WrongClock(-5 * HOUR_S)
    finish(world)

    async with world.playing():
        await delivered(world, card)


@pytest.mark.parametrize("offset_s", [-HOUR_S, HOUR_S])
async def test_on_a_machine_with_a_wrong_clock_cards_are_edited_by_their_tokens(world, offset_s):
    world.clock = WrongClock(offset_s)
    async with world.playing():
        card = await held(world)
        finish(world)

        await delivered(world, card)

    edits = [request.path for request in world.discord.requests if request.method == "PATCH"]
    assert edits
    assert all(path.startswith("/webhooks/") for path in edits)


async def test_a_clock_that_jumps_to_and_fro_posts_nothing_twice(world, clock):
    async with world.playing():
        card = await held(world)
        for seconds in (120, -600, 300, -60):
            clock.put(seconds)
            looks = world.calls("GET", "/generate/check/*")
            await until(lambda looks=looks: world.calls("GET", "/generate/check/*") > looks)
        finish(world)

        await delivered(world, card)
        assert [message.id for message in world.discord.messages(world.channel)] == [card.id]
