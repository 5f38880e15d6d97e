"""A member asks who works here: who is up, what each can do, what it costs."""

import pytest

from bot.sandbox.providers.hosts import HOUSE_KEY
from tests.scenarios.stage import titled
from tests.scenarios.test_house_rules_story import rule


@pytest.fixture
async def two(world):
    async with world.beside("algovera") as host, world.playing():
        yield world, host.server


def line_of(answer, title):
    """Return the entry of a provider: its two lines."""
    lines = answer.text.splitlines()
    first = next(number for number, line in enumerate(lines) if f"**{title}**" in line)
    return " ".join(lines[first : first + 2])


async def test_everybody_is_listed_with_abilities_and_prices(two):
    stage, _ = two

    answer = await stage.ann.runs("/providers")

    horde, algovera = line_of(answer, "AI Horde"), line_of(answer, "Algovera")
    assert answer.ephemeral
    for told in ("🟢", "inpainting", "5 credits for a picture", "wait about", "queue place"):
        assert told in horde
    assert "🟢" in algovera
    assert "2 credits for a picture" in algovera
    assert "inpainting" not in algovera


async def test_whoever_does_not_answer_is_shown_as_away(two):
    stage, algovera = two
    async with algovera.refusing():
        await stage.service.catalogue.refresh()

        answer = await stage.ann.runs("/providers")

    assert "🔴" in line_of(answer, "Algovera")
    assert "Algovera does not answer." in line_of(answer, "Algovera")
    assert "🟢" in line_of(answer, "AI Horde")


async def test_a_members_own_key_stands_in_place_of_prices(two):
    stage, _ = two
    await stage.brings_key(stage.ann, "key-of-ann-0123456789")

    answer = await stage.ann.runs("/providers")

    assert "on your own key" in line_of(answer, "AI Horde")
    assert "credits" not in line_of(answer, "AI Horde")


async def test_a_key_of_the_house_that_is_refused_shows_as_the_reason(two):
    stage, algovera = two
    algovera.add_key(HOUSE_KEY, is_expired=True)
    card = await stage.ann.runs("/imagine", prompt="a lighthouse", provider="algovera")
    await card.until(titled("That did not work"))

    answer = await stage.ann.runs("/providers")

    assert "🔴" in line_of(answer, "Algovera")
    assert "does not know this key" in line_of(answer, "Algovera")


async def test_who_is_not_allowed_in_a_server_is_told_there(two):
    stage, _ = two
    await rule(stage, "providers block", provider="algovera")

    answer = await stage.ann.runs("/providers")

    assert "🔴" in line_of(answer, "Algovera")
    assert "credits" not in line_of(answer, "Algovera")
