"""`kill -9` at every durable step, with every provider, polling and called back: the table.

A case is a way, a step, and inside its transaction or right after. A new provider joins with a line in
`ways.WAYS`; the steps it names are compared with those that a run without a kill writes down.
`python -m tests.crash.table` runs it and prints the table.
"""

import asyncio
from contextlib import suppress

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.discord.cards import NeverHappened
from bot.sandbox.providers.horde import HordeRules
from bot.sandbox.providers.hosts import HOSTS
from tests.crash.kills import (
    bot_process,
    closed_job,
    delivered_once,
    exact,
    jobs_in,
    killed,
    online,
)
from tests.crash.ways import PICTURES, TIMES_VARY, WAYS, at_work
from tests.scenarios.stage import SPEED, WAIT_S, titled

pytestmark = pytest.mark.crash

KEY = "key-of-the-house-0123456789"
WHEN = ("inside", "after")


def is_whole(way, when, step):
    """Leave out what is no job yet, and the windows that no client can close: see below."""
    is_lost = not way.sends_again and (when, step) in way.unsure
    is_job = step not in {"make", "accept"}
    return is_job and not is_lost and not (when == "inside" and step.startswith("keep"))


CASES = [
    pytest.param(way, when, step, id=f"{name}, {when} {step}")
    for name, way in WAYS.items()
    for step in way.steps
    for when in WHEN
    if is_whole(way, when, step)
]
LOST_IN_CALL = [
    pytest.param(way, when, step, id=f"{name}, {when} {step}")
    for name, way in WAYS.items()
    if not way.sends_again
    for when, step in sorted(way.unsure)
]
POLLING = {name: way for name, way in WAYS.items() if not way.calls_back}


def cases_of(*steps, ways=POLLING):
    return [
        pytest.param(way, when, step, id=f"{name}, {when} {step}")
        for name, way in ways.items()
        for step in steps
        for when in WHEN
    ]


# A call that draws is not cut off: a cancel waits until it is over.
STOPPABLE = {name: way for name, way in POLLING.items() if way.sends_again}


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture
async def host(world, way):
    async with at_work(world, way) as host:
        yield host


async def running_job(world):
    """Wait until the provider's answer is stored."""
    async with asyncio.timeout(WAIT_S):
        while not any(job.state is JobState.RUNNING for job in await jobs_in(world)):
            await asyncio.sleep(0.01)


def test_every_provider_is_killed():
    assert {way.provider for way in WAYS.values()} == set(HOSTS)


@pytest.mark.parametrize("way", [pytest.param(way, id=name) for name, way in WAYS.items()])
async def test_the_table_names_every_durable_step(world, way, host, tmp_path):
    async with bot_process(world, steps_to=tmp_path / "steps"):
        await online(world)
        card = await way.asks(world)
        await delivered_once(world, card, pictures=PICTURES)

    written = (tmp_path / "steps").read_text().split()
    assert set(written) - TIMES_VARY == set(way.steps) - TIMES_VARY


@pytest.mark.parametrize(("way", "when", "step"), CASES)
async def test_a_job_killed_at_any_step_is_delivered_once_and_paid_once(
    world, way, host, when, step
):
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await way.asks(world)
        await killed(first)
    before = host.accepted

    async with bot_process(world):
        await delivered_once(world, card, pictures=PICTURES)

    may_be_twice = (when, step) in way.unsure
    assert host.accepted <= way.asked + may_be_twice, f"{before} before the kill"


@pytest.mark.parametrize(("way", "when", "step"), cases_of("failed", "mark_told"))
async def test_a_failure_is_refunded_once_and_told(world, way, host, when, step):
    host.server.script.default(outcome=way.fails)
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await way.asks(world, count=1)
        await killed(first)

    async with bot_process(world):
        await card.until(titled("That did not work"))
        job = await closed_job(world)

    assert (job.state, job.charged) == (JobState.FAILED, 0)
    assert card.shows("returned")
    assert await exact(world) == ()


@pytest.mark.parametrize(
    ("way", "when", "step"), cases_of("ask_cancel", "cancelled", "mark_told", ways=STOPPABLE)
)
async def test_a_cancel_is_carried_out_after_the_restart_or_asked_again(
    world, way, host, when, step
):
    host.server.script.default(held=True)
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await way.asks(world, count=1)
        await running_job(world)
        with suppress(NeverHappened):  # it may die before it can answer the click
            await world.ann.clicks("Cancel", on=card)
        await killed(first)

    async with bot_process(world):
        await online(world)
        if (when, step) == ("inside", "ask_cancel"):
            await world.ann.clicks("Cancel", on=card)
        await card.until(titled("Cancelled"))
        job = await closed_job(world)

    assert (job.state, job.charged) == (JobState.CANCELLED, 0)
    assert await exact(world) == ()


@pytest.mark.parametrize(("way", "when", "step"), LOST_IN_CALL)
async def test_killed_amid_a_call_that_draws_that_picture_is_given_up_and_not_paid_for(
    world, way, host, when, step
):
    """It may have been drawn, and cannot be asked for; to send it again could be a second bill."""
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await way.asks(world)
        await killed(first)

    async with bot_process(world):
        await card.until(lambda version: version.shows("The connection broke"))
        job = await closed_job(world)

    assert job.charged * PICTURES == job.price * job.came
    assert host.accepted <= way.asked
    assert await exact(world) == ()


@pytest.mark.parametrize("crash_at", ["after:submitting", "inside:running"])
async def test_on_an_account_a_lost_submit_is_looked_for_and_nobody_pays_twice(world, crash_at):
    world.horde.add_key(KEY, username="Keepers#7", kudos=1000)
    world.environment |= {"HORDE_KEY": KEY}
    world.horde.script.default(queue_s=3 * SPEED)  # the account lists what is still under way
    async with bot_process(world, crash_at=crash_at) as first:
        await online(world)
        card = await WAYS["horde"].asks(world)
        await killed(first)

    async with bot_process(world):
        await delivered_once(world, card, pictures=PICTURES)

    assert len(world.horde.truth.jobs) == 1


async def test_killed_between_an_answer_that_comes_once_and_its_write_it_is_told_and_refunded(
    world,
):
    """The window that no client can close: the server has handed out what never reached the disk."""
    async with at_work(world, WAYS["aime"]):
        async with bot_process(world, crash_at="inside:keep") as first:
            await online(world)
            card = await WAYS["aime"].asks(world, count=1)
            await killed(first)

        async with bot_process(world):
            await card.until(titled("That did not work"))
            job = await closed_job(world)

    assert card.shows("hands a result out once")
    assert card.shows("returned")
    assert (job.state, job.charged) == (JobState.FAILED, 0)
    assert await exact(world) == ()
