"""A member says who draws: each provider from slash command to picture."""

import pytest

from bot.__main__ import PROVIDERS
from bot.providers.registry import FACTORIES
from bot.sandbox.discord.cards import Card
from bot.sandbox.providers.hosts import HOSTS
from tests.scenarios.stage import done, titled

BESIDE = sorted(HOSTS.keys() - {"horde"})


@pytest.fixture(params=BESIDE)
async def offered(request, world):
    """The stage with one more provider."""
    async with world.beside(request.param) as host, world.playing():
        yield world, host
        assert await world.audit() == ()


def test_every_provider_has_a_small_one():
    assert set(HOSTS) == set(FACTORIES)
    assert set(HOSTS) == set(PROVIDERS)


async def test_a_named_provider_draws_and_is_paid_once(offered):
    stage, host = offered

    card = await stage.ann.runs("/imagine", prompt="a lighthouse", count=2, provider=host.name)
    shown = await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert len(shown.attachments) == 2, shown.text
    assert shown.shows(f"on {host.title}")
    assert job.provider == host.name
    assert job.charged == job.price > 0
    assert host.accepted
    assert not stage.horde.truth.jobs


async def test_the_usual_provider_draws_where_nobody_is_named(offered):
    stage, host = offered

    asked = {"prompt": "a lighthouse", "steps": 20}  # which is nowhere cheaper
    card = await stage.ann.runs("/imagine", **asked)
    await card.until(done)

    assert not host.accepted
    assert len(stage.horde.truth.jobs) == 1


async def test_a_usual_model_is_not_meant_where_another_provider_is_named(offered):
    stage, host = offered
    await stage.ann.runs("/defaults set", model="Deliberate")

    card = await stage.ann.runs("/imagine", prompt="a lighthouse", provider=host.name)
    await card.until(done)

    assert (await stage.job(card)).request.model != "Deliberate"


async def test_every_provider_that_is_set_up_is_suggested(offered):
    stage, host = offered

    found = await stage.ann.types("/imagine", focused="provider", provider="", prompt="a cat")

    assert {(choice.value, choice.name) for choice in found} == {
        ("horde", "AI Horde"),
        (host.name, host.title),
    }


async def test_a_provider_that_nobody_set_up_is_refused_with_those_there_are(stage):
    answer = await stage.ann.runs("/imagine", prompt="a cat", provider="nebula")

    assert isinstance(answer, Card)
    assert answer.ephemeral
    assert answer.shows("That provider is not offered here.")
    assert answer.shows("AI Horde")


async def test_a_provider_that_is_away_says_so_and_costs_nothing(offered):
    stage, host = offered
    async with host.server.refusing():
        card = await stage.ann.runs("/imagine", prompt="a lighthouse", provider=host.name)
        await card.until(titled("That did not work"), timeout_s=60)
    await stage.until_settled(card)

    assert card.shows(host.title)
    assert (await stage.job(card)).charged == 0


async def test_an_operator_says_who_is_offered_and_in_which_order(world):
    async with world.beside("algovera") as host:
        world.environment["EASEL_PROVIDERS"] = "algovera"
        async with world.playing():
            card = await world.ann.runs("/imagine", prompt="a lighthouse")
            await card.until(done)
            found = await world.ann.types("/imagine", focused="provider", provider="", prompt="x")
            kudos = await world.ann.runs("/kudos show")
            await kudos.until(lambda version: version.shows("AI Horde is not offered here."))

    assert host.accepted == 1
    assert not world.horde.truth.jobs
    assert [choice.value for choice in found] == ["algovera"]
