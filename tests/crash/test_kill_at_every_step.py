"""`kill -9` at every durable step, a restart, and the books: nothing lost, nothing twice."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.discord.cards import NeverHappened
from storage.sealing import MasterKeys, Sealer
from storage.sqlite import open_reader
from tests.scenarios.stage import done, titled

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
HAPPY = ("submitting", "running", "add_picture", "collected", "delivered", "done")


@asynccontextmanager
async def bot_process(world, *, crash_at=""):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EASEL_")},
        **world.variables(),
        "EASEL_HOME": str(world.data_dir.parent),
        "EASEL_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        "CRASH_AT": crash_at,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "tests.crash.bot_process", env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                await process.wait()


async def online(world):
    await world.discord.until_ready()
    await world.discord.until_synced("imagine")


async def killed(process):
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


@asynccontextmanager
async def books(world):
    """Open the database beside whoever runs on it."""
    sealer = Sealer(MasterKeys.from_base64((world.data_dir / "master.key").read_text().strip()))
    async with open_reader(world.data_dir / "easel.db", sealer=sealer) as database:
        yield database


async def jobs_in(world):
    async with books(world) as database:
        ids = await database.read(lambda tx: tx.jobs.newest(10))
        return [
            await database.read(lambda tx, job_id=job_id: tx.jobs.get(job_id)) for job_id in ids
        ]


async def closed_job(world):
    async with asyncio.timeout(20):
        while True:
            jobs = await jobs_in(world)
            if jobs and not jobs[0].is_open:
                return jobs[0]
            await asyncio.sleep(0.05)


async def exact(world):
    async with books(world) as database:
        return await database.read(lambda tx: tx.credits.audit())


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
