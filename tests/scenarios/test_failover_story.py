"""The first choice takes nothing: the second delivers, never dearer, never unasked where named."""

import json

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.providers.hosts import open_host
from tests.scenarios.stage import SPEED, done, titled
from tests.scenarios.test_source_story import mask, photo

WAIT_S = 60
ASKED = {"prompt": "a lighthouse", "steps": 20}  # which cost the same at both
SUBMIT = "/generate/async"
NO_SUCH_KEY = json.dumps({"message": "No user matching sent API Key.", "rc": "InvalidAPIKey"})


@pytest.fixture
async def two(world):
    """The stage with the AI Horde, the usual one, and an AIME server beside it."""
    async with open_host("aime", speed=SPEED) as host:
        world.environment.update(host.settings)
        async with world.playing():
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


async def test_what_a_named_provider_cannot_do_is_refused_with_who_can(two):
    stage, _ = two

    answer = await stage.ann.runs(
        "/imagine", prompt="a lighthouse", provider="aime", picture=photo(), mask=mask()
    )

    assert answer.ephemeral
    assert answer.text == "AIME does not offer inpainting. AI Horde can."
    assert await stage.nothing_began()
