"""What the crash tests share: processes to kill, and a look at the books beside them."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

from bot.domain.jobs import JobState
from storage.sealing import MasterKeys, Sealer
from storage.sqlite import open_reader
from tests.crash.nursery import Nursery
from tests.scenarios.stage import done

_NURSERIES = []


def open_nursery():
    _NURSERIES.append(Nursery())


def close_nursery():
    _NURSERIES.pop().close()


@asynccontextmanager
async def bot_process(world, *, crash_at="", steps_to=None, waits_until_gone=True):
    """Run the service in a process until the block ends or a durable step kills it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EASEL_")},
        **world.variables(),
        "EASEL_HOME": str(world.data_dir.parent),
        "CRASH_AT": crash_at,
        "SYNCS": "" if set(world.discord._stage.commands.names()) else "1",
    }
    if steps_to is not None:
        environment["STEPS_TO"] = str(steps_to)
    process = _NURSERIES[-1].start(environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            # Killed meanwhile, or told before it could listen: then it has done nothing yet.
            assert await process.wait() in {0, -signal.SIGKILL, -signal.SIGTERM}
        if waits_until_gone:
            await world.discord.until_gone()  # so that nobody presses what only the dead would hear


async def online(world):
    await world.discord.until_ready()
    await world.discord.until_synced("imagine")


async def killed(process):
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
            await asyncio.sleep(0.02)


async def exact(world):
    async with books(world) as database:
        return await database.read(lambda tx: tx.credits.audit())


async def delivered_once(world, card, *, pictures):
    """Wait for the end and look at everything that must be true of it."""
    shown = await card.until(done)
    job = await closed_job(world)
    assert job.state is JobState.DONE
    assert job.charged == job.price > 0
    assert len(job.pictures) == len(shown.attachments) == pictures
    assert [message.id for message in world.discord.messages(world.channel)] == [card.id]
    assert await exact(world) == ()
