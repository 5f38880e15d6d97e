"""`kill -9` before there is a job, again and again, and amid a file."""

import pytest

from bot.domain.jobs import JobState
from tests.crash.kills import bot_process, closed_job, exact, jobs_in, killed, online
from tests.scenarios.stage import done

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("when", ["inside", "after"])
async def test_killed_while_the_job_is_taken_in_nothing_is_held_or_it_goes_on(world, when):
    async with bot_process(world, crash_at=f"{when}:accept") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)

    async with bot_process(world):
        await online(world)
        if when == "after":
            await card.until(done)
            assert (await closed_job(world)).state is JobState.DONE
        else:
            world.discord.clock.advance(150)
            await world.ann.clicks("Cancel", on=card)
            await card.until(lambda version: not version.buttons)
            assert await jobs_in(world) == []

    assert await exact(world) == ()


async def test_killed_again_and_again_it_still_ends_well(world):
    async with bot_process(world, crash_at="after:accept") as process:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)
        await killed(process)
    for crash_at in (
        "inside:submitting",
        "after:running",
        "inside:collected",
        "inside:delivered",
    ):
        async with bot_process(world, crash_at=crash_at) as process:
            await killed(process)

    async with bot_process(world):
        await card.until(done)
        job = await closed_job(world)

    assert job.state is JobState.DONE
    assert job.charged == job.price
    assert await exact(world) == ()


async def test_a_half_written_picture_is_swept_and_fetched_again(world):
    async with bot_process(world, crash_at="after:running") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)
    folder = world.data_dir / "blobs"
    leftovers = [path for path in folder.rglob("*") if path.is_file()]
    half = folder / "incoming" / "tmp-half"
    assert half.parent.is_dir()
    half.write_bytes(b"RIFF half a picture")

    async with bot_process(world):
        await card.until(done)
        await closed_job(world)

    assert leftovers == []
    assert not half.exists()
    assert await exact(world) == ()
