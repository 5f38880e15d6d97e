"""The operator charges what the provider itself asks: it is asked before anything is held."""

from math import ceil

import pytest
from pydantic import SecretStr

from bot.domain.credits import CREDIT
from bot.providers.base import Inputs
from bot.sandbox.discord.option_values import Upload
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.stage import done, titled

SUBMIT = "/generate/async"
LISTED = 9  # where the provider does not say
PHOTO = Upload("cat.png", written(half_red_half_blue(128, 64), "PNG"))


@pytest.fixture
def world(world):
    prices = world.data_dir.parent / "prices.toml"
    prices.write_text(
        f'[[price]]\nprovider = "horde"\nestimate = 1\npicture = {LISTED}\nmegapixel_step = 0\n'
    )
    world.environment["EASEL_PRICES"] = str(prices)
    return world


async def told_by(stage, job) -> int:
    """Return what the provider says that a job costs, rounded up."""
    provider = stage.service.tracker._providers["horde"]
    return ceil(await provider.estimate(job.request, key=SecretStr("0000000000"), inputs=Inputs()))


async def finished(stage, card):
    await card.until(done)
    await stage.until_settled(card)
    return await stage.job(card)


async def test_the_provider_is_asked_first_and_its_price_is_told_and_charged(stage):
    stage.horde.script.next(queue_s=20)
    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    first = card.versions[0]
    job = await finished(stage, card)

    told = await told_by(stage, job)
    assert first.shows("its price is being asked")
    assert any(version.shows(f"about {told} credits, you have 1,000") for version in card.versions)
    assert job.charged == job.price == told * CREDIT
    assert told != 2 * LISTED
    assert await stage.credits(stage.ann) == 1000 - told


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html", "status": 502},
        {"kind": "cut_after"},
    ],
    ids=["away", "html", "cut"],
)
async def test_where_it_cannot_be_asked_the_list_counts(stage, fault):
    stage.horde.faults.add("POST", SUBMIT, **fault)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    job = await finished(stage, card)

    assert job.charged == job.price == LISTED * CREDIT


async def test_a_picture_to_start_from_is_part_of_the_question(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=PHOTO)

    job = await finished(stage, card)

    bodies = [call.body for call in stage.horde.calls if call.fits("POST", SUBMIT)]
    assert [bool(body.get("dry_run")) for body in bodies] == [True, False]
    assert all(body["source_image"] for body in bodies)
    assert job.charged > 0


async def test_much_is_asked_about_at_the_providers_price(world):
    world.environment["EASEL_DAILY_CREDITS"] = "200"
    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat", count=2)
        shown = await card.until(titled("Shall I?"))
        await world.ann.clicks("Go ahead", on=card)
        job = await finished(world, card)

        told = await told_by(world, job)
        assert shown.shows(f"This costs about **{told} credits**")
        assert job.charged == told * CREDIT


async def test_on_a_key_of_ones_own_no_price_is_open(stage):
    await stage.brings_key(stage.ann, "abcdefgh-ijklmnop-1234")

    card = await stage.ann.runs("/imagine", prompt="a cat")

    assert not card.versions[0].shows("its price is being asked")
    assert (await finished(stage, card)).price == 0
