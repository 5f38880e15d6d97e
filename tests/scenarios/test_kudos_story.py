"""Kudos: a member's own account, and gifts that are sent once however often they are confirmed."""

import asyncio

import pytest

from tests.scenarios.stage import Stage, titled, until

KEY = "own-key-0123456789"


@pytest.fixture
async def owner(stage):
    """Ann has an account with 500 kudos; `poor#6` is somebody else's."""
    await prepared(stage)
    return stage


async def prepared(stage: Stage) -> None:
    stage.horde.add_key("poor", username="poor#6", kudos=3)
    await stage.brings_key(stage.ann, KEY, kudos=500)


async def asked(stage: Stage, amount: int = 40, to: str = "poor#6"):
    card = await stage.ann.runs("/kudos give", to=to, amount=amount, in_=stage.channel)
    assert card.ephemeral
    return card


def gifts(stage: Stage) -> list[tuple[str, int]]:
    return [(gift.receiver, gift.amount) for gift in stage.horde.truth.gifts]


async def test_an_account_is_shown_to_its_owner_alone(owner):
    card = await owner.ann.runs("/kudos show", in_=owner.channel)

    shown = await card.until(titled("Your kudos"))

    assert card.ephemeral
    assert "**500 kudos** on Ann" in shown.text
    assert "30 requests may wait" in shown.text
    assert KEY not in shown.text


async def test_without_a_key_of_ones_own_there_is_nothing_to_show_or_give(stage):
    shown = await stage.bob.runs("/kudos show")
    await shown.until(lambda version: version.shows("bring its key with /key set"))
    refused = await stage.bob.runs("/kudos give", to="poor#6", amount=1)

    assert "bring its key with /key set" in refused.text
    assert gifts(stage) == []


async def test_a_gift_is_sent_once_it_is_confirmed(owner):
    card = await asked(owner)
    before = gifts(owner)

    await owner.ann.clicks("Give", on=card)
    shown = await card.until(titled("Given"))

    assert "**40 kudos** for poor" in card.versions[0].text
    assert before == []
    assert gifts(owner) == [("poor#6", 40)]
    assert shown.buttons == []


async def test_pressing_twice_sends_once(owner):
    card = await asked(owner)
    owner.horde.faults.add("POST", "/kudos/transfer", kind="slow", delay_s=0.3)

    answers = await asyncio.gather(*(owner.ann.clicks("Give", on=card) for _ in range(3)))
    await card.until(titled("Given"))

    assert gifts(owner) == [("poor#6", 40)]
    assert len(owner.horde.calls.of("POST", "/kudos/transfer")) == 1
    assert answers


async def test_a_gift_can_be_given_up(owner):
    card = await asked(owner)

    await owner.ann.clicks("Never mind", on=card)
    shown = await card.until(titled("Given up"))

    assert "Nothing was sent" in shown.text
    assert gifts(owner) == []


async def test_an_answer_that_was_lost_is_no_second_gift(owner):
    card = await asked(owner)
    owner.horde.faults.add("POST", "/kudos/transfer", kind="cut_after")

    await owner.ann.clicks("Give", on=card)
    await owner.ann.sees("what was sent once is not sent twice", in_=owner.channel)
    owner.horde.clock.advance(2)
    await owner.ann.clicks("Give", on=card)
    await card.until(titled("Given"))

    assert gifts(owner) == [("poor#6", 40)]
    assert len(owner.horde.calls.of("POST", "/kudos/transfer")) == 2


@pytest.mark.parametrize(
    "amount, to, words",
    [
        (900, "poor#6", "do not have enough kudos"),
        (4, "nobody#77", "not found"),
        (4, "Anonymous#0", "to Anonymous"),
    ],
)
async def test_a_gift_that_cannot_be_is_refused_with_the_hordes_own_words(owner, amount, to, words):
    card = await asked(owner, amount, to)

    await owner.ann.clicks("Give", on=card)
    await owner.ann.sees(words, in_=owner.channel)
    await owner.ann.clicks("Give", on=card)
    await owner.ann.sees("This gift was refused", in_=owner.channel)

    assert gifts(owner) == []


async def test_a_name_that_is_none_is_refused_before_anything_is_asked(owner):
    answer = await owner.ann.runs("/kudos give", to="somebody", amount=4)

    assert "with its number" in answer.text
    assert owner.horde.calls.of("POST", "/kudos/transfer") == []


async def test_a_confirmation_that_comes_too_late_sends_nothing(owner):
    card = await asked(owner)
    owner.clock.travel(16 * 60)

    await owner.ann.clicks("Give", on=card)
    await owner.ann.sees("took too long to confirm", in_=owner.channel)

    assert gifts(owner) == []


async def test_a_gift_can_be_confirmed_after_a_restart_and_is_still_sent_once(world):
    async with world.playing():
        await prepared(world)
        card = await asked(world)
        other = await asked(world, 7)
        await world.ann.clicks("Give", on=other)
        await other.until(titled("Given"))
    world.horde.clock.advance(2)
    async with world.playing():
        await world.ann.clicks("Give", on=card)
        await card.until(titled("Given"))
        await until(lambda: len(world.horde.truth.gifts) == 2)

    assert gifts(world) == [("poor#6", 7), ("poor#6", 40)]
