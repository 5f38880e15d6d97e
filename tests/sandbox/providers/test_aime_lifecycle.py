"""From the submit to the result: queue, progress, previews, lapses, loss, restart."""

import asyncio
import base64
import io

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.providers.aime import AimeRules, SandboxAime
from bot.sandbox.providers.aime.jobs import JobState
from tests.sandbox.providers.aime_client import (
    KEY,
    AimeClient,
    a_picture,
    look_at,
    picture_in,
)

SMALL = {"prompt": "a lighthouse", "width": 128, "height": 128}


async def test_an_idle_worker_takes_a_request_at_once_and_sends_updates(aime, aime_client):
    aime.script.next(seconds=5, updates=4)
    job_id = await aime_client.accepted()

    seen = []
    for _ in range(5):
        seen.append((await aime_client.progress(job_id))["progress"])
        aime.clock.advance(1)
    end = (await aime_client.poll(job_id)).json

    assert seen == [0, 20, 40, 60, 80]
    assert end["job_state"] == "done"


async def test_places_count_from_one_and_move_up(aime, aime_client):
    aime.script.default(seconds=10, updates=1)
    jobs = [await aime_client.accepted() for _ in range(3)]

    at_first = [(await aime_client.progress(job))["queue_position"] for job in jobs]
    estimates = [(await aime_client.progress(job))["estimate"] for job in jobs]
    aime.finish(jobs[0])
    later = [(await aime_client.progress(job))["queue_position"] for job in jobs[1:]]

    assert at_first == [0, 1, 2]
    assert estimates[1] < estimates[2]
    assert later == [0, 1]


async def test_work_that_was_due_in_between_was_done_on_time(aime, aime_client):
    aime.script.default(seconds=10)
    first, second = await aime_client.accepted(), await aime_client.accepted()

    aime.clock.advance(100)
    results = [await aime_client.result(job) for job in (first, second)]

    assert [result["compute_duration"] for result in results] == [10.0, 10.0]
    assert results[1]["total_duration"] == pytest.approx(20)


async def test_two_workers_work_side_by_side(aime, aime_client):
    aime.endpoint("flux-dev", workers=2)
    jobs = [await aime_client.accepted() for _ in range(3)]

    places = [(await aime_client.progress(job))["queue_position"] for job in jobs]

    assert places == [0, 0, 1]


async def test_nobody_at_work_is_no_error_and_shows_in_two_figures_only(aime, aime_client):
    aime.endpoint("flux-dev", workers=0)
    job_id = await aime_client.accepted()

    waiting = await aime_client.progress(job_id)
    aime.endpoint("flux-dev", workers=1)
    at_work = await aime_client.progress(job_id)

    assert (waiting["queue_position"], waiting["estimate"]) == (1, -1)
    assert waiting["num_workers_online"] == 0
    assert (at_work["queue_position"], at_work["num_workers_online"]) == (0, 1)


async def test_the_result_is_handed_out_once_whoever_asks(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.finish(job_id)

    stranger = (await aime_client.poll_by_query(job_id, endpoint="llama4_chat")).json
    ours = (await aime_client.poll(job_id)).json

    assert len(stranger["job_result"]["images"]) == 1
    assert "job_result" not in ours
    assert (ours["success"], ours["job_state"]) == (True, "done")
    assert aime.truth.job(job_id).handed_out_at_s is not None


async def test_two_polls_at_once_get_one_result(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.finish(job_id)

    answers = await asyncio.gather(*(aime_client.poll(job_id) for _ in range(4)))

    assert sum("job_result" in answer.json for answer in answers) == 1


async def test_a_result_lost_on_the_wire_is_gone(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.finish(job_id)
    aime.faults.add("POST", "/{endpoint}/progress", kind="cut_after")

    with pytest.raises(aiohttp.ClientError):
        await aime_client.poll(job_id)
    again = (await aime_client.poll(job_id)).json

    assert again["job_state"] == "done"
    assert "job_result" not in again


async def test_a_poll_cut_before_it_was_read_takes_nothing_away(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.finish(job_id)
    aime.faults.add("POST", "/flux-dev/progress", kind="cut_before", times=None)

    with pytest.raises(aiohttp.ClientError):
        await aime_client.poll(job_id)
    aime.faults.clear()

    assert "images" in await aime_client.result(job_id)


async def test_a_picture_has_the_converted_size_and_the_prompt_inside(aime, aime_client):
    job_id = await aime_client.accepted(prompt="a red door", width=512, height=500, seed=7)
    aime.finish(job_id)

    result = await aime_client.result(job_id)

    (text,) = result["images"]
    data = picture_in(text)
    assert text.startswith("data:image/JPEG;base64,")
    assert look_at(data) == ("JPEG", (512, 480))
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.getexif().get_ifd(0x8769)[0x9286] == "a red door"
    assert (result["seed"], result["prompt"]) == (7, "a red door")


async def test_several_pictures_differ_and_a_random_seed_is_told(aime, aime_client):
    job_id = await aime_client.accepted("stable_diffusion_3_5", prompt="x", num_samples=3, seed=-1)
    aime.finish(job_id)

    result = await aime_client.result(job_id)

    assert len(set(result["images"])) == 3
    assert result["seed"] >= 0


async def test_the_older_picture_endpoint_hands_out_one_png_under_another_name(aime, aime_client):
    job_id = await aime_client.accepted(
        "stable_diffusion_xl_img2img", text="x", image=a_picture(), n_samples=1
    )
    aime.finish(job_id)

    result = await aime_client.result(job_id)

    assert result["image"].startswith("data:image/PNG;base64,")
    assert look_at(picture_in(result["image"]))[0] == "PNG"
    assert "images" not in result


async def test_the_source_shows_the_more_the_lower_the_strength(aime, aime_client):
    red = a_picture(size=(128, 128))
    made = {}
    for strength in (0.0, 1.0):
        job_id = await aime_client.accepted(
            **SMALL, seed=1, image=red, image2image_strength=strength
        )
        aime.finish(job_id)
        data = picture_in((await aime_client.result(job_id))["images"][0])
        with Image.open(io.BytesIO(data)) as opened:
            made[strength] = opened.resize((1, 1)).getpixel((0, 0))

    assert made[0.0][0] > 150 > made[0.0][1]
    assert made[1.0] != made[0.0]


async def test_previews_come_when_asked_for_and_change(aime, aime_client):
    asked = await aime_client.accepted(**SMALL, provide_progress_images="decoded")
    previews = []
    for _ in range(3):
        aime.step(asked)
        previews.append((await aime_client.progress(asked))["progress_data"])
    aime.finish(asked)
    unasked = await aime_client.accepted(**SMALL)
    aime.step(unasked)
    plain = (await aime_client.progress(unasked))["progress_data"]

    pictures = [each["progress_images"][0] for each in previews]
    assert len(set(pictures)) == 3
    assert look_at(picture_in(pictures[0])) == ("JPEG", (128, 128))
    assert set(plain) == {"progress_message"}


async def test_progress_gives_the_workers_secret_away(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.step(job_id)
    before = await aime_client.progress(job_id)
    aime.step(job_id)
    after = await aime_client.progress(job_id)

    assert "auth_key" in after
    assert after["auth_key"] == aime.worker_secret
    assert before["progress"] < after["progress"]


async def test_results_name_their_worker_only_where_the_operator_shows_it(aime, aime_client):
    shown = await aime_client.accepted()
    aime.finish(shown)
    named = await aime_client.result(shown)
    aime.switch(shows_workers=False)
    hidden = await aime_client.accepted()
    aime.finish(hidden)
    unnamed = await aime_client.result(hidden)

    assert set(named) - set(unnamed) == {"auth", "worker_interface_version"}


@pytest.mark.parametrize("outcome", ["error", "error_and_picture"])
async def test_a_failure_hides_in_a_successful_answer(aime, aime_client, outcome):
    aime.script.next(outcome=outcome, error="no memory")
    job_id = await aime_client.accepted()
    aime.finish(job_id)

    answer = await aime_client.poll(job_id)

    assert (answer.status, answer.json["success"], answer.json["job_state"]) == (200, True, "done")
    result = answer.json["job_result"]
    assert (result["success"], result["error"]) == (True, "no memory")
    assert ("images" in result) is (outcome == "error_and_picture")


async def test_what_nobody_takes_up_lapses_and_makes_room(aime, aime_client):
    first = await aime_client.accepted("tiny_queue", text_context="x")
    refused = await aime_client.submit("tiny_queue", text_context="y")

    aime.clock.advance(7)
    answer = await aime_client.poll(first)
    second = await aime_client.submit("tiny_queue", text_context="z")

    assert refused.json["error"] == "Job queue reached max length 1!"
    assert (answer.status, answer.json["job_state"]) == (400, "lapsed")
    assert second.status == 200


async def test_a_job_without_updates_lapses_by_inactivity(aime, aime_client):
    aime.script.next(outcome="stuck")
    job_id = await aime_client.accepted()

    aime.clock.advance(359)
    still = (await aime_client.poll(job_id)).json["job_state"]
    aime.clock.advance(2)
    answer = await aime_client.poll(job_id)

    assert still == "processing"
    assert answer.json["job_state"] == "lapsed"
    assert aime.truth.job(job_id).has_lapsed


async def test_each_update_puts_the_lapse_off(aime, aime_client):
    aime.script.next(seconds=1500, updates=4)
    job_id = await aime_client.accepted()

    aime.clock.advance(1501)

    assert "images" in await aime_client.result(job_id)


async def test_a_worker_that_goes_away_lets_its_job_lapse_sooner(aime, aime_client):
    job_id = await aime_client.accepted()
    aime.endpoint("flux-dev", workers=0)

    aime.clock.advance(121)

    assert (await aime_client.poll(job_id)).json["job_state"] == "lapsed"


async def test_a_lapsed_job_makes_its_worker_free(aime, aime_client):
    aime.script.next(outcome="stuck")
    await aime_client.accepted()
    second = await aime_client.accepted()

    aime.clock.advance(361)

    assert (await aime_client.progress(second))["queue_position"] == 0


async def test_a_job_nobody_can_take_up_waits_out_its_time(aime, aime_client):
    aime.script.next(outcome="never")
    job_id = await aime_client.accepted()

    aime.clock.advance(3599)
    waiting = (await aime_client.poll(job_id)).json["job_state"]
    aime.clock.advance(2)

    assert waiting == "queued"
    assert (await aime_client.poll(job_id)).json["job_state"] == "lapsed"


@pytest.mark.parametrize("is_read", [True, False])
async def test_what_ended_is_known_for_its_lifetime(aime, aime_client, is_read):
    job_id = await aime_client.accepted()
    aime.finish(job_id)
    if is_read:
        await aime_client.result(job_id)

    aime.clock.advance(899)
    known = (await aime_client.poll(job_id)).status
    aime.clock.advance(2)
    forgotten = (await aime_client.poll(job_id)).status

    assert (known, forgotten) == (200, 402)


async def test_a_job_may_vanish_instead_of_ending(aime, aime_client):
    aime.script.next(outcome="lost", seconds=3)
    scripted = await aime_client.accepted()
    by_hand = await aime_client.accepted()
    aime.lose(by_hand)

    aime.clock.advance(4)

    assert (await aime_client.poll(scripted)).status == 402
    assert (await aime_client.poll(by_hand)).status == 402


async def test_a_restart_forgets_jobs_and_sessions_but_no_keys(aime, aime_client):
    session = await aime_client.session_of()
    job_id = await aime_client.accepted()

    await aime.restart(with_memory=False)
    poll = await aime_client.poll(job_id)
    by_session = await aime_client.submit(key=None, client_session_auth_key=session, **SMALL)
    by_key = await aime_client.submit(**SMALL)

    assert (poll.status, by_session.status, by_key.status) == (402, 401, 200)
    assert aime.truth.job(job_id).state is JobState.FORGOTTEN


async def test_a_short_absence_forgets_nothing(aime, aime_client):
    job_id = await aime_client.accepted()
    async with aime.refusing():
        with pytest.raises(aiohttp.ClientError):
            await aime_client.poll(job_id)

    await aime.restart(with_memory=True)

    assert (await aime_client.poll(job_id)).status == 200


async def test_processes_that_share_nothing_answer_in_turn(aime, aime_client):
    aime.switch(process_count=2)
    job_id = await aime_client.accepted()

    seen = [(await aime_client.poll(job_id)).status for _ in range(4)]

    assert sorted(seen) == [200, 200, 402, 402]
    assert seen[0] != seen[1]


async def test_held_requests_move_by_hand_only(aime, aime_client):
    aime.script.next(held=True, updates=1)
    job_id = await aime_client.accepted()

    aime.clock.advance(30)
    states = []
    for _ in range(3):
        states.append((await aime_client.poll(job_id)).json["job_state"])
        aime.step(job_id)

    assert states == ["queued", "processing", "processing"]
    assert (await aime_client.poll(job_id)).json["job_state"] == "done"


async def test_a_released_request_goes_on_with_time(aime, aime_client):
    aime.script.next(held=True, seconds=2)
    job_id = await aime_client.accepted()
    aime.release(job_id)
    started = (await aime_client.poll(job_id)).json["job_state"]
    aime.hold(job_id)
    aime.clock.advance(10)
    stopped = (await aime_client.poll(job_id)).json["job_state"]
    aime.release(job_id)
    aime.clock.advance(10)

    assert (started, stopped) == ("processing", "processing")
    assert (await aime_client.poll(job_id)).json["job_state"] == "done"


async def test_a_request_may_wait_although_a_worker_is_idle(aime, aime_client):
    aime.script.next(queue_s=5)
    job_id = await aime_client.accepted()

    waiting = (await aime_client.poll(job_id)).json["job_state"]
    aime.clock.advance(5)
    at_work = (await aime_client.poll(job_id)).json["job_state"]

    assert (waiting, at_work) == ("queued", "processing")


@pytest.mark.parametrize(
    "dress,start",
    [("wrong_mime", "data:image/PNG;base64,/9j/"), ("bare", "/9j/")],
)
async def test_pictures_may_be_dressed_oddly(aime, aime_client, dress, start):
    aime.script.next(dress=dress)
    job_id = await aime_client.accepted()
    aime.finish(job_id)

    (text,) = (await aime_client.result(job_id))["images"]

    assert text.startswith(start)


async def test_a_picture_may_be_broken_or_missing(aime, aime_client):
    aime.script.next(dress="broken")
    aime.script.next(outcome="empty")
    broken, empty = await aime_client.accepted(), await aime_client.accepted()
    aime.finish(broken)
    aime.finish(empty)

    (text,) = (await aime_client.result(broken))["images"]
    with pytest.raises(ValueError, match="base64"):
        picture_in(text)
    assert (await aime_client.result(empty))["images"] == []


async def test_a_preview_may_be_huge(aime, aime_client):
    aime.script.next(preview_bytes_extra=3_000_000)
    job_id = await aime_client.accepted(**SMALL, provide_progress_images="decoded")
    aime.step(job_id)
    aime.step(job_id)

    preview = picture_in(
        (await aime_client.progress(job_id))["progress_data"]["progress_images"][0]
    )

    assert len(preview) > 3_000_000
    assert look_at(preview)[0] == "JPEG"


async def test_the_older_server_speaks_as_its_document_says(aime, aime_client):
    aime.switch(is_older=True)
    login = await aime_client.ask("GET", "/flux-dev/login?version=test")
    job_id = await aime_client.accepted(**SMALL, provide_progress_images="decoded")
    aime.step(job_id)
    aime.step(job_id)
    data = (await aime_client.progress(job_id))["progress_data"]
    aime.finish(job_id)
    end = (await aime_client.poll(job_id)).json

    assert login.json["success"] is True
    assert data["images"][0].startswith("/9j/")
    assert end["job_result"]["images"][0].startswith("/9j/")
    assert end["progress"]["progress"] == 100


async def test_what_a_request_brings_is_known_before_it_does(aime, aime_client):
    job_id = await aime_client.accepted(**SMALL)

    (before,) = await aime.pictures(job_id)
    aime.finish(job_id)
    result = await aime_client.result(job_id)

    assert base64.b64decode(result["images"][0].partition(",")[2]) == before


async def test_time_runs_by_itself_where_it_may():
    async with (
        SandboxAime(AimeRules(speed=100)) as aime,
        aiohttp.ClientSession() as session,
        asyncio.timeout(20),
    ):
        aime.add_key(KEY)
        client = AimeClient(session, aime)
        job_id = await client.accepted()
        await aime.truth.job(job_id).over.wait()

        assert "images" in await client.result(job_id)
