"""Nebula Block: the call lasts until the picture is there, and what it brought exists only once."""

import asyncio
import io

import pytest
from PIL import Image

from bot.domain.jobs import FailureKind
from bot.jobs.unsure import LOST_IN_CALL_SENTENCE, LOST_PART_NOTE
from bot.sandbox.providers.nebula import NebulaRules, SandboxNebula
from bot.ui import copy
from tests.scenarios.stage import SPEED, done, titled, until
from tests.scenarios.test_source_story import mask, photo

KEY = "ak_house_0123456789"
DRAW = ("POST", "/images/generation")


@pytest.fixture
async def nebula():
    async with SandboxNebula(NebulaRules(speed=SPEED, picture_format="PNG")) as server:
        server.add_key(KEY)
        yield server


@pytest.fixture
async def offering(world, nebula):
    """A stage that offers Nebula Block, whose service does not run yet."""
    world.environment |= {
        "NEBULA_URL": nebula.url,
        "NEBULA_KEY": KEY,
        "NEBULA_SUBMITS_PER_MINUTE": "6000",
    }
    return world


@pytest.fixture
async def stage(offering):
    async with offering.playing():
        yield offering
        assert await offering.audit() == ()


async def asks(stage, **options):
    wish = {"prompt": "a lighthouse", "provider": "nebula", **options}
    return await stage.ann.runs("/imagine", in_=stage.channel, **wish)


async def finishes(nebula, number):
    """Wait until so many calls came in, and let the last of them end."""
    await until(lambda: len(nebula.truth.jobs) >= number)
    nebula.finish(nebula.truth.jobs[number - 1])


async def settled(stage, card):
    await stage.until_settled(card)
    return await stage.job(card)


# ---------------------------------------------------------------- pictures


async def test_two_pictures_are_two_calls_and_the_first_shows_while_the_second_is_drawn(
    stage, nebula
):
    nebula.script.default(held=True)
    card = await asks(stage, count=2)
    await card.until(lambda version: version.shows("### Drawing") and version.shows("0 of 2"))
    await finishes(nebula, 1)
    half = await card.until(lambda version: version.shows("1 of 2") and version.attachments)
    await finishes(nebula, 2)

    shown = await card.until(done)
    job = await settled(stage, card)

    seeds = [one.payload["seed"] for one in nebula.truth.jobs]
    assert half.shows("### Drawing")
    assert len(half.attachments) == 1
    assert len(shown.attachments) == 2
    assert shown.shows("on Nebula Block")
    assert seeds == [job.request.seed, job.request.seed + 1]
    assert job.charged == job.price > 0
    assert nebula.truth.charged == 6000


def is_repainted(picture, *, at):
    with Image.open(io.BytesIO(picture.data)) as opened:
        colours = {16: (255, 0, 0), 112: (0, 0, 255)}  # the source is red and blue
        seen = opened.convert("RGB").getpixel((at, 8))
    return any(abs(a - b) > 40 for a, b in zip(seen, colours[at], strict=True))


@pytest.mark.parametrize("meaning", ["white", "black"])
async def test_the_marked_part_is_drawn_anew_whatever_the_service_takes_a_mask_to_mean(
    offering, nebula, meaning
):
    nebula.switch(repaints=meaning)
    offering.environment["NEBULA_MASK"] = meaning
    async with offering.playing():
        card = await asks(offering, picture=photo(), mask=mask())
        shown = await card.until(done)
        job = await settled(offering, card)

    (picture,) = shown.attachments
    assert is_repainted(picture, at=16)
    assert not is_repainted(picture, at=112)
    assert job.request.model == "black-forest-labs/FLUX.1-Fill-dev"


async def test_a_picture_without_a_mask_is_refused_before_anything_is_held(stage, nebula):
    card = await asks(stage, picture=photo())

    assert card.ephemeral
    assert card.shows("Nebula Block does not offer pictures from a picture")
    assert not nebula.truth.jobs
    assert await stage.nothing_began()


async def test_on_a_key_of_ones_own_the_price_list_says_what_it_will_cost(stage, nebula):
    nebula.add_key("ak_anns_own_key", dollars=3.5)
    form = await stage.ann.runs("/key set", provider="nebula")
    answer = await stage.ann.submits(form, key="ak_anns_own_key")
    await answer.until(lambda version: version.shows("It works."))

    card = await asks(stage, count=2)
    await card.until(lambda version: version.shows("About 0.006 USD on your own key"))
    await card.until(done)

    assert await stage.credits(stage.ann) == 1000
    assert nebula.truth.jobs[0].account.micros == 3_494_000


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("accident", "why"),
    [
        ({"outcome": "failed", "message": "Out of memory."}, "could not draw this"),
        ({"outcome": "empty"}, "sent no picture"),
        ({"outcome": "refused", "code": "content_policy_violation"}, "content rules refused"),
        ({"outcome": "refused", "code": "internal_error"}, LOST_PART_NOTE),
    ],
)
async def test_when_the_second_fails_the_first_is_delivered_and_the_rest_given_back(
    stage, nebula, accident, why
):
    nebula.script.next()
    nebula.script.next(**accident)

    card = await asks(stage, count=2)
    shown = await card.until(done)
    job = await settled(stage, card)

    assert len(shown.attachments) == 1
    assert any(why in note for note in job.notes), job.notes
    assert job.charged == job.price // 2
    assert len(nebula.calls.of(*DRAW)) == 2


async def test_a_call_that_breaks_off_is_not_made_again_and_costs_the_member_nothing(stage, nebula):
    nebula.faults.add(*DRAW, kind="cut_after")

    card = await asks(stage)
    shown = await card.until(titled("That did not work"))
    job = await settled(stage, card)

    assert shown.shows("The connection broke while the picture was being drawn")
    assert job.failure.kind is FailureKind.LOST
    assert (job.charged, await stage.credits(stage.ann)) == (0, 1000)
    assert len(nebula.calls.of(*DRAW)) == 1
    assert nebula.truth.charged == 3000  # the operator's loss


async def test_a_day_that_is_over_is_said_at_once(stage, nebula):
    nebula.switch(requests_per_day=1)
    await (await asks(stage)).until(done)

    cards = [await asks(stage) for _ in range(2)]
    for card in cards:
        await card.until(titled("That did not work"))

    assert all(card.shows("no more calls with this key today") for card in cards)
    assert len(nebula.calls.of(*DRAW)) == 2  # the third was not knocked for


async def test_an_answer_that_takes_its_time_is_waited_for(stage, nebula):
    nebula.faults.add(*DRAW, kind="drip", delay_s=1.0)

    card = await asks(stage)

    assert len((await card.until(done)).attachments) == 1


# ---------------------------------------------------------------- stopping


async def test_a_press_on_cancel_shows_at_once_and_stops_before_the_next_picture(stage, nebula):
    nebula.script.default(held=True)
    card = await asks(stage, count=3)
    await until(lambda: nebula.truth.jobs)
    await stage.ann.clicks("Cancel", on=card)
    stopping = await card.until(titled(copy.STOPPING))
    await finishes(nebula, 1)

    shown = await card.until(titled("Cancelled"))
    job = await settled(stage, card)

    assert stopping.shows("It stops when its answer comes")
    assert len(shown.attachments) == 1
    assert job.charged == job.price // 3
    assert len(nebula.truth.jobs) == 1


async def test_a_press_on_cancel_during_the_last_call_lets_its_picture_come(stage, nebula):
    nebula.script.default(held=True)
    card = await asks(stage)
    await until(lambda: nebula.truth.jobs)
    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled(copy.STOPPING))
    await finishes(nebula, 1)

    shown = await card.until(done)
    job = await settled(stage, card)

    assert len(shown.attachments) == 1
    assert job.charged == job.price


# ---------------------------------------------------------------- starting again


async def test_told_to_stop_amid_a_call_it_waits_for_the_answer_and_delivers(offering, nebula):
    nebula.script.default(held=True)
    async with offering.playing():
        card = await asks(offering)
        await until(lambda: nebula.truth.jobs)
        asyncio.get_running_loop().call_later(0.3, nebula.finish, nebula.truth.jobs[0])

    assert len(card.attachments) == 1
    assert card.shows("Done")


async def test_a_call_that_outlives_the_shutdown_is_lost_once_and_given_back(offering, nebula):
    nebula.script.default(held=True)
    offering.environment["EASEL_DRAIN_S"] = "0.2"
    async with offering.playing():
        card = await asks(offering)
        await until(lambda: nebula.truth.jobs)

    async with offering.playing():
        shown = await card.until(titled("That did not work"))
        job = await settled(offering, card)
        assert await offering.audit() == ()

    assert shown.shows(LOST_IN_CALL_SENTENCE[:40])
    assert job.charged == 0
    assert len(nebula.truth.jobs) == 1


async def test_a_start_amid_the_second_call_delivers_the_first_picture(offering, nebula):
    nebula.script.next()
    nebula.script.default(held=True)
    offering.environment["EASEL_DRAIN_S"] = "0.2"
    async with offering.playing():
        card = await asks(offering, count=2)
        await until(lambda: len(nebula.truth.jobs) == 2)

    async with offering.playing():
        shown = await card.until(done)
        job = await settled(offering, card)
        assert await offering.audit() == ()

    assert len(shown.attachments) == 1
    assert LOST_PART_NOTE in job.notes
    assert job.charged == job.price // 2
    assert len(nebula.truth.jobs) == 2


async def test_a_start_between_two_calls_goes_on_with_the_next(offering, nebula):
    nebula.faults.add(
        *DRAW, kind="status", status=429, body='{"detail": "Limit per minute"}', skip=1, times=1
    )
    async with offering.playing():
        card = await asks(offering, count=2)
        await until(lambda: len(nebula.calls.of(*DRAW)) == 2)

    async with offering.playing():
        shown = await card.until(done)
        job = await settled(offering, card)
        assert await offering.audit() == ()

    assert len(shown.attachments) == 2
    assert job.charged == job.price
    assert len(nebula.truth.jobs) == 2
