"""A member asks for a text: what they see while they wait, what it costs, and how it can end."""

import re

import pytest

from bot.domain.credits import CREDIT
from tests.scenarios.stage import Stage, done, titled, until

DAILY = 1000
SCRIBE, TELLER = "aphrodite/sandbox-scribe-8B", "koboldcpp/sandbox-teller-13B"


async def asked(stage: Stage, prompt: str = "Why is the sky blue?", **options):
    """Let Ann ask; return her card and the request that the Horde took."""
    count = len(stage.horde.truth.texts)
    card = await stage.ann.runs("/ask", prompt=prompt, in_=stage.channel, **options)
    await until(lambda: len(stage.horde.truth.texts) > count)
    return card, stage.horde.truth.texts[-1]


async def settled(stage: Stage, card):
    await stage.until_settled(card)
    return await stage.job(card)


async def test_a_question_is_answered_in_the_channel_and_costs_what_was_said(stage):
    stage.horde.text_script.next(text=" Because air scatters blue light.")

    card, _ = await asked(stage)
    shown = await card.until(done)

    job = await settled(stage, card)
    assert not card.ephemeral
    assert "Because air scatters blue light." in shown.text
    assert "Why is the sky blue?" in shown.text
    assert shown.attachments == []
    (told,) = {found for version in card.versions for found in _prices(version.text)}
    assert DAILY - await stage.credits(stage.ann) == told
    assert [one.text for one in job.passages] == ["Because air scatters blue light."]


def _prices(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"about ([\d.]+) credit", text)]


async def test_the_options_reach_the_horde(stage):
    card, remote = await asked(
        stage, "Go", model=TELLER, length=64, temperature=0.3, instruction="Be brief."
    )
    await card.until(done)

    sent = remote.payload
    assert sent["models"] == [TELLER]
    assert (sent["params"]["max_length"], sent["params"]["temperature"]) == (64, 0.3)
    assert sent["prompt"] == "Be brief.\n\n### Instruction:\nGo\n\n### Response:\n"


async def test_the_place_in_the_queue_and_the_wait_are_shown(stage):
    stage.horde.text_script.default(held=True)
    _, first = await asked(stage, "one")
    card, second = await asked(stage, "two")

    queued = await card.until(lambda version: version.shows("place 2"))
    stage.horde.step(second.remote_id)
    await card.until(titled("Writing"))
    stage.horde.finish(second.remote_id)
    await card.until(done)

    assert "In the queue" in queued.text
    stage.horde.finish(first.remote_id)


async def test_an_answer_that_is_too_long_for_a_card_comes_as_a_file_too(stage):
    await stage.brings_key(stage.ann, "own-key-0123456789")
    words = " ".join(f"word{number}" for number in range(1500))
    stage.horde.text_script.next(text=words)

    card, _ = await asked(stage, length=4096)
    shown = await card.until(done)

    (file,) = shown.attachments
    assert file.filename.endswith(".txt")
    assert file.data.decode() == words
    assert "word0" in shown.text
    assert "word1499" not in shown.text


async def test_nobody_is_mentioned_and_nothing_is_linked_by_an_answer(stage):
    stage.horde.text_script.next(text="@everyone look: https://elsewhere.example <@1>")

    card, _ = await asked(stage)
    shown = await card.until(done)

    assert shown.pings == ()
    assert "https://elsewhere" not in shown.text


async def test_models_that_write_are_suggested_and_no_others(stage):
    found = await stage.ann.types("/ask", focused="model", model="sandbox", prompt="x")

    assert {choice.value for choice in found} >= {SCRIBE, TELLER}
    assert "AlbedoBase XL (SDXL)" not in {choice.value for choice in found}


async def test_a_model_that_is_not_there_is_refused_before_anything_is_held(stage):
    answer = await stage.ann.runs("/ask", prompt="x", model="no such scribe")

    assert answer.ephemeral
    assert "no model “no such scribe”" in answer.text
    assert await stage.nothing_began()
    assert stage.horde.truth.texts == []


@pytest.mark.parametrize("outcome", ["faulted", "empty", "expired"])
async def test_a_text_that_does_not_come_costs_nothing(stage, outcome):
    stage.horde.text_script.next(outcome=outcome)

    card, _ = await asked(stage)
    title = "Took too long" if outcome == "expired" else "That did not work"
    shown = await card.until(titled(title))

    await settled(stage, card)
    assert "returned" in shown.text
    assert await stage.credits(stage.ann) == DAILY
    assert [button.label for button in shown.buttons] == ["Try again"]


async def test_a_withheld_text_is_not_shown_and_costs_nothing(stage):
    stage.horde.text_script.next(outcome="censored", text="what nobody should read")

    card, _ = await asked(stage)
    shown = await card.until(titled("That did not work"))

    await settled(stage, card)
    assert "filter withheld" in shown.text
    assert all("nobody should read" not in version.text for version in card.versions)
    assert await stage.credits(stage.ann) == DAILY


async def test_a_text_can_be_stopped_while_it_waits(stage):
    stage.horde.text_script.next(held=True)
    card, remote = await asked(stage)
    await card.until(titled("In the queue"))

    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))

    await settled(stage, card)
    assert remote.cancelled
    assert await stage.credits(stage.ann) == DAILY


async def test_a_text_survives_a_restart(world):
    async with world.playing():
        world.horde.text_script.next(held=True, text="Still here.")
        card, remote = await asked(world)
        await card.until(titled("In the queue"))
    world.horde.finish(remote.remote_id)

    async with world.playing():
        shown = await card.until(done)
        await world.until_settled(card)

        assert "Still here." in shown.text
        assert len(world.horde.truth.texts) == 1
        assert await world.audit() == ()


async def test_an_answer_can_be_gone_on_from(stage):
    stage.horde.text_script.next(text="Blue is scattered most.")
    card, _ = await asked(stage)
    await card.until(done)

    form = await stage.ann.clicks("Continue", on=card)
    follow = await stage.ann.submits(form, said="And at dusk?")
    await follow.until(done)

    sent = stage.horde.truth.texts[-1].payload["prompt"]
    assert "### Response:\nBlue is scattered most." in sent
    assert sent.endswith("### Instruction:\nAnd at dusk?\n\n### Response:\n")


async def test_a_lost_answer_to_the_submit_is_sent_once_more_and_charged_once(stage):
    stage.horde.faults.add("POST", "/generate/text/async", kind="cut_after")

    card, _ = await asked(stage)
    await card.until(done)

    job = await settled(stage, card)
    assert len(stage.horde.truth.texts) == 2
    assert DAILY - await stage.credits(stage.ann) == job.charged / CREDIT
