"""`kill -9` between the first provider's no and the second one's yes."""

import pytest

from bot.domain.jobs import JobState
from tests.crash.kills import bot_process, closed_job, delivered_once, exact, killed, online
from tests.scenarios.stage import titled
from tests.scenarios.test_failover_story import ASKED, NO_SUCH_KEY, SUBMIT

pytestmark = pytest.mark.crash


@pytest.fixture
async def aime(world):
    """A second provider; the first knows no key."""
    refusal = {"kind": "status", "status": 401, "body": NO_SUCH_KEY, "times": None}
    world.horde.faults.add("POST", SUBMIT, **refusal)
    async with world.beside("aime") as host:
        yield host.server


async def killed_at(world, crash_at):
    async with bot_process(world, crash_at=crash_at) as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, **ASKED)
        await killed(first)
    return card


@pytest.mark.parametrize(
    "crash_at", ["after:accepted", "inside:submitting#2", "inside:running", "after:running"]
)
async def test_what_was_handed_over_is_delivered_once_by_the_second(world, aime, crash_at):
    card = await killed_at(world, crash_at)

    async with bot_process(world):
        await delivered_once(world, card, pictures=1)
        assert (await closed_job(world)).provider == "aime"

    assert not world.horde.truth.jobs


async def test_a_no_that_was_not_written_down_might_have_been_a_yes(world, aime):
    card = await killed_at(world, "inside:accepted")

    async with bot_process(world):
        shown = await card.until(titled("That did not work"), timeout_s=60)
        job = await closed_job(world)

    assert job.state is JobState.FAILED
    assert job.charged == 0
    assert any("AIME" in button.label for button in shown.buttons)
    assert not aime.truth.jobs
    assert await exact(world) == ()
