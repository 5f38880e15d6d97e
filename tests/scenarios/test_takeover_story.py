"""A worker that was frozen while another took its jobs over thaws, and changes nothing."""

import asyncio

from bot import service
from bot.accounts.credits import RESERVATION_LIFE
from bot.domain.credits import CREDIT, member_account
from bot.jobs.departures import Departures
from bot.jobs.recovery import SWEEP_S
from tests.scenarios.stage import WAIT_S, done, titled, until
from tests.storage.store_values import a_claim

OVER = ["delivered", "done"]
CHECK = "/generate/check/*"
ORIGINAL = "/webhooks/*/*/messages/@original"


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


async def until_let_go(stage, job):
    async with asyncio.timeout(10):
        while stage.service.dispatch.knows(job.id):
            await asyncio.sleep(0.01)


async def test_a_worker_superseded_while_it_fetches_posts_nothing(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    job = await stage.job(card)
    stage.horde.faults.add("GET", "/images/*", kind="slow", delay_s=0.3)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await until(lambda: stage.calls("GET", "/images/*"))

    await taken_over(stage)
    await until_let_go(stage, job)

    assert not card.attachments
    assert (await stage.moves(card))[-1] == "running"
    await stage.service.recovery.sweep()
    await card.until(done)
    await stage.until_settled(card)
    assert await stage.moves(card) == ["accepted", "submitting", "running", "collected", *OVER]


async def test_a_worker_superseded_while_it_learns_of_a_failure_tells_nothing(stage):
    stage.horde.script.next(held=True, outcome="faulted")
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    job = await stage.job(card)
    stage.horde.faults.add("GET", "/generate/*", kind="slow", delay_s=0.3, times=2)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await until_asked(stage, stage.calls("GET", CHECK) + 1)

    await taken_over(stage)
    await until_let_go(stage, job)

    assert not any(version.shows("did not work") for version in card.versions)
    await stage.service.recovery.sweep()
    await card.until(titled("That did not work"))
    await stage.until_settled(card)
    assert await stage.credits(stage.ann) == 1000


async def test_a_worker_superseded_while_it_posts_is_repeated_and_paid_once(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    job = await stage.job(card)
    stage.discord.faults.add("PATCH", ORIGINAL, delay_s=0.5)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await until(lambda: stage.service.editor.figures().in_flight)

    await taken_over(stage)
    await until_let_go(stage, job)

    assert (await stage.moves(card))[-1] == "collected"
    await stage.service.recovery.sweep()
    await stage.until_settled(card)
    assert await stage.moves(card) == ["accepted", "submitting", "running", "collected", *OVER]
    assert [done(version) for version in card.versions].count(True) == 2  # the same edit
    assert (await stage.job(card)).charged == job.price


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
    stage.horde.faults.add("GET", CHECK, kind="html")  # so that it is not over before the sweep
    await until_asked(stage, stage.calls("GET", CHECK) + 1)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)

    stage.clock.travel(RESERVATION_LIFE.total_seconds() + 1)
    await stage.service.recovery.sweep()
    assert (await stage.balance(stage.ann)).held > 0
    await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert job.charged == job.price > 0


async def test_what_a_dead_process_held_for_no_job_is_given_back_at_the_start(world):
    async with world.playing():
        await (await world.ann.runs("/imagine", prompt="a cat")).until(done)
        account = member_account(int(world.ann.id))
        await world.service.database.write(
            lambda tx: tx.credits.reserve(
                "job:77:reserve",
                account=account,
                amount=CREDIT,
                job_id="77",
                at=world.clock.now(),
                expires_at=world.clock.now(),
            )
        )
        assert (await world.balance(world.ann)).held >= CREDIT

    async with world.playing():
        async with asyncio.timeout(WAIT_S):
            while (await world.balance(world.ann)).held:
                await asyncio.sleep(0.01)
        assert await world.audit() == ()


# ---------------------------------------------------------------- a loop that breaks


async def test_a_sweep_outlives_an_answer_that_nobody_can_read(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("In the queue"))
    token = (await stage.job(card)).target.token
    lost = a_claim("77", created_at=stage.clock.now(), token=token)
    await stage.service.database.write(lambda tx: tx.claims.make(lost))
    as_json = {"Content-Type": "application/json"}
    stage.discord.faults.add("GET", ORIGINAL, status=200, says="{}", headers=as_json, times=99)
    job = await stage.job(card)
    await taken_over(stage)
    await until_let_go(stage, job)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)

    stage.clock.travel(SWEEP_S + 1)
    await stage.discord.until_requested("GET", ORIGINAL)
    await card.until(done)  # the same sweep has found the job that nobody advanced
    stage.discord.faults.clear()
    stage.clock.travel(SWEEP_S + 1)

    await stage.discord.until_requested("GET", ORIGINAL, times=2)
    async with asyncio.timeout(WAIT_S):
        while await stage.service.database.read(lambda tx: tx.claims.all()):
            await asyncio.sleep(0.01)


async def test_a_loop_that_breaks_begins_again_and_ends_no_other(world, monkeypatch):
    begun = []

    async def stumbles(_departures):
        begun.append(None)
        raise LookupError("a mistake of ours")

    monkeypatch.setattr(Departures, "run", stumbles)
    monkeypatch.setattr(service, "STUMBLE_PAUSE_S", 0.01)
    async with world.playing():
        await until(lambda: len(begun) > 2)
        card = await world.ann.runs("/imagine", prompt="a cat")

        await card.until(done)
