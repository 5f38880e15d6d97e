"""A request that costs much of what a member has is asked about first, on its own card."""

import asyncio

import pytest

from bot.sandbox.discord.option_values import Upload
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.stage import done, titled

PRICE = 5  # of one picture of the usual size and steps
PHOTO = Upload("cat.png", written(half_red_half_blue(128, 64), "PNG"))


@pytest.fixture
def world(world):
    """Members have little, so that two pictures are much of it."""
    world.environment["EASEL_DAILY_CREDITS"] = "30"
    return world


async def asked(stage, **options):
    """Let Ann ask for pictures that take a third of what she has."""
    card = await stage.ann.runs("/imagine", **{"prompt": "a cat", "count": 2, **options})
    await card.until(titled("Shall I?"))
    return card


async def test_much_of_what_one_has_is_asked_about_before_anything_is_held(stage):
    card = await asked(stage)

    assert card.shows("This costs about **10 credits**, you have 30.")
    assert [button.label for button in card.buttons] == ["Go ahead", "Leave it"]
    assert await stage.nothing_began()
    await stage.ann.clicks("Go ahead", on=card)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert len(shown.attachments) == 2
    assert await stage.credits(stage.ann) == 20
    assert [message.id for message in stage.discord.messages(stage.channel)] == [card.id]


async def test_little_of_what_one_has_is_not_asked_about(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")

    await card.until(done)

    assert not any(version.shows("Shall I?") for version in card.versions)


async def test_a_no_costs_nothing_and_closes_the_card(stage):
    card = await asked(stage)

    await stage.ann.clicks("Leave it", on=card)

    assert card.shows("### Cancelled")
    assert card.shows("Left alone; nothing was charged.")
    assert card.buttons == []
    assert await stage.nothing_began()


async def test_only_whoever_asked_answers(stage):
    card = await asked(stage)

    for label in ("Go ahead", "Leave it"):
        answer = await stage.bob.clicks(label, on=card)
        assert answer.shows("Only the person who asked for this can answer.")

    assert card.shows("### Shall I?")


async def test_pressed_twice_at_once_it_begins_once(stage):
    card = await asked(stage)

    await asyncio.gather(*(stage.ann.clicks("Go ahead", on=card) for _ in range(2)))
    await card.until(done)
    await stage.until_settled(card)

    assert len(stage.horde.truth.jobs) == 1
    assert await stage.credits(stage.ann) == 20


async def test_the_question_outlives_a_restart_and_so_does_the_picture_with_it(world):
    async with world.playing():
        card = await asked(world, picture=PHOTO)

    async with world.playing():
        await world.ann.clicks("Go ahead", on=card)
        await card.until(done)
        await world.until_settled(card)

        assert world.horde.truth.jobs[0].payload["source_image"]
        assert await world.credits(world.ann) == 20


async def test_a_question_that_was_left_open_for_an_hour_begins_nothing(stage):
    card = await asked(stage)
    await stage.time_passes(51 * 60)

    await stage.ann.clicks("Go ahead", on=card)
    told = await stage.ann.sees("That was too long ago, so nothing was begun or charged.")

    assert told.ephemeral
    assert card.buttons == []
    await stage.service.recovery.sweep()
    assert await stage.nothing_began()


async def test_what_was_spent_meanwhile_is_told_at_the_yes(stage):
    await stage.ann.runs("/defaults set", ask_above=60)
    cards = [await asked(stage, count=4) for _ in range(2)]
    await stage.ann.clicks("Go ahead", on=cards[0])
    await cards[0].until(done)

    await stage.ann.clicks("Go ahead", on=cards[1])
    shown = await cards[1].until(titled("That did not work"))

    assert shown.shows("This costs 20 credits and you have 10.")


@pytest.mark.parametrize(("ask_above", "asks"), [(0, True), (34, False), (33, True), (100, False)])
async def test_from_where_on_one_is_asked_is_ones_own_choice(stage, ask_above, asks):
    chosen = await stage.ann.runs("/defaults set", ask_above=ask_above)

    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    shown = await card.until(lambda v: v.shows("Shall I?") or v.shows("### Done"))

    assert chosen.shows(f"**ask_above**: {ask_above} % of your credits")
    assert shown.shows("Shall I?") == asks


async def test_on_a_key_of_ones_own_nothing_is_asked(stage):
    await stage.brings_key(stage.ann, "abcdefgh-ijklmnop-1234")

    card = await stage.ann.runs("/imagine", prompt="a cat", count=4)
    await card.until(done)

    assert not any(version.shows("Shall I?") for version in card.versions)


async def test_a_button_that_repeats_a_request_asks_as_well(stage):
    card = await asked(stage)
    await stage.ann.clicks("Go ahead", on=card)
    await card.until(done)
    await stage.until_settled(card)

    again = await stage.ann.clicks("Again", on=card)
    await again.until(titled("Shall I?"))

    assert again.shows("This costs about **10 credits**, you have 20.")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (("/admin providers block", {"provider": "horde"}), "This server does not allow AI Horde."),
        (("/admin models block", {"model": "*"}), "This server does not allow the model"),
    ],
)
async def test_what_the_server_blocked_meanwhile_is_told_at_the_yes(stage, rule, said):
    command, entry = rule
    card = await asked(stage)
    await stage.chief.runs(command, in_=stage.channel, **entry)

    await stage.ann.clicks("Go ahead", on=card)
    shown = await card.until(titled("That did not work"))

    assert shown.shows(said)
    assert await stage.nothing_began()
