"""`kill -9` before there is a job, again and again, and amid a file."""

import asyncio
import sqlite3
from contextlib import closing, suppress

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.discord.cards import NeverHappened
from tests.crash.kills import (
    books,
    bot_process,
    closed_job,
    delivered_once,
    exact,
    jobs_in,
    killed,
    online,
)
from tests.scenarios.stage import WAIT_S, done, titled

pytestmark = pytest.mark.crash


async def until_nothing_is_claimed(world):
    async with asyncio.timeout(WAIT_S), books(world) as database:
        while await database.read(lambda tx: tx.claims.all()):
            await asyncio.sleep(0.01)


def forget_claims(world):
    with closing(sqlite3.connect(world.data_dir / "easel.db")) as database, database:
        database.execute("DELETE FROM claims")


async def test_killed_right_after_a_job_was_taken_in_it_goes_on(world):
    async with bot_process(world, crash_at="after:accept") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)

    async with bot_process(world):
        await delivered_once(world, card, pictures=1)


async def test_killed_while_the_job_is_taken_in_nothing_is_held_and_the_card_says_so(world):
    async with bot_process(world, crash_at="inside:accept") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)

    async with bot_process(world):
        await card.until(titled("Lost"))
        assert card.shows("a cat")
        assert not card.latest.buttons
        assert await jobs_in(world) == []
        await until_nothing_is_claimed(world)

    assert await exact(world) == ()


@pytest.mark.parametrize("when", ["inside", "after"])
async def test_killed_while_it_answers_no_card_stays_on_its_way(world, when):
    async with bot_process(world, crash_at=f"{when}:make") as first:
        await online(world)
        with suppress(NeverHappened):  # it may die before the answer is out
            await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)

    async with bot_process(world):
        await online(world)
        await until_nothing_is_claimed(world)
        assert await jobs_in(world) == []

    cards = world.discord.messages(world.channel)
    if when == "after":
        assert [card.shows("Lost") for card in cards] in ([], [True])
    assert await exact(world) == ()


async def test_an_old_card_that_never_began_can_still_be_closed_by_its_button(world):
    async with bot_process(world, crash_at="inside:accept") as first:
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await killed(first)
    forget_claims(world)

    async with bot_process(world):
        await online(world)
        world.discord.clock.advance(150)
        await world.ann.clicks("Cancel", on=card)
        await card.until(lambda version: not version.buttons)


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
