"""A member asks for a lot at once: some of it runs, the rest waits in line, and nothing is refused."""

import asyncio

import pytest

from tests.scenarios.stage import titled, until, until_sent
from tests.scenarios.test_budgets_story import House

PRICE = 5  # of one picture of the usual size and steps
HOUSE_KEY = "house-key-of-the-crowd"


@pytest.fixture
def world(world):
    """A provider that takes all that it is sent."""
    world.horde.add_key(HOUSE_KEY, username="house#7", kudos=1e6, concurrency=500)
    world.horde.switch(limited=False)
    world.environment |= {"HORDE_KEY": HOUSE_KEY, "EASEL_JOBS_AT_ONCE": "3"}
    return world


async def asks(person, count):
    """Let a member type a command so many times at once."""
    return await asyncio.gather(
        *(person.runs("/imagine", prompt=f"cat {number}") for number in range(count))
    )


async def five_in_their_order(stage):
    cards = []
    for number in range(5):
        cards.append(await stage.ann.runs("/imagine", prompt=f"cat {number}"))
        await until_sent(stage, min(number + 1, 3))
    return cards


def sent(stage):
    return len(stage.horde.truth.jobs)


def one_ends(stage):
    job = next(job for job in stage.horde.truth.jobs if not job.is_over)
    stage.horde.finish(job.remote_id)


async def all_finish(stage, cards):
    """Let whatever is sent end, until nothing is left."""
    while not all(card.shows("### Done") for card in cards):
        for job in stage.horde.truth.jobs:
            stage.horde.finish(job.remote_id)
        await asyncio.sleep(0.02)
    for card in cards:
        await stage.until_settled(card)


async def all_ended(stage, cards):
    async def ended(card):
        return await card.until(lambda v: v.shows("### Done") or v.shows("did not work"))

    return await asyncio.gather(*(ended(card) for card in cards))


async def test_as_many_run_as_may_and_the_others_wait_with_their_place(stage):
    stage.horde.script.default(held=True)
    cards = await five_in_their_order(stage)

    fourth = await cards[3].until(lambda version: version.shows("place 1"))
    await cards[4].until(lambda version: version.shows("place 2"))
    bobs = await stage.bob.runs("/imagine", prompt="a dog")
    await until_sent(stage, 4)

    assert fourth.shows("### In the queue")
    assert fourth.shows("3 of your requests run at once; this one waits until another is done.")
    assert sent(stage) == 4
    one_ends(stage)
    await until_sent(stage, 5)
    await stage.time_passes(6)
    await cards[4].until(lambda version: version.shows("place 1"))
    await all_finish(stage, [*cards, bobs])


async def test_a_flood_of_one_member_stands_before_nobody_else(world):
    world.horde.script.default(held=True)
    world.environment |= {"EASEL_JOBS_AT_ONCE": "50", "HORDE_SUBMITS_PER_SECOND": "2"}
    async with world.playing() as stage:
        elsewhere = stage.discord.guild(name="Elsewhere")
        eve = elsewhere.member("Eve")
        flood = await asks(stage.ann, 30)
        await until_sent(stage, 1)

        bobs = await stage.bob.runs("/imagine", prompt="a dog")
        eves = await eve.runs("/imagine", prompt="a fox", in_=elsewhere.channel("art"))
        await until_sent(stage, 10)

        drawn = " ".join(
            str(call.body) for call in stage.horde.calls.of("POST", "/generate/async")[:10]
        )
        assert "a dog" in drawn
        assert "a fox" in drawn
        await asyncio.gather(*(stage.ann.clicks("Cancel", on=card) for card in flood))
        await all_finish(stage, [bobs, eves])


async def test_after_a_restart_no_more_run_than_may(world):
    world.horde.script.default(held=True)
    async with world.playing():
        cards = await five_in_their_order(world)

    async with world.playing():
        await cards[4].until(lambda version: version.shows("place 2"))
        assert sent(world) == 3
        one_ends(world)
        await until_sent(world, 4)
        await all_finish(world, cards)
        assert await world.audit() == ()


async def test_an_account_with_enough_in_work_holds_up_its_owner_alone(world):
    world.horde.script.default(held=True)
    async with world.playing() as stage:
        await stage.brings_key(stage.ann, "key-of-ann-with-little-room")
        stage.horde.add_key(
            "key-of-ann-with-little-room", username="ann#77", kudos=500, concurrency=1
        )
        anns = await asks(stage.ann, 2)
        await until(lambda: any(card.shows("in work as it allows") for card in anns))

        await stage.bob.runs("/imagine", prompt="a dog")
        await until_sent(stage, 2)

        await all_of_anns_end(stage, anns)


async def all_of_anns_end(stage, cards):
    for card in cards:
        await stage.ann.clicks("Cancel", on=card)
        await card.until(titled("Cancelled"))


async def test_one_that_waits_can_be_stopped_and_costs_nothing(stage):
    stage.horde.script.default(held=True)
    cards = await asks(stage.ann, 4)
    await until_sent(stage, 3)
    waiting = next(iter([c for c in cards if await is_waiting(c)]))

    await stage.ann.clicks("Cancel", on=waiting)
    shown = await waiting.until(titled("Cancelled"))

    assert shown.shows("5 credits returned")
    assert sent(stage) == 3
    for job in stage.horde.truth.jobs:
        stage.horde.finish(job.remote_id)


async def is_waiting(card):
    shown = await card.until(lambda v: v.shows("In the queue"))
    return "waits until another is done" in shown.text


async def test_of_a_hundred_at_once_with_credit_for_ten_exactly_ten_run(world):
    world.environment["EASEL_DAILY_CREDITS"] = str(10 * PRICE)

    async with world.playing():
        await world.ann.runs("/defaults set", ask_above=100)
        cards = await asks(world.ann, 100)
        ends = await all_ended(world, cards)
        for card in cards:
            if card.shows("### Done"):
                await world.until_settled(card)

        assert sum(end.shows("### Done") for end in ends) == 10
        assert sum(end.shows("This costs 5 credits and you have") for end in ends) == 90
        assert sent(world) == 10
        assert await world.credits(world.ann) == 0
        assert await world.audit() == ()


async def test_of_a_hundred_at_once_within_a_budget_of_ten_exactly_ten_run(world):
    async with world.playing():
        await House(world).allows(10)
        cards = await asks(world.ann, 100)
        ends = await all_ended(world, cards)
        for card in cards:
            if card.shows("### Done"):
                await world.until_settled(card)

        assert sum(end.shows("### Done") for end in ends) == 10
        assert sum(end.shows("This server allows 10 requests a day") for end in ends) == 90
        assert sent(world) == 10
        assert await world.credits(world.ann) == 1000 - 10 * PRICE
        assert await world.audit() == ()


async def test_a_full_house_says_so_and_holds_nothing(world, monkeypatch):
    monkeypatch.setattr("bot.jobs.dispatch.JOBS_MAX", 2)
    world.horde.script.default(held=True)
    async with world.playing() as stage:
        cards = await asks(stage.ann, 2)
        await until_sent(stage, 2)

        refused = await stage.bob.runs("/imagine", prompt="a dog")
        await refused.until(lambda v: v.shows("more work than I can take right now"))

        assert (await stage.balance(stage.bob)).held == 0
        assert sent(stage) == 2
        await all_finish(stage, cards)
        card = await stage.bob.runs("/imagine", prompt="a dog")
        await until_sent(stage, 3)
        await all_finish(stage, [card])
