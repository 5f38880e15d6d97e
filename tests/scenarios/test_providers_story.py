"""A member says who draws: each provider from slash command to picture."""

from contextlib import asynccontextmanager

import pytest

from bot.sandbox.discord.cards import Card
from bot.sandbox.providers.ai_client import AiClientRules, SandboxAiClient
from bot.sandbox.providers.aime import AimeRules, SandboxAime
from bot.sandbox.providers.algovera import AlgoveraRules, SandboxAlgovera
from tests.scenarios.stage import SPEED, done, titled

KEY = "key-of-the-house-0123456789"


@asynccontextmanager
async def aime():
    async with SandboxAime(AimeRules(speed=SPEED)) as server:
        server.add_key(KEY)
        yield server, {"AIME_URL": server.url, "AIME_KEY": KEY}


@asynccontextmanager
async def algovera():
    async with SandboxAlgovera(AlgoveraRules(speed=SPEED)) as server:
        server.add_key(KEY)
        yield server, {"ALGOVERA_URL": server.url, "ALGOVERA_KEY": KEY}


@asynccontextmanager
async def ai_client():
    async with SandboxAiClient(AiClientRules(speed=SPEED)) as server:
        server.add_key(KEY)
        yield (
            server,
            {
                "AI_CLIENT_URL": server.url,
                "AI_CLIENT_KEY": KEY,
                "AI_CLIENT_DOWNLOAD_HOSTS": "127.0.0.1",
            },
        )


PROVIDERS = {
    "aime": (aime, "AIME"),
    "algovera": (algovera, "Algovera"),
    "ai_client": (ai_client, "AI Client"),
}


@pytest.fixture(params=PROVIDERS)
async def offered(request, world):
    """The stage with one more provider: the stage, its server, its name and title."""
    start, title = PROVIDERS[request.param]
    async with start() as (server, environment):
        world.environment.update(environment)
        async with world.playing():
            yield world, server, request.param, title
            assert await world.audit() == ()


def accepted(server):
    """Return what a server took on; ai-client calls it threads."""
    return getattr(server.truth, "jobs", None) or getattr(server.truth, "threads", None)


async def test_a_named_provider_draws_and_is_paid_once(offered):
    stage, server, name, title = offered

    card = await stage.ann.runs("/imagine", prompt="a lighthouse", count=2, provider=name)
    shown = await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert len(shown.attachments) == 2, shown.text
    assert shown.shows(f"on {title}")
    assert job.provider == name
    assert job.charged == job.price > 0
    assert accepted(server)
    assert not stage.horde.truth.jobs


async def test_the_usual_provider_draws_where_nobody_is_named(offered):
    stage, server, _, _ = offered

    card = await stage.ann.runs("/imagine", prompt="a lighthouse")
    await card.until(done)

    assert not accepted(server)
    assert len(stage.horde.truth.jobs) == 1


async def test_every_provider_that_is_set_up_is_suggested(offered):
    stage, _, name, title = offered

    found = await stage.ann.types("/imagine", focused="provider", provider="", prompt="a cat")

    assert {(choice.value, choice.name) for choice in found} == {
        ("horde", "AI Horde"),
        (name, title),
    }


async def test_a_provider_that_nobody_set_up_is_refused_with_those_there_are(stage):
    answer = await stage.ann.runs("/imagine", prompt="a cat", provider="nebula")

    assert isinstance(answer, Card)
    assert answer.ephemeral
    assert answer.shows("I don't know that provider.")
    assert answer.shows("AI Horde")


async def test_a_provider_that_is_away_says_so_and_costs_nothing(offered):
    stage, server, name, title = offered
    async with server.refusing():
        card = await stage.ann.runs("/imagine", prompt="a lighthouse", provider=name)
        await card.until(titled("That did not work"), timeout_s=60)
    await stage.until_settled(card)

    assert card.shows(title)
    assert (await stage.job(card)).charged == 0
