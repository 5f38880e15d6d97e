"""A bot whose operator has a service account: the Horde learns for whom it asks, and not who that is."""

import pytest

from tests.scenarios.stage import done

HOUSE = "house-key-0123456789"
OWN = "own-key-0123456789"


@pytest.fixture
async def stage(world):
    world.horde.add_key(HOUSE, username="house#8", kudos=5000, is_service=True)
    world.environment["HORDE_KEY"] = HOUSE
    async with world.playing():
        yield world
        assert await world.audit() == ()


async def drawn(stage, person, **options):
    card = await person.runs("/imagine", prompt="a cat", in_=stage.channel, **options)
    await card.until(done)
    return stage.horde.truth.jobs[-1].payload


async def test_members_are_told_apart_and_not_told(stage):
    first, again = await drawn(stage, stage.ann), await drawn(stage, stage.ann)
    other = await drawn(stage, stage.bob)

    names = [sent["proxied_account"] for sent in (first, again, other)]
    assert names[0] == names[1] != names[2]
    assert all(person.id not in str(first) for person in (stage.ann, stage.bob))


async def test_texts_are_asked_for_by_the_same_name(stage):
    picture = await drawn(stage, stage.ann)
    card = await stage.ann.runs("/ask", prompt="Why?", in_=stage.channel)
    await card.until(done)

    text = stage.horde.truth.texts[-1].payload
    assert text["proxied_account"] == picture["proxied_account"]


async def test_a_members_own_key_speaks_for_itself(stage):
    await stage.brings_key(stage.ann, OWN)

    assert "proxied_account" not in await drawn(stage, stage.ann)


async def test_a_name_outlives_a_restart(world):
    world.horde.add_key(HOUSE, username="house#8", kudos=5000, is_service=True)
    world.environment["HORDE_KEY"] = HOUSE
    async with world.playing():
        before = await drawn(world, world.ann)
    async with world.playing():
        after = await drawn(world, world.ann)

    assert before["proxied_account"] == after["proxied_account"]


async def test_an_ordinary_account_names_nobody(world):
    world.horde.add_key(HOUSE, username="house#8", kudos=5000)
    world.environment["HORDE_KEY"] = HOUSE
    async with world.playing():
        assert "proxied_account" not in await drawn(world, world.ann)


async def test_a_service_account_that_is_one_no_more_goes_on_without(stage):
    await drawn(stage, stage.ann)
    stage.horde.add_key(HOUSE, username="house#8", kudos=5000)
    stage.horde.clock.advance(60)  # the Horde itself answers anew by then

    assert "proxied_account" not in await drawn(stage, stage.ann)
