"""Announcements of finished pictures: their shape, their tries, and everything odd about them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from tests.sandbox.providers.horde_client import Client, eventually, recorded


@dataclass
class Receiver:
    """Remembers what arrives and answers as told."""

    origin: str = ""
    received: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.received.append((request.method, request.path_qs, dict(request.headers), body))
        match request.path.strip("/").partition("/")[0]:
            case "e500":
                return web.Response(status=500)
            case "redirect302":
                return web.Response(status=302, headers={"Location": "/after"})
            case "redirect307":
                return web.Response(status=307, headers={"Location": "/after"})
            case "slow":
                await asyncio.sleep(5)
        return web.Response()

    @property
    def hits(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, *_ in self.received]

    @property
    def ids(self) -> list[str]:
        return [body["id"] for *_, body in self.received]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    heard = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", heard.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    heard.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield heard
    await runner.cleanup()


async def drawn(horde: SandboxHorde, client: Client, webhook: str, **fields: Any) -> str:
    remote_id = await client.accepted(webhook=webhook, **fields)
    horde.finish(remote_id)
    await horde.webhooks_sent()
    return remote_id


@pytest.mark.parametrize(
    "name", ["webhook_text", "webhook_alchemy_caption", "webhook_alchemy_upscale"]
)
async def test_words_and_forms_are_announced_in_the_recorded_shape(
    name: str, horde: SandboxHorde, client: Client, receiver: Receiver
):
    webhook = f"{receiver.origin}/hook/1"
    if name == "webhook_text":
        remote_id = await client.written(webhook=webhook)
    else:
        form = "caption" if name.endswith("caption") else "RealESRGAN_x2plus"
        remote_id = await client.transmuted(form, webhook=webhook)
    horde.finish(remote_id)
    await horde.webhooks_sent()

    ((*_, body),) = receiver.received
    theirs = recorded(name)["request"]["json"]
    assert {key: type(value) for key, value in body.items()} == {
        key: type(value) for key, value in theirs.items()
    }
    assert body["request"] == remote_id
    assert body.get("state") == theirs["state"]


@pytest.mark.parametrize("name, r2", [("webhook_image", True), ("webhook_image_base64", False)])
async def test_an_announcement_has_the_recorded_shape(
    name: str, r2: object, horde: SandboxHorde, client: Client, receiver: Receiver
):
    remote_id = await drawn(horde, client, f"{receiver.origin}/hook/FAKE?tok=1", r2=r2)

    ((method, path, headers, body),) = receiver.received
    theirs = recorded(name)["request"]
    assert (method, path) == ("POST", "/hook/FAKE?tok=1")
    assert {key: type(value) for key, value in body.items()} == {
        key: type(value) for key, value in theirs["json"].items()
    }
    expected = {name.lower() for name in theirs["headers"]} - {"connection"}
    assert expected <= {name.lower() for name in headers}
    assert headers["User-Agent"] == theirs["headers"]["User-Agent"]
    assert body["request"] == remote_id
    assert body["img"].startswith("http") == r2


async def test_each_picture_is_announced_once(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    remote_id = await drawn(horde, client, f"{receiver.origin}/x", params={"n": 3})

    status = await client.status(remote_id)

    assert sorted(receiver.ids) == [entry["id"] for entry in status["generations"]]
    assert {sent.statuses for sent in horde.truth.webhooks} == {(200,)}


async def test_userinfo_arrives_as_basic_authorization(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    origin = receiver.origin.replace("http://", "http://fakeuser:fakepass@")

    await drawn(horde, client, f"{origin}/basic")

    theirs = recorded("webhook_image_basic_auth")["request"]["headers"]["Authorization"]
    assert receiver.received[0][2]["Authorization"] == theirs


@pytest.mark.parametrize(
    "path, hits, statuses",
    [
        ("/e500/x", [("POST", "/e500/x")] * 3, (500, 500, 500)),
        ("/redirect302/x", [("POST", "/redirect302/x"), ("GET", "/after")], (200,)),
        ("/redirect307/x", [("POST", "/redirect307/x"), ("POST", "/after")], (200,)),
        ("/slow/x", [("POST", "/slow/x")] * 3, (None, None, None)),
    ],
)
async def test_tries_and_redirects_are_the_recorded_ones(
    path: str, hits: list, statuses: tuple, horde: SandboxHorde, client: Client, receiver: Receiver
):
    await drawn(horde, client, receiver.origin + path)

    assert receiver.hits == hits
    assert [sent.statuses for sent in horde.truth.webhooks] == [statuses]


async def test_a_receiver_that_is_gone_stops_nobody(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    await drawn(horde, client, "http://127.0.0.1:9/nobody")
    await drawn(horde, client, f"{receiver.origin}/after")

    assert len(receiver.received) == 1


async def test_faults_and_cancelled_pictures_are_not_announced(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(outcome="faulted")
    await drawn(horde, client, f"{receiver.origin}/x")
    remote_id = await client.accepted(webhook=f"{receiver.origin}/x")
    await client.cancel(remote_id)
    await horde.webhooks_sent()

    assert receiver.received == []


async def test_a_picture_drawn_after_the_cancel_is_announced(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(queue_s=1, seconds_per_picture=2)
    remote_id = await client.accepted(webhook=f"{receiver.origin}/x", params={"n": 2})
    horde.clock.advance(1.5)
    await client.cancel(remote_id)

    horde.clock.advance(2)
    await client.check(remote_id)
    await horde.webhooks_sent()

    assert len(receiver.received) == 1


async def test_censored_pictures_are_announced_as_such(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(outcome="censored")

    await drawn(horde, client, f"{receiver.origin}/x")

    assert receiver.received[0][3]["censored"] is True


async def test_announcements_may_come_twice(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(webhooks="twice")

    await drawn(horde, client, f"{receiver.origin}/x")

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


async def test_announcements_may_name_pictures_that_never_exist(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(webhooks="stray")

    remote_id = await drawn(horde, client, f"{receiver.origin}/x")

    real = {entry["id"] for entry in (await client.status(remote_id))["generations"]}
    assert len(set(receiver.ids) - real) == 1
    assert real < set(receiver.ids)


async def test_announcements_may_never_come(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(webhooks="never")

    remote_id = await drawn(horde, client, f"{receiver.origin}/x")

    assert receiver.received == []
    assert (await client.check(remote_id))["done"] is True


async def test_announcements_may_come_in_reverse(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(webhooks="reversed")

    remote_id = await drawn(horde, client, f"{receiver.origin}/x", params={"n": 3})

    pictures = horde.truth.job(remote_id).pictures
    assert receiver.ids == [picture.picture_id for picture in reversed(pictures)]


async def test_announcements_may_come_before_the_submit_is_answered(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    horde.script.next(webhooks="early")

    answer = await client.submit(webhook=f"{receiver.origin}/x")

    assert answer.status == 202
    assert [body["request"] for *_, body in receiver.received] == [answer.json["id"]]


async def test_announcements_may_be_late(horde: SandboxHorde, client: Client, receiver: Receiver):
    horde.script.next(webhook_delay_s=0.05)
    remote_id = await drawn(horde, client, f"{receiver.origin}/x")
    before = list(receiver.received)

    await eventually(lambda: receiver.received)

    assert before == []
    assert receiver.received[0][3]["request"] == remote_id


async def test_announcements_are_under_way_for_as_long_as_the_horde_is_far(receiver: Receiver):
    far = HordeRules(distance_s=0.2, https_only_webhooks=False, speed=0)
    async with SandboxHorde(far) as horde, aiohttp.ClientSession() as session:
        client = Client(session, horde)
        remote_id = await client.accepted(webhook=f"{receiver.origin}/x")
        horde.finish(remote_id)
        await horde.webhooks_sent()
        before = list(receiver.received)

        await eventually(lambda: receiver.received)

    assert before == []


async def test_a_restart_loses_what_was_not_sent(
    horde: SandboxHorde, client: Client, receiver: Receiver
):
    slow = await client.accepted(webhook=f"{receiver.origin}/slow/x")
    behind_it = await client.accepted(webhook=f"{receiver.origin}/never")
    horde.finish(slow)
    horde.finish(behind_it)
    await eventually(lambda: receiver.received)

    await horde.restart(with_memory=True)
    await horde.webhooks_sent()

    assert {path for _, path in receiver.hits} == {"/slow/x"}


async def test_without_tls_only_when_the_rules_allow_it(horde: SandboxHorde, client: Client):
    allowed = await client.submit(webhook="http://127.0.0.1:9/x")
    horde.switch(https_only_webhooks=True)
    refused = await client.submit(webhook="http://127.0.0.1:9/x")

    assert allowed.status == 202
    assert refused.json["rc"] == "BadRequest"
