"""A member gives credits away: asked once more, passed on once, within limits."""

import asyncio

import pytest

from bot.domain.credits import TransferKind, member_account
from bot.sandbox.discord.refusals import Impossible
from tests.scenarios.stage import until
from tests.scenarios.test_budgets_story import House


async def gifts(stage, person):
    account = member_account(int(person.id))
    rows = await stage.service.database.read(lambda tx: tx.credits.statement(account, limit=20))
    return [row for row in rows if row.kind is TransferKind.GIFT]


async def asked(stage, amount=50, *, to=None):
    return await stage.ann.runs("/gift", amount=amount, member=to or stage.bob)


async def test_a_gift_is_asked_for_once_more_and_then_passed_on(stage):
    card = await asked(stage)
    assert card.ephemeral
    assert card.shows(f"Give **50 credits** to <@{stage.bob.id}>?")
    assert card.shows("You can spend 1,000 credits. Today you may give away 500.")

    await stage.ann.clicks("Give", on=card)
    shown = await card.until(lambda version: not version.buttons)
    told = await stage.bob.sees(f"<@{stage.ann.id}> gave 50 credits to <@{stage.bob.id}>.")

    assert shown.shows(f"**50 credits** went to <@{stage.bob.id}>. You can spend 950 now.")
    assert not told.ephemeral
    assert await stage.credits(stage.ann) == 950
    bobs = await stage.bob.runs("/credits")
    assert bobs.shows("You can spend **1,050 credits**.")
    assert bobs.shows(f"50 were given by <@{stage.ann.id}>")


async def test_whoever_thinks_better_of_it_gives_nothing(stage):
    card = await asked(stage)

    await stage.ann.clicks("Leave it", on=card)

    assert card.shows("Nothing was given.")
    assert await gifts(stage, stage.ann) == []


async def test_pressed_twice_at_once_it_is_given_once_and_announced_once(stage):
    card = await asked(stage)

    await asyncio.gather(*(stage.ann.clicks("Give", on=card) for _ in range(2)))
    await card.until(lambda version: not version.buttons)
    await stage.bob.sees("gave 50 credits")

    assert len(await gifts(stage, stage.ann)) == 1
    assert await stage.credits(stage.ann) == 950
    said = [m for m in stage.discord.messages(stage.channel) if "gave 50" in str(m.latest)]
    assert len(said) == 1


async def test_the_question_outlives_a_restart(world):
    async with world.playing():
        card = await asked(world)

    async with world.playing():
        await world.ann.clicks("Give", on=card)
        await card.until(lambda version: not version.buttons)

        assert await world.credits(world.ann) == 950


async def test_a_question_that_was_left_open_for_long_gives_nothing(stage):
    card = await asked(stage)
    await stage.time_passes(2 * 3600)

    answer = await stage.ann.clicks("Give", on=card)
    told = await stage.ann.sees("This question is too old.")

    assert told.ephemeral
    assert answer is not None
    assert await gifts(stage, stage.ann) == []


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (1001, "You cannot spend that many credits"),
        (501, "You have given away as many credits today as one may. Next try <t:"),
    ],
)
async def test_more_than_one_may_give_is_refused_before_the_question(stage, amount, sentence):
    card = await asked(stage, amount)

    assert card.ephemeral
    assert card.shows(sentence)
    assert not card.buttons


async def test_a_day_has_a_limit_for_who_gives_and_for_who_receives(stage):
    for giver, amount in ((stage.ann, 300), (stage.mod, 200)):
        card = await giver.runs("/gift", amount=amount, member=stage.bob)
        await giver.clicks("Give", on=card)
        await card.until(lambda version: not version.buttons)

    too_much = await stage.ann.runs("/gift", amount=201, member=stage.mod)
    card = await stage.ann.runs("/gift", amount=1, member=stage.bob)
    await stage.ann.clicks("Give", on=card)
    await stage.ann.sees("They have been given as many credits today as one may.")

    assert too_much.shows("as many credits today as one may")
    assert card.buttons
    assert await stage.credits(stage.bob) == 1500
    assert len(await gifts(stage, stage.bob)) == 2


async def test_nobody_gives_to_themselves(stage):
    card = await asked(stage, to=stage.ann)

    assert card.shows("You have these credits already")


async def test_a_gift_to_the_server_fills_its_pool(stage):
    card = await stage.ann.runs("/gift", amount=50)
    assert card.shows("Give **50 credits** to this server's pool?")

    await stage.ann.clicks("Give", on=card)
    await card.until(lambda version: not version.buttons)

    assert await House(stage).pool() == 50
    assert await stage.credits(stage.ann) == 950


async def test_gifts_can_be_switched_off(world):
    world.environment["EASEL_GIFTS_PER_DAY"] = "0"

    async with world.playing():
        card = await asked(world)

        assert card.shows("Credits cannot be given away here.")


async def test_what_is_held_for_a_job_cannot_be_given_away(world):
    world.environment["EASEL_DAILY_CREDITS"] = "52"
    world.horde.script.next(held=True)
    async with world.playing():
        await world.ann.runs("/imagine", prompt="a cat")
        await until(lambda: world.horde.truth.jobs)

        card = await asked(world)

        assert card.shows("You cannot spend that many credits")
        world.horde.finish(world.horde.truth.jobs[0].remote_id)


async def test_gifts_are_not_offered_in_direct_messages(stage):
    with pytest.raises(Impossible):
        await stage.ann.runs("/gift", in_=stage.ann.dm, amount=1)
