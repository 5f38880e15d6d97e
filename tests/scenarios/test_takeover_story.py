"""A worker that was frozen while another took its jobs over thaws, and changes nothing."""

import asyncio

from tests.scenarios.stage import done, titled

CHECK = "/generate/check/*"


async def taken_over(stage):
    """Do what the start of another process does first: raise the epoch of every open job."""
    return await stage.service.database.write(lambda tx: tx.jobs.take_over_all())


async def until_asked(stage, count):
    async with asyncio.timeout(10):
        while stage.calls("GET", CHECK) < count:
            await asyncio.sleep(0.01)


async def test_a_superseded_worker_writes_nothing_more(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    job = await stage.job(card)
    stage.horde.faults.add("GET", CHECK, kind="slow", delay_s=0.3)
    await until_asked(stage, stage.calls("GET", CHECK) + 1)

    assert await taken_over(stage) == (job.id,)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    async with asyncio.timeout(10):
        while stage.service.dispatch.knows(job.id):
            await asyncio.sleep(0.01)

    after = await stage.job(card)
    assert after.epoch == job.epoch + 1
    assert str(after.state) == "running"
    assert not card.attachments


async def test_a_job_that_nobody_advances_is_taken_up_by_the_sweep(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    job = await stage.job(card)
    await taken_over(stage)
    async with asyncio.timeout(10):
        while stage.service.dispatch.knows(job.id):
            await asyncio.sleep(0.01)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)

    await stage.service.recovery.sweep()
    await card.until(done)
    await stage.until_settled(card)

    assert (await stage.job(card)).charged == job.price


async def test_a_reservation_outlives_its_time_while_its_job_works(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))

    await stage.service.recovery.sweep()
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert job.charged == job.price > 0
