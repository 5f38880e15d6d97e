"""`kill -9` at every durable step, a restart, and the books: nothing lost, nothing twice."""

from contextlib import suppress

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.discord.cards import NeverHappened
from tests.crash.kills import bot_process, closed_job, exact, jobs_in, killed, online
from tests.scenarios.stage import done, titled

pytestmark = pytest.mark.crash

HAPPY = ("submitting", "running", "add_picture", "collected", "delivered", "done")


@pytest.mark.parametrize("when", ["inside", "after"])
@pytest.mark.parametrize("step", HAPPY)
async def test_a_job_killed_at_any_step_is_delivered_once_and_paid_once(world, when, step):
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)
        await killed(first)

    async with bot_process(world):
        shown = await card.until(done)
        job = await closed_job(world)

    assert job.state is JobState.DONE
    assert job.charged == job.price > 0
    assert len(job.pictures) == len(shown.attachments) == 2
    assert [message.id for message in world.discord.messages(world.channel)] == [card.id]
    assert await exact(world) == ()
    # Only a submit whose answer was lost may have been sent twice, and only the operator pays it.
    unsure = (when, step) in {("after", "submitting"), ("inside", "running")}
    assert len(world.horde.truth.jobs) <= (2 if unsure else 1)


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


@pytest.mark.parametrize("when", ["inside", "after"])
@pytest.mark.parametrize("step", ["failed", "mark_told"])
async def test_a_failure_is_refunded_once_and_told(world, when, step):
    world.horde.script.default(outcome="faulted")
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)

    async with bot_process(world):
        await card.until(titled("That did not work"))
        job = await closed_job(world)

    assert job.state is JobState.FAILED
    assert job.charged == 0
    assert card.shows("returned")
    assert await exact(world) == ()


@pytest.mark.parametrize("when", ["inside", "after"])
@pytest.mark.parametrize("step", ["ask_cancel", "cancelled", "mark_told"])
async def test_a_cancel_is_carried_out_after_the_restart_or_asked_again(world, when, step):
    world.horde.script.default(held=True)
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await card.until(titled("In the queue"))
        with suppress(NeverHappened):  # it may die before it can answer the click
            await world.ann.clicks("Cancel", on=card)
        await killed(first)

    async with bot_process(world):
        await online(world)
        if (when, step) == ("inside", "ask_cancel"):
            await world.ann.clicks("Cancel", on=card)
        await card.until(titled("Cancelled"))
        job = await closed_job(world)

    assert job.state is JobState.CANCELLED
    assert job.charged == 0
    assert await exact(world) == ()


async def test_killed_again_and_again_it_still_ends_well(world):
    async with bot_process(world, crash_at="after:accept") as process:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)
        await killed(process)
    for crash_at in (
        "inside:submitting",
        "after:running",
        "after:add_picture",
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
