"""A member talks with a model: words that grow on the card, long answers, and going on."""

import asyncio
import json

import pytest

from bot.domain.conversations import TURNS_CHARS_MAX
from bot.domain.credits import CREDIT
from bot.sandbox.discord.cards import Card, Modal
from bot.sandbox.providers.aime import SandboxAime
from tests.scenarios.stage import SPEED, Stage, done, titled, until

LLAMA = "llama4_chat"
QUESTION = "Who keeps the lighthouse?"
TALE = "Once there was a keeper. She lit the lamp each night. Then she slept."
LONG = "".join(f"Night {number}: the lamp was lit.\n\n" for number in range(300))


@pytest.fixture
async def stage(aime, world):
    async with world.playing():
        yield world
        assert await world.audit() == ()


async def asked(stage: Stage, aime: SandboxAime, prompt: str = QUESTION, **options):
    """Let Ann ask; return her card and the id of the job that the server took."""
    count = len(aime.truth.jobs)
    card = await stage.ann.runs("/ask", prompt=prompt, provider="aime", **options)
    await until(lambda: len(aime.truth.jobs) > count)
    return card, aime.truth.jobs[-1].remote_id


async def answered(stage: Stage, aime: SandboxAime, text: str = TALE, **options) -> Card:
    """Let Ann ask and get an answer at once."""
    aime.script.next(held=False, text=text)
    card, _ = await asked(stage, aime, **options)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def goes_on(person, card: Card, words: str) -> Card:
    """Press Continue under an answer and say something."""
    form = await person.clicks("Continue", on=card)
    assert isinstance(form, Modal)
    answer = await person.submits(form, said=words)
    assert isinstance(answer, Card)
    return answer


def said_to(aime: SandboxAime, index: int = -1) -> list[tuple[str, str]]:
    """Return the conversation as a job's worker got it."""
    context = json.loads(aime.truth.jobs[index].values["chat_context"])
    return [(turn["role"], turn["content"]) for turn in context]


def words_of(version) -> str:
    """Return what is generated on a card: it stands right behind the question."""
    return version.text.split("```\n", 2)[-1].split("\n-# ")[0]


async def over(stage, card, title):
    """Wait for an end without an answer; see that nothing was charged and no words are left."""
    shown = await card.until(titled(title))
    await stage.until_settled(card)
    assert (await stage.job(card)).charged == 0
    assert not shown.shows("Once there was")
    return shown


# ------------------------------------------------------------------ while it is written


async def test_words_grow_on_the_card_until_the_answer_is_whole(stage, aime):
    aime.script.next(held=True, text=TALE, updates=3)
    card, job = await asked(stage, aime)
    await card.until(titled("In the queue"))
    aime.step(job)
    grown = []
    for _ in range(3):
        aime.step(job)
        seen = len(grown[-1]) if grown else 0
        version = await card.until(
            lambda version, seen=seen: version.shows("so far") and len(words_of(version)) > seen
        )
        grown.append(words_of(version))
    aime.finish(job)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert all(TALE.startswith(words) for words in grown)
    assert shown.shows(TALE)
    assert shown.shows(QUESTION)
    assert "▰" not in shown.text
    assert [one.text for one in (await stage.job(card)).passages] == [TALE]


async def test_how_much_is_written_is_told_in_words_and_never_as_a_percentage(stage, aime):
    aime.script.next(held=True, text=" ".join(["word"] * 300), updates=1)
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)

    shown = await card.until(lambda version: version.shows("150 words so far"))

    assert "%" not in shown.text
    assert "▱" not in shown.text
    aime.finish(job)
    await card.until(done)


async def test_fast_words_cost_no_more_edits_than_there_is_room_for(world, aime):
    world.environment["EASEL_EDIT_INTERVAL_S"] = "0.5"
    aime.script.next(held=False, text=LONG, updates=200, seconds=3 * SPEED)
    async with world.playing():
        card, _ = await asked(world, aime)
        began = asyncio.get_running_loop().time()
        await card.until(done)
        took_s = asyncio.get_running_loop().time() - began
        await world.until_settled(card)

    assert world.edits(card) <= took_s / 0.5 + 3
    assert world.edits(card) >= 4
    assert {r.status for r in world.discord.requests if r.method == "PATCH"} == {200}


async def test_what_could_act_in_an_answer_is_shown_as_characters_and_code_as_code(stage, aime):
    text = (
        "# Steps\nAsk <@1> or @everyone, see [here](https://evil.example):\n"
        "1. **light** `the lamp`\n```py\nprint('<@1>')\n```\n-# 24 credits returned"
    )

    card = await answered(stage, aime, text)

    shown = card.latest
    assert shown.shows("**Steps**")
    assert shown.shows("Ask \\<\\@1> or \\@everyone, see \\[here](https\\://evil.example):")
    assert shown.shows("1. **light** `the lamp`")
    assert shown.shows("```py\nprint('<@1>')\n```")
    assert "\n-# 24 credits returned" not in shown.text
    assert shown.pings == ()


async def test_a_long_answer_lies_beside_the_card_as_a_file(stage, aime):
    card = await answered(stage, aime, LONG, length=4096)

    [file] = card.attachments
    assert file.filename.startswith("easel-")
    assert file.filename.endswith(".txt")
    assert file.data.decode() == LONG.rstrip()
    assert card.shows("Night 0: the lamp was lit.")
    assert "…" in card.text
    [box] = card.latest.components
    assert [part["type"] for part in box["components"]].count(13) == 1


async def test_an_answer_that_used_up_its_length_says_so(stage, aime):
    cut = await answered(stage, aime, LONG, length=16)
    whole = await answered(stage, aime, TALE)

    assert cut.shows("used up its length")
    assert cut.shows("Night 2: the lamp")
    assert not whole.shows("used up its length")


async def test_what_an_answer_costs_at_most_is_known_before(stage, aime):
    card = await answered(stage, aime)

    job = await stage.job(card)
    assert card.versions[0].shows("about ")
    assert job.charged == job.price > 0
    assert 1000 - await stage.credits(stage.ann) == job.price / CREDIT


async def test_chat_endpoints_are_suggested_where_texts_are_asked_for_alone(stage, aime):
    texts = await stage.ann.types("/ask", focused="model", model="llama", prompt="x")
    pictures = await stage.ann.types("/imagine", focused="model", model="llama", prompt="x")

    assert [choice.value for choice in texts] == [LLAMA]
    assert LLAMA not in [choice.value for choice in pictures]


# ------------------------------------------------------------------ going on


async def test_a_conversation_goes_on_with_everything_that_was_said(stage, aime):
    first = await answered(stage, aime, "The keeper does.")
    aime.script.default(held=False, text="Nobody knows.")

    second = await goes_on(stage.ann, first, "And who was it before?")
    await second.until(done)
    await stage.until_settled(second)
    third = await goes_on(stage.ann, second, "Why?")
    shown = await third.until(done)

    assert said_to(aime) == [
        ("user", QUESTION),
        ("assistant", "The keeper does."),
        ("user", "And who was it before?"),
        ("assistant", "Nobody knows."),
        ("user", "Why?"),
    ]
    assert shown.shows("Why?")
    assert first.id != second.id != third.id
    job = await stage.job(second)
    assert (job.provider, job.request.model) == ("aime", LLAMA)
    assert job.parent_id == (await stage.job(first)).id


async def test_of_a_long_conversation_the_newest_part_goes_along(stage, aime):
    first = await answered(stage, aime, "a" * TURNS_CHARS_MAX + " The end.")
    aime.script.next(held=False, text="Yes.")

    second = await goes_on(stage.ann, first, "Is it?")
    await second.until(done)

    (role, text), last = said_to(aime)
    assert (role, len(text), text[-8:]) == ("assistant", TURNS_CHARS_MAX, "The end.")
    assert last == ("user", "Is it?")


async def test_only_who_asked_goes_on(stage, aime):
    card = await answered(stage, aime)

    answer = await stage.bob.clicks("Continue", on=card)

    assert answer.ephemeral
    assert answer.shows("Only the member who asked")
    assert len(aime.truth.jobs) == 1


async def test_a_form_that_is_sent_twice_is_answered_once_each(stage, aime):
    card = await answered(stage, aime)
    form = await stage.ann.clicks("Continue", on=card)
    aime.script.default(held=False, text="Yes.")

    for _ in range(2):  # each is another interaction, and so another request
        again = await stage.ann.submits(form, said="Really?")
        await again.until(done)

    assert len(aime.truth.jobs) == 3


async def test_a_conversation_goes_on_after_a_restart_of_the_service(world, aime):
    async with world.playing():
        card = await answered(world, aime, "The keeper does.")
    aime.script.next(held=False, text="Yes.")
    async with world.playing():
        second = await goes_on(world.ann, card, "Really?")
        await second.until(done)

    assert said_to(aime)[1] == ("assistant", "The keeper does.")


async def test_an_answer_can_be_had_again_without_going_on(stage, aime):
    card = await answered(stage, aime)
    aime.script.next(held=False, text="Another tale.")

    again = await stage.ann.clicks("Again", on=card)
    await again.until(done)

    assert again.shows("Another tale.")
    assert said_to(aime) == [("user", QUESTION)]


async def test_an_answer_can_be_seen_again_also_where_its_card_is_gone(stage, aime):
    aime.script.next(held=True, text=LONG)
    card, job = await asked(stage, aime, length=4096)
    stage.discord.delete_message(card)
    aime.finish(job)
    await stage.until_settled(card)

    listed = await stage.ann.runs("/jobs")
    again = await stage.ann.picks("See results again…", QUESTION, on=listed)
    shown = await again.until(lambda version: version.attachments)

    assert listed.shows("Could not be posted")
    assert listed.shows("What was written is yours to see here.")
    assert again.ephemeral
    assert shown.shows("Night 0: the lamp was lit.")
    assert shown.attachments[0].data.decode() == LONG.rstrip()


# ------------------------------------------------------------------ how it can end


async def test_a_restart_of_the_server_in_the_middle_of_an_answer_loses_it_and_says_so(stage, aime):
    aime.script.next(held=True, text=TALE, updates=3)
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    await card.until(lambda version: version.shows("Once there was"))

    await aime.restart(with_memory=False)

    shown = await over(stage, card, "That did not work")
    assert shown.shows("AIME no longer knows this request.")
    assert shown.shows("credits returned")
    assert shown.buttons[0].label == "Try again"


async def test_a_restart_of_the_service_in_the_middle_of_an_answer_loses_nothing(world, aime):
    aime.script.next(held=True, text=TALE, updates=3)
    async with world.playing():
        card, job = await asked(world, aime)
        aime.step(job)
        aime.step(job)
        await card.until(lambda version: version.shows("Once there was"))
    aime.finish(job)
    async with world.playing():
        shown = await card.until(done)
        await world.until_settled(card)
        assert await world.audit() == ()

    assert shown.shows(TALE)


async def test_an_answer_that_nobody_finished_has_lapsed(stage, aime):
    aime.script.next(held=False, outcome="stuck")
    card, _ = await asked(stage, aime)
    await card.until(titled("Writing"))

    aime.clock.advance(400)

    shown = await over(stage, card, "Took too long")
    assert shown.shows("AIME gave this up")


@pytest.mark.parametrize(
    "outcome,sentence",
    [("error", "A worker of AIME failed at this"), ("empty", "ended this request without a word")],
)
async def test_an_answer_that_failed_costs_nothing(stage, aime, outcome, sentence):
    aime.script.next(held=False, outcome=outcome)

    card, _ = await asked(stage, aime)

    assert (await over(stage, card, "That did not work")).shows(sentence)


async def test_a_cancelled_answer_leaves_no_half_of_it(stage, aime):
    aime.script.next(held=True, text=TALE, updates=3)
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    await card.until(lambda version: version.shows("Once there was"))

    await stage.ann.clicks("Cancel", on=card)

    await over(stage, card, "Cancelled")
