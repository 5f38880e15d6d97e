"""A member follows a card: what it shows, how often it changes, and how large files may be."""

import asyncio
import gc
import io
import itertools

import pytest
from PIL import Image

from bot.sandbox.discord.rules import DiscordRules
from tests.media.sample_pictures import coded_pixels
from tests.scenarios.stage import done, titled, until, until_sent

GREEN, YELLOW, BLUE = 0x22C55E, 0xEAB308, 0x3B82F6
SMALL_BYTES = 40 * 1024
KEY = "abcdefgh-ijklmnop-1234"
POLLS_WATCHED = 30


async def test_a_finished_card_tells_all_that_matters(stage):
    card = await stage.ann.runs(
        "/imagine", prompt="a lighthouse", count=2, seed=77, model="Deliberate"
    )
    shown = await card.until(done)

    title, _, prompt, _, facts = shown.text.splitlines()
    assert (title, prompt) == ("### Done", "a lighthouse")
    for fact in (f"<@{stage.ann.id}>", "4 credits", "seed 77", "Deliberate on AI Horde", " s "):
        assert fact in facts
    assert shown.accent == GREEN
    assert [button.face for button in shown.buttons] == ["🔁 Again"]


async def test_every_picture_is_in_the_gallery_with_words_for_those_who_cannot_see_it(stage):
    card = await stage.ann.runs("/imagine", prompt="a lighthouse  at\tdusk", count=2)
    shown = await card.until(done)

    [box] = shown.components
    [gallery] = [part for part in box["components"] if part["type"] == 12]
    assert len(gallery["items"]) == 2
    assert {item["description"] for item in gallery["items"]} == {"a lighthouse at dusk"}
    assert {file.description for file in shown.attachments} == {"a lighthouse at dusk"}


async def test_a_stranger_file_name_never_carries_a_members_words(stage):
    card = await stage.ann.runs("/imagine", prompt="../../etc/passwd @everyone")
    shown = await card.until(done)

    [file] = shown.attachments
    assert file.filename.startswith("easel-")
    assert set("/@. ") & set(file.filename.rpartition(".")[0]) == set()


async def test_what_is_missing_is_told_and_given_back(stage):
    stage.horde.script.next(outcome="partial")

    card = await stage.ann.runs("/imagine", prompt="a cat", count=4)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert len(shown.attachments) == 3
    assert shown.shows("3 of 4 arrived; 5 credits returned.")
    assert shown.accent == GREEN
    assert await stage.credits(stage.ann) == 985


async def test_what_the_provider_warns_of_is_passed_on(stage):
    stage.horde.script.next(warnings=("StepsTooFew", "SamplerMismatch"))

    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)

    assert shown.shows("These are few steps for this model.")
    assert shown.shows("The sampler is unusual for this model.")


async def test_what_was_changed_for_the_anonymous_account_is_told_at_once(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --size 2048x1024 --steps 90")

    assert card.versions[0].shows("The size was lowered to 1408×704")
    assert card.versions[0].shows("The steps were lowered to 30")
    await card.until(done)


async def test_the_colour_tells_how_far_it_is(stage):
    stage.horde.script.next(queue_s=10, seconds_per_picture=10)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    queued = await card.until(titled("In the queue"))
    drawing = await card.until(titled("Drawing"))
    finished = await card.until(done)

    assert [card.versions[0].accent, queued.accent] == [BLUE, BLUE]
    assert [drawing.accent, finished.accent] == [YELLOW, GREEN]


async def test_an_ordinary_job_needs_five_edits_at_most(stage):
    stage.horde.script.next(queue_s=10, seconds_per_picture=40)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert stage.edits(card) <= 5


async def test_a_job_that_stands_still_is_polled_and_not_edited(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await until_sent(stage, 1)
    await until(lambda: stage.calls("GET", "/generate/check/*") >= 3)
    edits, polls = stage.edits(card), stage.calls("GET", "/generate/check/*")

    await until(lambda: stage.calls("GET", "/generate/check/*") >= polls + POLLS_WATCHED)

    assert stage.edits(card) <= edits + 1  # the place in the queue is known a second later
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await card.until(done)


async def test_no_two_versions_of_a_card_look_the_same(stage):
    stage.horde.script.next(queue_s=20, seconds_per_picture=10)

    card = await stage.ann.runs("/imagine", prompt="a cat", count=3)
    await card.until(done)

    looks = [version.render() for version in card.versions]
    assert all(look != later for look, later in itertools.pairwise(looks))


async def test_pictures_that_are_there_are_not_uploaded_again(stage):
    stage.horde.script.next(queue_s=1, seconds_per_picture=15)

    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    await card.until(done)

    uploads = [file.filename for version in card.versions for file in version.uploaded]
    assert len(uploads) == len(set(uploads)) == 2


async def test_twenty_jobs_at_once_all_arrive_each_on_its_own_card(stage):
    people = [stage.guild.member(f"Member {number}") for number in range(20)]
    cards = await asyncio.gather(
        *(person.runs("/imagine", prompt=f"cat of {person.id}") for person in people)
    )
    ends = await asyncio.gather(*(card.until(done) for card in cards))

    for person, end in zip(people, ends, strict=True):
        assert end.shows(f"cat of {person.id}")
        assert len(end.attachments) == 1


async def test_files_that_fit_are_posted_as_they_were_coded(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    shown = await card.until(done)

    drawn = {
        coded_pixels(await stage.horde.picture(picture.picture_id))
        for picture in stage.horde.truth.jobs[0].delivered
    }
    assert {coded_pixels(file.data) for file in shown.attachments} == drawn


@pytest.mark.parametrize("rules", [DiscordRules(file_bytes_max=SMALL_BYTES)], ids=["40 KiB"])
async def test_a_picture_that_is_too_large_for_the_place_is_made_to_fit(stage):
    await stage.brings_key(stage.ann, KEY, kudos=5000)

    card = await stage.ann.runs("/imagine", prompt="a cat --size 2048x1024")
    shown = await card.until(done)

    [file] = shown.attachments
    [picture] = stage.horde.truth.jobs[0].delivered
    original = await stage.horde.picture(picture.picture_id)
    image = Image.open(io.BytesIO(file.data))
    image.load()
    assert file.size <= SMALL_BYTES < len(original)
    assert image.width == 2 * image.height


async def test_what_was_posted_does_not_stay_in_memory(stage):
    gc.collect()
    gc.disable()  # it counts objects, and a picture is one
    try:
        card = await stage.ann.runs("/imagine", prompt="a cat --n 4")
        await card.until(done)
        await stage.until_settled(card)
        buffers = [each for each in gc.get_objects() if isinstance(each, io.BytesIO)]

        assert [
            each for each in buffers if not each.closed and each.getvalue()[:4] == b"RIFF"
        ] == []
    finally:
        gc.enable()
