"""The bot is removed from a server: after a while all of the server's is gone, and not a day before."""

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.discord.rules import DiscordRules
from tests.scenarios.stage import WAIT_S, done, until, until_sent
from tests.scenarios.test_privacy_story import everything_stored
from tests.scenarios.test_server_keys_story import KEY, lend

DAY_S = timedelta(days=1).total_seconds()


@pytest.fixture
def rules():
    return DiscordRules(identify_every_s=0)  # one process follows the other at once


async def live(stage):
    """Leave traces in a server; the bot is in another one too, where Carl is."""
    await lend(stage)
    await stage.chief.runs("/admin words block", word="spam")
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a lighthouse")
    await card.until(done)
    await stage.until_settled(card)
    return card


def other_server(world):
    elsewhere = world.discord.guild(name="Elsewhere")
    elsewhere.channel("pictures")
    return elsewhere, elsewhere.member("Carl", manage_guild=True)


async def known(stage):
    return await stage.service.database.read(lambda tx: tx.servers.known())


async def left(stage):
    return await stage.service.database.read(
        lambda tx: tx.servers.left_before(stage.clock.now() + timedelta(days=999))
    )


async def looks(stage):
    departures = stage.service.bot.services.care.departures
    await departures.look()


async def until_so(is_so) -> None:
    """Wait until a question to the store is answered with yes."""
    async with asyncio.timeout(WAIT_S):
        while not await is_so():
            await asyncio.sleep(0.01)


async def until_left(stage) -> None:
    async def is_noted():
        return await left(stage) == (int(stage.guild.id),)

    await until_so(is_noted)


async def until_nobody_left(stage) -> None:
    async def is_back():
        return await left(stage) == ()

    await until_so(is_back)


async def test_a_server_that_was_left_is_forgotten_after_its_time(stage):
    await live(stage)
    number = int(stage.guild.id).to_bytes(8, "big")

    stage.discord.remove_bot(stage.guild)
    await until_left(stage)
    stage.clock.travel(6 * DAY_S)
    await looks(stage)
    assert number in everything_stored(stage)
    stage.clock.travel(DAY_S)
    await looks(stage)

    assert await known(stage) == frozenset()
    stored = everything_stored(stage)
    assert number not in stored
    assert stage.guild.id.encode() not in stored
    assert b"a lighthouse" not in stored
    assert await stage.audit() == ()


async def test_members_keep_their_credits_and_what_they_have_elsewhere(stage):
    elsewhere, _ = other_server(stage)
    await live(stage)
    before = await stage.credits(stage.ann)
    carl = elsewhere.member("Dora")
    theirs = await carl.runs("/imagine", prompt="a harbour")
    await theirs.until(done)
    await stage.until_settled(theirs)

    stage.discord.remove_bot(stage.guild)
    await until_left(stage)
    stage.clock.travel(8 * DAY_S)
    await looks(stage)

    assert await known(stage) == {int(elsewhere.id)}
    assert (await stage.job(theirs)).request.prompt == "a harbour"
    assert await stage.credits(stage.ann) == before


async def test_an_outage_is_no_departure(stage):
    await live(stage)

    stage.discord.outage(stage.guild)
    await asyncio.sleep(0.2)  # for the event to come
    stage.clock.travel(30 * DAY_S)
    await looks(stage)
    stage.discord.outage_over(stage.guild)

    assert await left(stage) == ()
    assert KEY[-4:] in (await stage.chief.runs("/admin key list")).text


async def test_a_server_that_invites_the_bot_again_in_time_finds_everything_as_it_was(stage):
    await live(stage)
    stage.discord.remove_bot(stage.guild)
    await until_left(stage)

    stage.discord.add_bot(stage.guild)
    await until_nobody_left(stage)
    stage.clock.travel(30 * DAY_S)
    await looks(stage)

    assert (await stage.chief.runs("/admin key list")).shows("`…5678`")


async def test_a_server_that_was_left_while_the_bot_was_away_is_noted_at_the_start(world):
    other_server(world)
    async with world.playing():
        await live(world)
    world.discord.remove_bot(world.guild)

    async with world.playing():
        await until_left(world)


async def test_an_outage_at_the_start_is_no_departure_either(world):
    async with world.playing():
        await live(world)
    world.discord.outage(world.guild)

    async with world.playing():
        await asyncio.sleep(0.2)  # for the comparison after the start
        assert await left(world) == ()
        assert int(world.guild.id) in await known(world)


async def test_what_was_noted_by_mistake_is_asked_about_before_anything_is_deleted(stage):
    await live(stage)
    await stage.service.bot.services.care.departures.left(int(stage.guild.id))
    stage.clock.travel(8 * DAY_S)

    await looks(stage)

    assert await left(stage) == ()
    assert (await stage.chief.runs("/admin key list")).shows("`…5678`")


async def test_while_discord_does_not_answer_nothing_is_deleted(stage):
    await live(stage)
    stage.discord.remove_bot(stage.guild)
    await until_left(stage)
    stage.clock.travel(8 * DAY_S)
    stage.discord.faults.add("GET", "/guilds/*", status=503, times=9)

    await looks(stage)
    assert int(stage.guild.id) in await known(stage)
    stage.discord.faults.clear()
    await looks(stage)

    assert await known(stage) == frozenset()


async def test_a_job_that_is_still_open_is_waited_for(stage):
    await live(stage)
    stage.horde.script.default(held=True)
    await stage.ann.runs("/imagine", in_=stage.channel, prompt="another")
    await until_sent(stage, 2)
    stage.discord.remove_bot(stage.guild)
    await until_left(stage)
    stage.clock.travel(8 * DAY_S)

    await looks(stage)
    assert int(stage.guild.id) in await known(stage)
    await until(lambda: all(job.cancelled for job in stage.horde.truth.jobs[1:]))

    async def is_over():
        return not await stage.service.database.read(lambda tx: tx.jobs.open_ids())

    await until_so(is_over)
    await looks(stage)

    assert await known(stage) == frozenset()


async def test_the_time_is_a_setting(world):
    world.environment["EASEL_LEFT_SERVER_GRACE_D"] = "0"
    async with world.playing() as stage:
        await live(stage)
        stage.discord.remove_bot(stage.guild)
        await until_left(stage)
        await looks(stage)

        assert await known(stage) == frozenset()
