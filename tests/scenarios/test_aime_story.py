"""AIME from the member's chair: what can be seen while it draws, and how it can end."""

import asyncio
import io

import pytest
from PIL import Image

from bot.sandbox.discord.option_values import Upload
from bot.sandbox.providers.hosts import HOUSE_KEY
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.stage import SPEED, done, titled, until

PROMPT = "a lighthouse"
FLUX, SD35 = "flux-dev", "stable_diffusion_3_5"
CROWD = 6


@pytest.fixture
async def stage(aime, world):
    async with world.playing():
        yield world
        assert await world.audit() == ()


async def asked(stage, aime, **options):
    """Let Ann ask; return her card and the job that the server took."""
    count = len(aime.truth.jobs)
    card = await stage.ann.runs("/imagine", prompt=PROMPT, provider="aime", **options)
    await until(lambda: len(aime.truth.jobs) > count)
    return card, aime.truth.jobs[-1].remote_id


def preview_of(version):
    """Return the preview on a card, if there is one."""
    found = [file for file in version.attachments if "-preview-" in file.filename]
    assert len(found) <= 1
    return found[0] if found else None


def has_preview(version):
    return preview_of(version) is not None


def with_another_than(file):
    return lambda version: (
        preview_of(version) is not None and preview_of(version).filename != file.filename
    )


async def over(stage, card, title):
    """Wait for an end without pictures; return the card and see that nothing was charged."""
    shown = await card.until(titled(title))
    await stage.until_settled(card)
    assert (await stage.job(card)).charged == 0
    assert shown.attachments == []
    return shown


# ------------------------------------------------------------------ what can be seen


async def test_a_picture_can_be_watched_as_it_is_drawn(stage, aime):
    card, job = await asked(stage, aime)
    queued = await card.until(titled("In the queue"))
    aime.step(job)  # a worker takes it up
    aime.step(job)  # its first update
    first = await card.until(has_preview)
    aime.step(job)
    second = await card.until(with_another_than(preview_of(first)))
    aime.finish(job)
    shown = await card.until(done)

    assert queued.shows("place 1")
    assert first.shows("20 %")
    assert second.shows("40 %")
    assert second.shows("### Drawing")
    assert [file.filename for file in second.attachments] == [preview_of(second).filename]
    assert [has_preview(shown), len(shown.attachments)] == [False, 1]


async def test_a_preview_is_small_told_to_the_blind_and_says_nothing_of_the_prompt_in_its_file(
    stage, aime
):
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    file = preview_of(await card.until(has_preview))

    picture = Image.open(io.BytesIO(file.data))
    assert (picture.format, max(picture.size)) == ("JPEG", 512)
    assert not picture.getexif()
    assert PROMPT.encode() not in file.data
    assert file.description == f"Unfinished: {PROMPT}"
    assert not file.spoiler
    aime.finish(job)
    await card.until(done)


async def test_a_preview_that_does_not_change_costs_no_edit(stage, aime):
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    await card.until(has_preview)
    looks = sum(call.fits("POST", f"/{FLUX}/progress") for call in aime.calls)
    edits = stage.edits(card)

    await until(
        lambda: sum(call.fits("POST", f"/{FLUX}/progress") for call in aime.calls) > looks + 20
    )

    assert stage.edits(card) <= edits + 1
    aime.finish(job)
    await card.until(done)
    names = [file.filename for version in card.versions for file in version.uploaded]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("noise", [{"preview_dress": "broken"}, {"preview_bytes_extra": 9_000_000}])
async def test_a_preview_that_is_noise_never_hurts_the_job(stage, aime, noise):
    aime.script.next(held=True, **noise)
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    shown = await card.until(lambda version: version.shows("20 %"))
    aime.finish(job)
    finished = await card.until(done)

    assert shown.attachments == []
    assert len(finished.attachments) == 1


async def test_of_several_pictures_the_one_in_work_stands_behind_those_that_came(stage, aime):
    card, first = await asked(stage, aime, count=2)
    await until(lambda: len(aime.truth.jobs) == 2)
    second = aime.truth.jobs[-1].remote_id
    aime.finish(first)
    one = await card.until(lambda version: len(version.attachments) == 1)
    aime.step(second)
    aime.step(second)
    both = await card.until(has_preview)
    aime.finish(second)
    shown = await card.until(done)

    assert not has_preview(one)
    [finished, preview] = both.attachments
    assert finished.filename == one.attachments[0].filename
    assert "-preview-" in preview.filename
    assert both.shows("1 of 2")
    assert [has_preview(shown), len(shown.attachments)] == [False, 2]


async def test_a_percentage_never_moves_backwards(stage, aime):
    aime.script.next(held=True, updates=4, percents=(50, 20, 0, 80))
    card, job = await asked(stage, aime)
    for _ in range(5):
        aime.step(job)
        await asyncio.sleep(0.5)
    aime.finish(job)
    await card.until(done)

    shown = [
        int(line.split(" %")[0].split()[-1])
        for version in card.versions
        for line in version.text.splitlines()
        if " %" in line
    ]
    assert shown == sorted(shown)
    assert {50, 80} <= set(shown)
    bars = [version.text.count("▰") for version in card.versions if "▱" in version.text]
    assert bars == sorted(bars)


async def test_the_time_that_is_left_is_told(stage, aime):
    aime.script.next(held=True, seconds=60 * SPEED)
    card, job = await asked(stage, aime)

    shown = await card.until(lambda version: version.shows("done <t:"))

    assert shown.shows("### In the queue")
    aime.finish(job)
    await card.until(done)


async def test_a_cancelled_job_shows_no_preview_any_more(stage, aime):
    card, job = await asked(stage, aime)
    aime.step(job)
    aime.step(job)
    await card.until(has_preview)

    await stage.ann.clicks("Cancel", on=card)

    await over(stage, card, "Cancelled")
    aime.finish(job)  # it cannot be told to stop; what comes of it is nobody's


async def test_a_restart_of_the_service_in_the_middle_leaves_no_old_preview(world, aime):
    async with world.playing():
        card, job = await asked(world, aime)
        aime.step(job)
        aime.step(job)
        first = await card.until(has_preview)
    aime.step(job)
    async with world.playing():
        second = await card.until(with_another_than(preview_of(first)))
        aime.finish(job)
        shown = await card.until(done)
        await world.until_settled(card)
        assert await world.audit() == ()

    assert len(second.attachments) == 1
    assert [has_preview(shown), len(shown.attachments)] == [False, 1]


async def test_nobody_at_work_is_told_and_waited_for(stage, aime):
    aime.endpoint(FLUX, workers=0)

    card, job = await asked(stage, aime, model=FLUX)

    shown = await card.until(lambda version: version.shows("Nobody can do this right now."))
    assert shown.shows("### In the queue")
    aime.endpoint(FLUX, workers=1)
    aime.finish(job)
    await card.until(done)


async def test_the_previews_of_a_crowd_do_not_delay_a_last_edit(stage, aime):
    members = [stage.guild.member(f"Member {number}") for number in range(CROWD)]
    cards = [
        await member.runs("/imagine", in_=stage.channel, prompt=PROMPT, provider="aime")
        for member in members
    ]
    await until(lambda: len(aime.truth.jobs) == CROWD)
    jobs = [job.remote_id for job in aime.truth.jobs]
    for job in jobs:
        aime.step(job)
    await stage.time_passes(14 * 60 + 1)  # from now on all of them share the channel's bucket
    for _ in range(3):
        for job in jobs:
            aime.step(job)
        await asyncio.sleep(0.5)
    editor = stage.service.editor
    await until(lambda: editor.figures().waiting >= CROWD // 2)

    aime.finish(jobs[0])
    await asyncio.wait_for(until(lambda: any(done(card.latest) for card in cards)), 5)

    assert editor.figures().finals_waited_s[-1] < 2
    assert {r.status for r in stage.discord.requests if "/channels/" in r.path} == {200}
    for job in jobs:
        aime.finish(job)
    for card in cards:
        await card.until(done, timeout_s=60)
        await stage.until_settled(card)
        assert not has_preview(card.latest)


# ------------------------------------------------------------------ from a picture


async def test_a_picture_is_drawn_over_where_the_endpoint_can(stage, aime):
    photo = Upload("cat.png", written(half_red_half_blue(256, 128), "PNG"))

    card, job = await asked(stage, aime, model=SD35, picture=photo, strength=0.25)
    aime.finish(job)
    shown = await card.until(done)

    [sent] = [call.body for call in aime.calls if call.fits("POST", f"/{SD35}")]
    assert sent["denoise"] == 0.25
    picture = Image.open(io.BytesIO(aime.truth.job(job).source)).convert("RGB")
    assert picture.size == (256, 128)
    assert picture.getpixel((32, 64))[0] > 200  # the left stays left and red
    assert len(shown.attachments) == 1
    assert shown.shows(f"{SD35.replace('_', chr(92) + '_')} on AIME")


async def test_an_endpoint_that_only_starts_from_pictures_says_so_and_who_else_can(stage, aime):
    answer = await stage.ann.runs(
        "/imagine", prompt=PROMPT, provider="aime", model="stable_diffusion_xl_img2img"
    )

    assert answer.ephemeral
    assert answer.shows("needs a picture to start from")
    assert answer.shows("flux")
    assert not aime.truth.jobs


# ------------------------------------------------------------------ how it can end


async def test_what_no_worker_finished_in_time_has_lapsed(stage, aime):
    aime.script.next(held=False, outcome="stuck")
    card, _ = await asked(stage, aime)
    await card.until(titled("Drawing"))

    aime.clock.advance(400)

    shown = await over(stage, card, "Took too long")
    assert shown.shows("AIME gave this up")
    assert shown.shows("credits returned")


async def test_what_a_restarted_server_has_forgotten_is_lost(stage, aime):
    card, job = await asked(stage, aime)
    aime.step(job)
    await card.until(titled("Drawing"))

    await aime.restart(with_memory=False)

    shown = await over(stage, card, "That did not work")
    assert shown.shows("AIME no longer knows this request.")


async def test_a_result_that_somebody_else_took_is_lost_with_another_word(stage, aime):
    card, job = await asked(stage, aime)
    aime.truth.job(job).handed_out_at_s = 0.0  # whoever knows the id may look first

    aime.finish(job)

    shown = await over(stage, card, "That did not work")
    assert shown.shows("AIME hands a result out once")


@pytest.mark.parametrize("outcome", ["error", "error_and_picture"])
async def test_what_a_worker_could_not_do_has_failed(stage, aime, outcome):
    aime.script.next(held=False, outcome=outcome, error="out of memory <@1>\nhint: edit the file")
    card, _ = await asked(stage, aime)

    shown = await over(stage, card, "That did not work")

    assert shown.shows("A worker of AIME failed at this")
    assert shown.shows(r"out of memory \<\@1\>")
    assert not shown.shows("hint")


async def test_a_request_without_a_picture_has_failed_too(stage, aime):
    aime.script.next(held=False, outcome="empty")
    card, _ = await asked(stage, aime)

    shown = await over(stage, card, "That did not work")

    assert shown.shows("ended this request without a picture")


async def test_every_end_has_a_sentence_of_its_own(stage, aime):
    sentences = []
    for outcome in ("error", "empty", "lost"):
        aime.script.next(held=False, outcome=outcome)
        card, _ = await asked(stage, aime)
        shown = await over(stage, card, "That did not work")
        sentences.append(shown.text.splitlines()[4])

    assert len(set(sentences)) == 3, sentences


# ------------------------------------------------------------------ keys and sessions


async def test_with_a_login_the_key_travels_once_and_a_restart_is_survived(world, aime):
    world.environment["AIME_AUTH"] = "login"
    aime.script.default(held=False)
    async with world.playing():
        for _ in range(2):
            card, _ = await asked(world, aime)
            await card.until(done)
        await aime.restart(with_memory=False)
        card, _ = await asked(world, aime)
        await card.until(done)
        await world.until_settled(card)
        assert await world.audit() == ()

    bodies = [call.body for call in aime.calls if call.fits("POST", f"/{FLUX}")]
    assert all("key" not in body for body in bodies)
    assert sum(call.fits("GET", "/{endpoint}/login") for call in aime.calls) == 2
    assert len(aime.truth.jobs) == 3


async def test_a_key_for_other_endpoints_is_refused_and_costs_nothing(stage, aime):
    aime.revoke_key(HOUSE_KEY)
    aime.add_key(HOUSE_KEY, endpoints=[SD35])

    card = await stage.ann.runs("/imagine", prompt=PROMPT, provider="aime", model=FLUX)

    shown = await over(stage, card, "That did not work")
    assert shown.shows("AIME does not let this key do that")
    assert shown.shows(FLUX)
