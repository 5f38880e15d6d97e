"""The sandbox gives the answers that were recorded from the real server, key by key."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from bot.sandbox.providers.aime import SandboxAime
from tests.sandbox.providers.aime_client import (
    RECORDED,
    AimeClient,
    Answer,
    recorded,
    while_time_passes,
)

SESSION = re.compile(r"fa4efa4e-2222-[0-9a-f-]+")
OURS_ONLY = {"date", "server", "content-length", "access-control-allow-origin", "connection"}


@dataclass(frozen=True, kw_only=True)
class Before:
    """What a recorded call refers to, in our words."""

    job_id: str = ""
    session: str = ""


Setup = Callable[[SandboxAime, AimeClient], Awaitable[Before]]


async def nothing(aime: SandboxAime, client: AimeClient) -> Before:
    return Before(session=await client.session_of())


def submitted(name: str, *, steps: int = 0, reads: int = 0, **script: Any) -> Setup:
    """Send a recorded submit and let so many steps of its work happen."""

    async def setup(aime: SandboxAime, client: AimeClient) -> Before:
        session = await client.session_of()
        aime.script.next(held=True, **script)
        answer = await replay(client, recorded(name)["request"], Before(session=session))
        job_id = answer.json["job_id"]
        for _ in range(steps):
            aime.step(job_id)
        for _ in range(reads):
            await client.poll(job_id)
        return Before(job_id=job_id, session=session)

    return setup


async def without_workers(aime: SandboxAime, client: AimeClient) -> Before:
    aime.endpoint("stable_diffusion_3_5", workers=0)
    return await nothing(aime, client)


async def waiting_without_workers(aime: SandboxAime, client: AimeClient) -> Before:
    await without_workers(aime, client)
    return await submitted("no_worker_submit")(aime, client)


async def full(aime: SandboxAime, client: AimeClient) -> Before:
    await client.accepted("tiny_queue", text_context="x")
    return await nothing(aime, client)


async def lapsed(aime: SandboxAime, client: AimeClient) -> Before:
    before = await submitted("lapse_0_submit")(aime, client)
    aime.clock.advance(7)
    return before


async def forgotten(aime: SandboxAime, client: AimeClient) -> Before:
    before = await lapsed(aime, client)
    aime.clock.advance(1000)
    return before


async def queued_behind_another(aime: SandboxAime, client: AimeClient) -> Before:
    await submitted("queue_submit_a", steps=1)(aime, client)
    return await submitted("queue_submit_b")(aime, client)


async def restarted(aime: SandboxAime, client: AimeClient) -> Before:
    before = await submitted("restart_0_submit", steps=1)(aime, client)
    await aime.restart(with_memory=False)
    return before


def image_steps(steps: int, reads: int = 0) -> Setup:
    return submitted("image_previews_0_submit", steps=steps, reads=reads, updates=5)


def chat_steps(steps: int, reads: int = 0) -> Setup:
    return submitted("chat_0_submit", steps=steps, reads=reads, updates=5)


def failing_steps(steps: int, reads: int = 0) -> Setup:
    return submitted("worker_error_0_submit", steps=steps, reads=reads, updates=0, outcome="error")


SETUPS: dict[str, Setup] = {
    "blocking_chat": nothing,
    "blocking_error_400_chat_context_is_list": nothing,
    "chat_0_submit": nothing,
    **{f"chat_{n}_progress": chat_steps(n) for n in range(1, 6)},
    "chat_6_progress": chat_steps(7),
    "chat_7_progress_after_done": chat_steps(7, reads=1),
    "endpoint_details_image": nothing,
    "endpoints_list_bad_key": nothing,
    "endpoints_list_with_key": nothing,
    "endpoints_list_without_key": nothing,
    "error_400_bad_selection": nothing,
    "error_400_form_body_text": nothing,
    "error_400_login_fields_on_submit": nothing,
    "error_400_missing_prompt": nothing,
    "error_400_queue_full": full,
    "error_400_unknown_parameters": nothing,
    "error_401_bad_key": nothing,
    "error_401_no_credentials": nothing,
    "error_401_unknown_session": nothing,
    "error_404_unknown_endpoint_text": nothing,
    "error_500_post_without_body_text": nothing,
    "error_503_blocking_call_timeout": nothing,
    "image_input_jpeg_uppercase_mime": nothing,
    "image_input_plain_text_hangs": nothing,
    "image_input_png": nothing,
    "image_input_raw_base64_hangs": nothing,
    "image_input_small_png": nothing,
    "image_input_too_big_is_scaled": nothing,
    "image_input_webp": nothing,
    "image_previews_0_submit": nothing,
    **{f"image_previews_{n}_progress": image_steps(n) for n in range(1, 6)},
    "image_previews_6_progress": image_steps(7),
    "image_previews_7_progress_after_done": image_steps(7, reads=1),
    "lapse_0_submit": nothing,
    "lapse_1_progress_queued": submitted("lapse_0_submit"),
    "lapse_2_progress_lapsed": lapsed,
    "lapse_3_next_submit_accepted": lapsed,
    "lapse_4_progress_after_lifetime": forgotten,
    "login_bad_key": nothing,
    "login_ok": nothing,
    "login_post_json_body_is_ignored": nothing,
    "login_without_key": nothing,
    "no_worker_progress": waiting_without_workers,
    "no_worker_progress_via_other_endpoint": waiting_without_workers,
    "no_worker_submit": without_workers,
    "openai_chat": nothing,
    "openai_chat_stream": nothing,
    "openai_images_not_implemented": nothing,
    "openai_models": nothing,
    "progress_error_402_unencoded_hash": nothing,
    "progress_error_402_unknown_job": nothing,
    "queue_progress_a_processing": submitted("queue_submit_a", steps=1),
    "queue_progress_b_position_1": queued_behind_another,
    "queue_submit_a": nothing,
    "queue_submit_b": nothing,
    "queue_submit_c": nothing,
    "restart_0_submit": nothing,
    "restart_1_progress_before": submitted("restart_0_submit", steps=1),
    "restart_2_progress_after": restarted,
    "restart_3_submit_with_old_session": restarted,
    "stream_progress_error_500_text": nothing,
    "validate_key_bad": nothing,
    "validate_key_ok": nothing,
    "worker_error_0_submit": nothing,
    "worker_error_1_progress": failing_steps(1),
    "worker_error_2_progress_done_with_error": failing_steps(2),
    "worker_error_3_progress_after_done": failing_steps(2, reads=1),
}
WORDED = (
    "error_",
    "login_",
    "validate_",
    "endpoints_",
    "progress_",
    "no_worker_progress",
    "lapse_2",
    "lapse_4",
    "restart_2",
    "restart_3",
    "stream_",
    "image_input_",
)
SAME_WORDS = [name for name in SETUPS if name.startswith(WORDED)]
WAITING = (
    "blocking_chat",
    "error_503_blocking_call_timeout",
    "image_input_plain_text_hangs",
    "image_input_raw_base64_hangs",
    "openai_chat",
    "openai_chat_stream",
)
OWN_IDS = {"job_id", "client_session_auth_key", "endpoints"}


def test_every_recorded_answer_is_compared():
    assert {path.stem for path in RECORDED.glob("*.json")} == set(SETUPS)


@pytest.mark.parametrize("name", SETUPS)
async def test_the_answer_has_the_recorded_shape(name, aime, aime_client):
    entry = recorded(name)

    answer, _ = await answered(name, aime, aime_client)

    response = entry["response"]
    assert answer.status == response["status"]
    assert answer.headers["content-type"] == response["headers"]["Content-Type"]
    assert set(answer.headers) - OURS_ONLY == {header.lower() for header in response["headers"]}
    if "json" in response:
        assert differences(response["json"], answer.json) == []


@pytest.mark.parametrize("name", SAME_WORDS)
async def test_the_answer_says_what_the_real_one_said(name, aime, aime_client):
    response = recorded(name)["response"]
    theirs = recorded(name)["request"]

    answer, before = await answered(name, aime, aime_client)

    if "text" in response:
        assert answer.text == response["text"]
    else:
        expected = in_our_words(response["json"], theirs, before)
        ours = {key: value for key, value in answer.json.items() if key not in OWN_IDS}
        assert ours == {key: value for key, value in expected.items() if key not in OWN_IDS}


async def test_the_discovery_document_lists_the_recorded_parameters(aime, aime_client):
    theirs = recorded("endpoint_details_image")["response"]["json"]

    answer, _ = await answered("endpoint_details_image", aime, aime_client)

    for name in ("parameter_description", "max_queue_length", "max_time_in_queue", "category"):
        assert answer.json[name] == theirs[name]


async def test_a_stream_has_the_recorded_events(aime, aime_client):
    theirs = recorded("openai_chat_stream")["response"]["text"]

    answer, _ = await answered("openai_chat_stream", aime, aime_client)

    ours = events(answer.text)
    assert [differences(events(theirs)[0], each) for each in ours[:-1]] == [[]] * (len(ours) - 1)
    assert [each["choices"][0]["finish_reason"] for each in ours][-2:] == [None, "stop"]
    assert answer.text.endswith("data: [DONE]\n\n")


async def answered(name: str, aime: SandboxAime, client: AimeClient) -> tuple[Answer, Before]:
    """Return our answer to a recorded call; time goes on for calls that wait."""
    before = await SETUPS[name](aime, client)
    if name == "error_503_blocking_call_timeout":
        aime.script.next(outcome="stuck")
    call = replay(client, recorded(name)["request"], before)
    answer = await (while_time_passes(aime, call) if name in WAITING else call)
    return answer, before


async def replay(client: AimeClient, request: dict[str, Any], before: Before) -> Answer:
    """Send a recorded call again, with our ids in the place of the recorded ones."""
    path = request["path"]
    if before.job_id:
        path = re.sub(r"(?<=job_id=).*", quote(before.job_id, safe=""), path)
    wishes: dict[str, Any] = {"headers": request.get("headers", {})}
    if "text" in request:
        wishes["data"] = request["text"]
    body = request.get("json")
    if path == "/flux-dev" and before.job_id and body is None:  # recorded without its body
        body = {"prompt": "x", "client_session_auth_key": before.session, "wait_for_result": False}
    if body is not None:
        wishes["json"] = {name: in_place(name, value, before) for name, value in body.items()}
    return await client.ask(request["method"], path, **wishes)


def in_place(name: str, value: Any, before: Before) -> Any:
    if name == "job_id":
        return before.job_id
    if name == "client_session_auth_key" and SESSION.fullmatch(value):
        return before.session
    return value


def in_our_words(body: Any, request: dict[str, Any], before: Before) -> Any:
    """Return a recorded body with its job id replaced by ours."""
    if not before.job_id:
        return body
    theirs = re.search(r"job_id=(\S+)%23(\d+)", request["path"])
    known = f"{theirs.group(1)}#{theirs.group(2)}" if theirs else "no job"
    return replaced(body, known, before.job_id)


def replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: replaced(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


def differences(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Return where two JSON values differ in keys, types or emptiness of lists."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and set(theirs) == set(ours):
        pairs = [(theirs[key], ours[key], f"{path}.{key}") for key in theirs]
    elif isinstance(theirs, list) and isinstance(ours, list) and bool(theirs) == bool(ours):
        pairs = [(theirs[0], each, f"{path}[]") for each in ours]
    elif path.endswith(".estimate") and isinstance(ours, int | float):
        return []  # 0 and -1 come without a fraction, all others with one
    elif type(theirs) is type(ours) and not isinstance(theirs, dict | list):
        return []
    else:
        return [f"{path}: {theirs} recorded, {ours} ours"]
    return [gap for pair in pairs for gap in differences(*pair)]


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_the_comparison_can_fail():
    assert differences({"a": 1}, {"b": 1}) != []
    assert differences({"a": [1]}, {"a": []}) != []
    assert differences({"a": 1}, {"a": "1"}) != []
