"""Misbehaviour on demand, on the API and on the picture host."""

import asyncio
import json
import time

import aiohttp
import pytest

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import Client, eventually

GONE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


@pytest.mark.parametrize(
    "wishes, status, kind, start",
    [
        ({"kind": "status"}, 500, "application/json", '{"message": "Internal Server Error"}'),
        ({"kind": "status", "status": 429, "body": '{"message": "90 per 1 minute"}'}, 429, "application/json",
         '{"message": "90'),
        ({"kind": "html"}, 502, "text/html", "<html>"),
        ({"kind": "html", "status": 504}, 504, "text/html", "<html>"),
        ({"kind": "xml", "status": 200}, 200, "application/xml", "<?xml"),
        ({"kind": "empty"}, 200, "application/json", ""),
        ({"kind": "redirect"}, 302, "", ""),
    ],
)  # fmt: skip
async def test_an_answer_of_its_own_replaces_the_true_one(
    wishes: dict, status: int, kind: str, start: str, horde: SandboxHorde, client: Client
):
    horde.faults.add("POST", "/generate/async", **wishes)

    answer = await client.submit()
    after = await client.submit()

    assert answer.status == status
    assert answer.headers.get("content-type", "").partition(";")[0] == kind
    assert answer.text.startswith(start)
    assert after.status == 202
    assert len(horde.truth.jobs) == 1


async def test_a_proxy_may_fail_although_the_request_arrived(horde: SandboxHorde, client: Client):
    horde.faults.add("POST", "/generate/async", kind="html", status=504, took_effect=True)

    answer = await client.submit()

    assert answer.status == 504
    assert len(horde.truth.jobs) == 1


@pytest.mark.parametrize("kind, jobs", [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_connection_may_or_may_not_have_carried_the_request(
    kind: str, jobs: int, horde: SandboxHorde, client: Client
):
    horde.faults.add("POST", "/generate/async", kind=kind)

    with pytest.raises(GONE):
        await client.submit()

    assert len(horde.truth.jobs) == jobs
    (call,) = horde.calls.of("POST", "/generate/async")
    assert (call.status, call.fault) == (None, kind)
    assert (await client.submit()).status == 202


@pytest.mark.parametrize("kind", ["slow", "silence"])
async def test_a_late_answer_is_given_up_although_it_took_effect(
    kind: str, horde: SandboxHorde, client: Client
):
    horde.faults.add("POST", "/generate/async", kind=kind, delay_s=30)

    with pytest.raises(TimeoutError):
        await client.ask(
            "POST",
            "/generate/async",
            json={"prompt": "x"},
            timeout=aiohttp.ClientTimeout(total=0.3),
        )

    assert len(horde.truth.jobs) == 1


async def test_a_dripping_answer_arrives_whole(horde: SandboxHorde, client: Client):
    horde.faults.add("GET", "/status/models", kind="drip", delay_s=0.2)

    started_s = time.monotonic()
    answer = await client.ask("GET", "/status/models")

    assert len(answer.json) == 8
    assert time.monotonic() - started_s >= 0.2


async def test_a_truncated_body_is_noticed(horde: SandboxHorde, client: Client):
    horde.faults.add("GET", "/generate/status/*", kind="truncated")
    remote_id = await client.accepted()

    with pytest.raises((aiohttp.ClientPayloadError, *GONE)):
        await client.status(remote_id)


async def test_a_wrong_content_type_keeps_the_body(horde: SandboxHorde, client: Client):
    horde.faults.add("GET", "/status/heartbeat", kind="wrong_type", content_type="text/html")

    answer = await client.ask("GET", "/status/heartbeat")

    assert answer.headers["content-type"] == "text/html"
    assert answer.json["message"] == "OK"


async def test_an_oversize_body_goes_on_until_the_client_has_enough(
    horde: SandboxHorde, client: Client
):
    horde.faults.add(
        "GET", "/status/heartbeat", kind="oversize", size_bytes=2 * 1024 * 1024, times=2
    )

    whole = await client.ask("GET", "/status/heartbeat")
    async with client.session.get(f"{horde.url}/status/heartbeat") as answer:
        await answer.content.readexactly(1000)

    assert len(whole.text) > 2 * 1024 * 1024
    assert json.loads(whole.text)["message"] == "OK"


async def test_a_fault_counts_its_calls(horde: SandboxHorde, client: Client):
    horde.faults.add("*", "/status/*", kind="status", status=503, skip=1, times=2)

    statuses = [(await client.ask("GET", "/status/heartbeat")).status for _ in range(4)]

    assert statuses == [200, 503, 503, 200]


async def test_a_fault_may_last_until_it_is_cleared(horde: SandboxHorde, client: Client):
    horde.faults.add("GET", "/status/heartbeat", kind="html", times=None)

    during = [(await client.ask("GET", "/status/heartbeat")).status for _ in range(3)]
    horde.faults.clear()

    assert during == [502] * 3
    assert (await client.ask("GET", "/status/heartbeat")).status == 200


async def test_a_mistyped_kind_is_refused_at_once(horde: SandboxHorde):
    with pytest.raises(ValueError, match="htlm"):
        horde.faults.add("GET", "/status/heartbeat", kind="htlm")


@pytest.mark.parametrize(
    "wishes, expected",
    [
        ({"kind": "xml"}, (404, "application/xml")),
        ({"kind": "xml", "status": 200}, (200, "application/xml")),
        ({"kind": "wrong_type", "content_type": "image/png"}, (200, "image/png")),
        ({"kind": "empty"}, (200, "application/json")),
    ],
)
async def test_pictures_can_be_spoilt_too(
    wishes: dict, expected: tuple, horde: SandboxHorde, client: Client
):
    remote_id = await client.accepted()
    horde.finish(remote_id)
    link = (await client.status(remote_id))["generations"][0]["img"]
    horde.faults.add("GET", "/images/*", **wishes)

    spoilt = await client.download(link)
    good = await client.download(link)

    assert spoilt[:2] == expected
    assert good[:2] == (200, "image/webp")
    assert [call.host for call in horde.calls.of("GET", "/images/*")] == ["images", "images"]


async def test_a_picture_may_break_off(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted()
    horde.finish(remote_id)
    link = (await client.status(remote_id))["generations"][0]["img"]
    horde.faults.add("GET", "/images/*", kind="truncated")

    with pytest.raises((aiohttp.ClientPayloadError, *GONE)):
        await client.download(link)


async def test_a_host_can_refuse_connections_and_return(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted()

    async with horde.refusing():
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.check(remote_id)

    assert (await client.check(remote_id))["waiting"] == 1


async def test_leaving_does_not_wait_for_slow_answers():
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        async with SandboxHorde() as horde:
            horde.faults.add("GET", "/status/heartbeat", kind="slow", delay_s=600)
            asking = asyncio.create_task(session.get(f"{horde.url}/status/heartbeat"))
            await eventually(lambda: len(horde.calls))
        with pytest.raises(GONE):
            await asking
