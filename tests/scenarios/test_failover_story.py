"""The first choice takes nothing: the second delivers, never dearer, never unasked where named."""

import asyncio
import json

import pytest

from bot.domain.budgets import Measure
from bot.domain.credits import CREDIT
from bot.domain.jobs import JobState
from tests.scenarios.stage import done, titled, until
from tests.scenarios.test_budgets_story import House
from tests.scenarios.test_source_story import mask, photo

WAIT_S = 60
ASKED = {"prompt": "a lighthouse", "steps": 20}  # which cost the same at both
SUBMIT = "/generate/async"
SLOW_DOWN = json.dumps({"message": "2 per 1 second", "rc": "TooManyRequests"})
NO_SUCH_KEY = json.dumps({"message": "No user matching sent API Key.", "rc": "InvalidAPIKey"})


@pytest.fixture
async def two(world):
    """The stage with the AI Horde, the usual one, and an AIME server beside it."""
    async with world.beside("aime") as host, world.playing():
        yield world, host.server
        assert await world.audit() == ()


async def test_the_card_says_who_takes_over_and_for_how_much(two):
    stage, _ = two

    card = await stage.ann.runs("/imagine", **ASKED)

    assert card.versions[0].shows("else AIME, about")


async def test_when_the_first_is_away_the_second_delivers(two):
    stage, aime = two

    async with stage.horde.refusing():
        card = await stage.ann.runs("/imagine", **ASKED)
        shown = await card.until(done, timeout_s=WAIT_S)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert shown.shows("AI Horde cannot be reached. AIME takes it instead.")
    assert shown.shows("on AIME")
    assert len(shown.attachments) == 1
    assert len(aime.truth.jobs) == 1
    assert (job.provider, job.second) == ("aime", None)
    assert 0 < job.charged <= job.price
    assert await stage.credits(stage.ann) == 1000 - job.charged / 1_000_000


async def test_a_refused_key_of_the_house_lets_the_second_deliver_at_once(two):
    stage, _ = two
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=401, body=NO_SUCH_KEY)

    card = await stage.ann.runs("/imagine", **ASKED)
    await card.until(done, timeout_s=WAIT_S)

    assert (await stage.job(card)).provider == "aime"
    assert stage.calls("POST", SUBMIT) == 1


async def test_whoever_does_not_answer_is_not_chosen_first(two):
    stage, _ = two
    async with stage.horde.refusing():
        await stage.service.catalogue.refresh()

        card = await stage.ann.runs("/imagine", **ASKED)

        assert card.versions[0].shows("AIME")
        assert not card.versions[0].shows("else AIME")
        await card.until(done, timeout_s=WAIT_S)


async def test_who_was_named_is_not_replaced_but_another_is_offered(two):
    stage, aime = two
    async with stage.horde.refusing():
        card = await stage.ann.runs("/imagine", provider="horde", **ASKED)
        failed = await card.until(titled("That did not work"), timeout_s=WAIT_S)
    await stage.until_settled(card)

    assert (await stage.job(card)).state is JobState.FAILED
    assert not aime.truth.jobs
    label = next(button.label for button in failed.buttons if "AIME" in button.label)
    assert label.startswith("Ask AIME (")

    again = await stage.ann.clicks(label, on=card)
    shown = await again.until(done, timeout_s=WAIT_S)

    assert shown.shows("on AIME")
    assert len(aime.truth.jobs) == 1


async def test_what_may_have_arrived_is_never_given_to_another(two):
    stage, aime = two
    stage.horde.faults.add("POST", SUBMIT, kind="cut_after", times=None)

    card = await stage.ann.runs("/imagine", **ASKED)
    await card.until(titled("That did not work"), timeout_s=WAIT_S)

    assert not aime.truth.jobs


async def test_what_was_drawn_and_not_sent_is_never_given_to_another(world):
    world.environment["EASEL_PROVIDERS"] = "nebula,horde"
    async with world.beside("nebula") as host, world.playing():
        host.server.script.next(outcome="empty")

        card = await world.ann.runs("/imagine", prompt="a lighthouse --steps 4 --size 256x256")
        failed = await card.until(titled("That did not work"), timeout_s=WAIT_S)
        await world.until_settled(card)

        assert card.versions[0].shows("else AI Horde")
        assert failed.shows("sent no picture")
        assert any(button.label.startswith("Ask AI Horde") for button in failed.buttons)
        assert (len(host.server.truth.jobs), world.calls("POST", SUBMIT)) == (1, 0)
        assert await world.credits(world.ann) == 1000


async def test_a_limit_that_goes_on_lets_the_second_deliver(two):
    stage, aime = two
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=429, body=SLOW_DOWN, times=None)

    card = await stage.ann.runs("/imagine", **ASKED)
    shown = await card.until(done, timeout_s=WAIT_S)

    assert shown.shows("AI Horde asks to slow down. AIME takes it instead.")
    assert len(aime.truth.jobs) == 1


async def test_a_start_without_the_first_provider_hands_its_jobs_to_the_second(world):
    async with world.beside("aime"):
        async with world.playing():
            world.service.tracker._dispatch._advance = asleep
            card = await world.ann.runs("/imagine", **ASKED)
            await until(lambda: card.shows("else AIME"))
            await until_taken_in(world, card)

        world.environment["EASEL_PROVIDERS"] = "aime"
        async with world.playing():
            shown = await card.until(done, timeout_s=WAIT_S)
            await world.until_settled(card)

            assert shown.shows("not offered here any more. AIME takes it instead.")
            assert await world.audit() == ()


async def test_a_start_without_its_provider_ends_a_running_job_and_gives_all_back(world):
    async with world.beside("aime"):
        world.horde.script.next(held=True)
        async with world.playing():
            card = await world.ann.runs("/imagine", **ASKED)
            await card.until(titled("In the queue"))

        world.environment["EASEL_PROVIDERS"] = "aime"
        async with world.playing():
            shown = await card.until(titled("That did not work"), timeout_s=WAIT_S)
            await world.until_settled(card)

            assert shown.shows("This provider is not offered here any more.")
            again = await world.ann.clicks("Try again", on=card)
            assert again.shows("That provider is not offered here.")
            elsewhere = next(one.label for one in shown.buttons if "AIME" in one.label)
            assert await world.credits(world.ann) == 1000
            drawn = await world.ann.clicks(elsewhere, on=card)
            await drawn.until(done, timeout_s=WAIT_S)
            await world.until_settled(drawn)
            assert await world.audit() == ()


async def asleep(job_id):
    """Advance nothing, as a process that is about to be killed."""


async def until_taken_in(stage, card):
    async with asyncio.timeout(WAIT_S):
        while not await stage.service.database.read(lambda tx: tx.jobs.open_ids()):
            await asyncio.sleep(0.01)


@pytest.fixture
async def cheaper(world, tmp_path):
    """The stage with an AIME server beside the Horde where a picture costs two credits."""
    prices = tmp_path / "prices.toml"
    prices.write_text('[[price]]\nprovider = "aime"\npicture = 2\nmegapixel_step = 0\n')
    async with world.beside("aime"):
        world.environment["EASEL_PRICES"] = str(prices)
        async with world.playing():
            yield world
            assert await world.audit() == ()


async def taken_over(stage):
    async with stage.horde.refusing():
        card = await stage.ann.runs("/imagine", **ASKED)
        await card.until(done, timeout_s=WAIT_S)
    await stage.until_settled(card)
    return card


async def test_a_cheaper_second_costs_what_it_costs_and_the_rest_comes_back(cheaper):
    card = await taken_over(cheaper)

    job = await cheaper.job(card)
    assert job.provider == "aime"
    assert job.charged == job.price == 2 * CREDIT
    assert await cheaper.credits(cheaper.ann) == 998


async def test_a_budget_and_the_servers_pool_count_what_the_second_cost(cheaper):
    house = House(cheaper)
    await house.pays(10)
    await house.allows(6 * CREDIT, Measure.CREDITS)  # the first would have cost four

    await taken_over(cheaper)
    card = await cheaper.ann.runs("/imagine", provider="horde", **ASKED)
    await card.until(done)
    await cheaper.until_settled(card)

    assert await house.pool() == 10 - 2 - 4
    assert await cheaper.credits(cheaper.ann) == 1000


async def test_what_a_named_provider_cannot_do_is_refused_with_who_can(two):
    stage, _ = two

    answer = await stage.ann.runs(
        "/imagine", prompt="a lighthouse", provider="aime", picture=photo(), mask=mask()
    )

    assert answer.ephemeral
    assert answer.text == "AIME does not offer inpainting. AI Horde can."
    assert await stage.nothing_began()


async def test_all_who_waited_for_the_only_provider_are_served_once_when_it_is_back(stage):
    people = [stage.guild.member(f"Member {number}") for number in range(4)]
    async with stage.horde.refusing():
        cards = [await person.runs("/imagine", **ASKED) for person in people for _ in range(2)]
        await cards[0].until(lambda version: version.shows("AI Horde cannot be reached."))

    for card in cards:
        await card.until(done, timeout_s=WAIT_S)
        await stage.until_settled(card)

    assert len(stage.horde.truth.jobs) == len(cards)


async def test_a_provider_that_was_blocked_meanwhile_does_not_take_over(world):
    async with world.beside("aime") as host:
        async with world.playing():
            world.service.tracker._dispatch._advance = asleep
            card = await world.ann.runs("/imagine", in_=world.channel, **ASKED)
            await until(lambda: card.shows("else AIME"))
            await until_taken_in(world, card)
            await world.chief.runs("/admin providers block", in_=world.channel, provider="aime")

        async with world.horde.refusing(), world.playing():
            await card.until(titled("That did not work"), timeout_s=WAIT_S)
            await world.until_settled(card)

            assert not host.server.truth.jobs
            assert await world.credits(world.ann) == 1000
            assert await world.audit() == ()


async def test_requests_that_were_refused_for_what_is_in_them_close_nothing_to_others(two):
    stage, _ = two
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=400, body="{}", times=3)
    for _ in range(3):
        card = await stage.bob.runs("/imagine", provider="horde", **ASKED)
        await card.until(titled("That did not work"), timeout_s=WAIT_S)

    card = await stage.ann.runs("/imagine", **ASKED)

    assert card.versions[0].shows("else AIME")
    await card.until(done, timeout_s=WAIT_S)
    assert (await stage.job(card)).provider == "horde"


async def test_whoever_does_not_answer_takes_nothing_over(two):
    stage, aime = two
    aime.faults.add("GET", "*", kind="cut_before", times=None)
    await stage.service.catalogue.refresh()
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=429, body=SLOW_DOWN, times=3)

    card = await stage.ann.runs("/imagine", **ASKED)
    await card.until(done, timeout_s=WAIT_S)

    assert (await stage.job(card)).provider == "horde"
    assert not aime.truth.jobs
