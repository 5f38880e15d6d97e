"""What the sandbox AIME server refuses, in which order, and in which shape."""

import pytest

from tests.sandbox.providers.aime_client import (
    KEY,
    a_picture,
    look_at,
    only_error,
    picture_in,
    while_time_passes,
)


@pytest.mark.parametrize(
    "fields,start",
    [
        ({"steps": "20"}, "Invalid argument type steps=20. Expected: <class 'int'>"),
        ({"steps": 1.5}, "Invalid argument type steps=1.5."),
        ({"steps": True}, "Invalid argument type steps=True."),
        ({"guidance": "3"}, "Invalid argument type guidance=3. Expected: <class 'float'>"),
        ({"prompt": 7}, "Invalid argument type prompt=7. Expected: <class 'str'>"),
        ({"steps": 51}, "Parameter steps = 51 is higher than maximum 50!"),
        ({"steps": 0}, "Parameter steps = 0 is lower than minimum 1!"),
        ({"guidance": 0.5}, "Parameter guidance = 0.5 is lower"),
        ({"provide_progress_images": "latent"}, "Parameter provide_progress_images = latent"),
        ({"wait_for_result": "false"}, "Invalid argument type wait_for_result=false."),
        ({"image": 7}, "Invalid argument type image=7."),
    ],
)
async def test_values_are_checked_strictly(aime, aime_client, fields, start):
    answer = await aime_client.submit(**{"prompt": "x", **fields})

    assert answer.status == 400
    assert only_error(answer).startswith(start)
    assert aime.truth.jobs == []


@pytest.mark.parametrize(
    "fields",
    [{"guidance": 3}, {"steps": None, "seed": None}, {"width": 5000, "height": 1}],
)
async def test_whole_numbers_nulls_and_convertible_sizes_are_taken(aime_client, fields):
    answer = await aime_client.submit(prompt="x", **fields)

    assert answer.status == 200


async def test_sizes_are_clamped_and_aligned_without_a_word(aime, aime_client):
    await aime_client.submit(prompt="x", width=5000, height=1)

    values = aime.truth.jobs[0].values
    assert (values["width"], values["height"], values["steps"]) == (2048, 128, 40)


async def test_every_problem_has_an_entry(aime_client):
    answer = await aime_client.submit(steps=99, nonsense=1, more=2)

    assert [error.split("!")[0].split(":")[0] for error in answer.json["error"]] == [
        "Invalid input parameter(s)",
        "Missing required argument",
        "Parameter steps = 99 is higher than maximum 50",
    ]


async def test_an_alignment_without_conversion_is_insisted_on(aime, aime_client):
    inputs = {
        "prompt": {"type": "string"},
        "width": {"type": "integer", "align": 32, "default": 64},
    }
    aime.endpoint("flux-dev", inputs=inputs)

    answer = await aime_client.submit(prompt="x", width=500)

    assert only_error(answer) == "Parameter width = 500 is not divisible by 32!"


async def test_a_full_queue_is_told_before_anybody_asks_for_a_key(aime, aime_client):
    await aime_client.accepted("tiny_queue", text_context="x")

    answer = await aime_client.submit("tiny_queue", text_context="y", key="nope")

    assert answer.status == 400
    assert answer.json["error"] == "Job queue reached max length 1!"


async def test_a_disabled_endpoint_says_so_in_a_string(aime, aime_client):
    aime.endpoint("flux-dev", is_enabled=False)

    answer = await aime_client.submit(prompt="x")

    assert answer.status == 400
    assert isinstance(answer.json["error"], str)


async def test_a_key_may_open_some_endpoints_only(aime, aime_client):
    aime.add_key("chat-only", endpoints=["llama4_chat"])

    listed = await aime_client.ask("GET", "/api/endpoints?key=chat-only")
    login = await aime_client.ask("GET", "/flux-dev/login?key=chat-only")
    answer = await aime_client.submit(prompt="x", key="chat-only")

    assert listed.json == {"endpoints": ["llama4_chat"]}
    assert login.json["success"] is False
    assert (answer.status, isinstance(answer.json["error"], list)) == (402, True)


async def test_a_key_counts_before_a_session_and_a_session_opens_every_endpoint(aime, aime_client):
    session = await aime_client.session_of("llama4_chat")

    by_session = await aime_client.submit(prompt="x", key=None, client_session_auth_key=session)
    beside_bad = await aime_client.submit(prompt="x", client_session_auth_key="nope")
    bad_beside = await aime_client.submit(prompt="x", key="nope", client_session_auth_key=session)

    assert (by_session.status, beside_bad.status, bad_beside.status) == (200, 200, 401)


async def test_a_session_outlives_its_key(aime, aime_client):
    session = await aime_client.session_of()
    aime.revoke_key(KEY)

    by_session = await aime_client.submit(prompt="x", key=None, client_session_auth_key=session)
    by_key = await aime_client.submit(prompt="x")

    assert (by_session.status, by_key.status) == (200, 401)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
async def test_pictures_of_many_forms_are_taken(aime_client, form):
    answer = await aime_client.submit(prompt="x", image=a_picture(form))

    assert answer.status == 200


@pytest.mark.parametrize("label", ["image/jpeg", "image/PNG", "image/x-whatever"])
async def test_the_label_of_a_picture_does_not_matter(aime_client, label):
    answer = await aime_client.submit(prompt="x", image=a_picture(label=label))

    assert answer.status == 200


@pytest.mark.parametrize("text", ["data:image/png;base64,AAAA", "data:image/png;base64,%%%"])
async def test_garbage_behind_a_prefix_is_refused(aime, aime_client, text):
    answer = await aime_client.submit(prompt="x", image=text)

    assert answer.status == 400
    assert "image" in only_error(answer)
    assert aime.truth.jobs == []


async def test_a_server_without_a_converter_takes_no_pictures(aime, aime_client):
    aime.switch(takes_media=False)

    with_picture = await aime_client.submit(prompt="x", image=a_picture())
    without = await aime_client.submit(prompt="x")

    assert (with_picture.status, without.status) == (400, 200)


async def test_a_picture_that_must_come_must_come(aime_client):
    answer = await aime_client.submit("stable_diffusion_xl_img2img", text="x")

    assert only_error(answer) == "Missing required argument: image"


async def test_a_call_that_waits_gets_the_result_itself(aime, aime_client):
    answer = await while_time_passes(
        aime, aime_client.submit(prompt="x", width=128, height=128, wait_for_result=True)
    )
    body = answer.json

    assert look_at(picture_in(body["images"][0]))[1] == (128, 128)
    assert "job_state" not in body
    assert "job_result" not in (await aime_client.poll(body["job_id"])).json


async def test_a_call_that_waited_too_long_leaves_a_running_job(aime, aime_client):
    aime.script.next(seconds=80)
    answer = await while_time_passes(aime, aime_client.submit(prompt="x", wait_for_result=True))
    job = aime.truth.jobs[0]
    aime.clock.advance(81)

    assert answer.status == 503
    assert "images" in await aime_client.result(job.remote_id)


async def test_a_call_that_waits_is_told_of_a_lapse(aime, aime_client):
    aime.endpoint("flux-dev", max_time_in_queue=5, workers=0)
    answer = await while_time_passes(aime, aime_client.submit(prompt="x", wait_for_result=True))

    assert (answer.status, answer.json["job_state"]) == (400, "lapsed")


async def test_a_query_can_ask_but_not_with_numbers(aime, aime_client):
    refused = await aime_client.ask("GET", f"/flux-dev?prompt=x&steps=20&key={KEY}")
    answer = await while_time_passes(aime, aime_client.ask("GET", f"/flux-dev?prompt=x&key={KEY}"))

    assert refused.status == 400
    assert "images" in answer.json


async def test_progress_wants_a_job_id_and_a_body(aime_client):
    without_id = await aime_client.ask("POST", "/flux-dev/progress", json={"other": 1})
    without_body = await aime_client.ask("POST", "/flux-dev/progress")

    assert (without_id.status, without_body.status) == (402, 500)


async def test_the_mark_in_a_job_id_is_lost_unless_it_is_quoted(aime_client):
    job_id = await aime_client.accepted()

    bare = await aime_client.ask("GET", f"/flux-dev/progress?job_id={job_id}")
    quoted = await aime_client.poll_by_query(job_id)

    assert "#" in job_id
    assert (bare.status, quoted.status) == (402, 200)


@pytest.mark.parametrize(
    "method,path,status,message",
    [
        ("PUT", "/flux-dev", 405, "Method PUT not allowed for URL /flux-dev"),
        (
            "DELETE",
            "/flux-dev/progress",
            405,
            "Method DELETE not allowed for URL /flux-dev/progress",
        ),
        ("PUT", "/v1/models", 405, "Method PUT not allowed for URL /v1/models"),
        ("GET", "/nowhere/at/all", 404, "Requested URL /nowhere/at/all not found"),
        ("POST", "/nope", 404, "Requested URL /nope not found"),
        ("GET", "/api/endpoints/nope", 404, "Requested URL /api/endpoints/nope not found"),
    ],
)
async def test_the_framework_answers_in_the_callers_language(
    aime_client, method, path, status, message
):
    plain = await aime_client.ask(method, path)
    spoken = await aime_client.ask(method, path, json={})

    assert (plain.status, spoken.status) == (status, status)
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.text.split("\n")[2] == message
    assert (spoken.json["status"], spoken.json["message"]) == (status, message)


@pytest.mark.parametrize(
    "body,status,message",
    [
        (b"{", 400, "Failed when parsing body as json"),
        (b"[]", 500, "The application encountered an unexpected error and could not continue."),
    ],
)
async def test_a_body_that_is_no_object_is_the_frameworks_business(
    aime_client, body, status, message
):
    answer = await aime_client.ask(
        "POST", "/flux-dev", data=body, headers={"Content-Type": "application/json"}
    )

    assert (answer.status, answer.json["message"]) == (status, message)


async def test_secrets_are_not_kept_in_the_log_of_calls(aime, aime_client):
    await aime_client.submit(prompt="x")

    (call,) = aime.calls.of("POST", "/{endpoint}")
    assert call.path == "/flux-dev"
    assert call.body["key"] == "***"
    assert KEY not in str(call.body)
