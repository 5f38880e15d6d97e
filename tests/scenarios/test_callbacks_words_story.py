"""The Horde calls back about words and forms: they are asked for at once, and shown when listed."""

import io

import pytest
from PIL import Image

from bot.sandbox.discord.option_values import Upload
from bot.sandbox.providers.horde import HordeRules
from tests.scenarios.stage import SPEED, Stage, done, titled, until

TEXT_STATUS, ALCHEMY_STATUS = "/generate/text/status/*", "/interrogate/status/*"


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture
async def world(world):
    world.may_be_called()
    return world


def photo() -> Upload:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (240, 140, 30)).save(out, "PNG")
    return Upload("cat.png", out.getvalue())


async def writing(stage: Stage):
    stage.horde.text_script.next(held=True, text="It is blue.")
    card = await stage.ann.runs("/ask", prompt="Why?", in_=stage.channel)
    await until(lambda: stage.horde.truth.texts)
    return card, stage.horde.truth.texts[0].remote_id


async def test_a_text_that_was_announced_is_asked_for_at_once(stage):
    card, remote_id = await writing(stage)

    stage.horde.finish(remote_id)
    shown = await card.until(done)

    await stage.until_settled(card)
    assert "It is blue." in shown.text
    assert stage.calls("GET", TEXT_STATUS) == 1


async def test_a_text_announced_twice_is_one_text(stage):
    stage.horde.text_script.default(webhooks="twice")
    card, remote_id = await writing(stage)

    stage.horde.finish(remote_id)
    await card.until(done)

    await stage.until_settled(card)
    assert len((await stage.job(card)).passages) == 1


async def test_a_text_that_is_never_announced_is_found_by_looking(world):
    world.environment["EASEL_CALLBACK_POLL_S"] = "0.3"
    world.horde.text_script.default(webhooks="never")
    async with world.playing():
        card, remote_id = await writing(world)
        world.horde.finish(remote_id)
        await card.until(done)


async def test_a_text_that_was_announced_and_is_not_there_is_not_believed(world):
    world.environment["EASEL_CALLBACK_POLL_S"] = "0.3"
    async with world.playing():
        world.horde.text_script.next(outcome="faulted", webhooks="stray")
        card = await world.ann.runs("/ask", prompt="Why?", in_=world.channel)
        await card.until(titled("That did not work"))


async def test_a_lost_submit_of_a_text_is_known_again_by_its_callback(stage):
    stage.horde.faults.add("POST", "/generate/text/async", kind="cut_after")
    card, remote_id = await writing(stage)

    stage.horde.finish(remote_id)
    shown = await card.until(done)

    await stage.until_settled(card)
    assert "It is blue." in shown.text
    assert len(stage.horde.truth.texts) == 1


async def test_forms_are_shown_as_they_are_announced(stage):
    stage.horde.alchemy_script.next(held=True)
    card = await stage.ann.runs("/describe", picture=photo(), adult=True, in_=stage.channel)
    await until(lambda: stage.horde.truth.alchemy)
    remote = stage.horde.truth.alchemy[0]

    stage.horde.finish(remote.remote_id)
    shown = await card.until(done)

    await stage.until_settled(card)
    assert all(words in shown.text for words in ("What it shows", "Tags", "Adult content"))
    assert stage.calls("GET", ALCHEMY_STATUS) <= 2


async def test_a_picture_made_by_alchemy_is_fetched_once(stage):
    stage.horde.alchemy_script.next(held=True)
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)
    await until(lambda: stage.horde.truth.alchemy)

    stage.horde.finish(stage.horde.truth.alchemy[0].remote_id)
    shown = await card.until(done)

    await stage.until_settled(card)
    assert len(shown.attachments) == 1
    assert stage.calls("GET", "/images/*") == 1


async def test_a_lost_submit_of_alchemy_is_known_again_by_its_callback(stage):
    stage.horde.faults.add("POST", "/interrogate/async", kind="cut_after")
    stage.horde.alchemy_script.next(held=True)
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)
    await until(lambda: stage.horde.truth.alchemy)

    stage.horde.finish(stage.horde.truth.alchemy[0].remote_id)
    await card.until(done)

    await stage.until_settled(card)
    assert len(stage.horde.truth.alchemy) == 1
