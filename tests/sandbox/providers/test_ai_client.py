"""The sandbox ai-client: threads, entries, the answers' many shapes, and what is refused."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.providers.ai_client import AiClientRules, SandboxAiClient

RECORDED = Path(__file__).parents[2] / "recorded" / "ai_client"
KEY = "1|bearer-of-a-test"
JSON_PLEASE = {"Accept": "application/json"}


def documented(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"documented_{name}.json").read_text("utf-8"))


ENTRY = documented("entry")["request"]["text"]


@pytest.fixture
async def service() -> AsyncIterator[SandboxAiClient]:
    """A service whose time stands still unless the test moves it."""
    async with SandboxAiClient(AiClientRules(speed=0)) as sandbox:
        sandbox.add_key(KEY, credits=100)
        yield sandbox


class Client:
    def __init__(self, session: aiohttp.ClientSession, service: SandboxAiClient) -> None:
        self.session = session
        self.service = service
        self.headers: dict[str, str] = {}

    async def ask(
        self, method: str, path: str, *, key: str = KEY, form: str | None = None, **wishes: Any
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"} | JSON_PLEASE | wishes.pop("headers", {})
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            wishes["data"] = form
        async with self.session.request(
            method, self.service.url + path, headers=headers, allow_redirects=False, **wishes
        ) as answer:
            self.headers = dict(answer.headers)
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def thread(self) -> str:
        _, body = await self.ask(
            "POST", "/threads", form="ai_version_code=stablediffusion_text2img"
        )
        return str(body["data"]["guid"])

    async def entry(self, thread: str, form: str = ENTRY, **wishes: Any) -> tuple[int, Any]:
        return await self.ask("POST", f"/threads/{thread}/entry", form=form, **wishes)

    async def entries(self, thread: str) -> list[dict[str, Any]]:
        status, body = await self.ask("GET", f"/threads/{thread}/entries")
        assert status == 200, body
        return body["data"]

    async def download(self, url: str) -> tuple[int, bytes]:
        async with self.session.get(url, allow_redirects=False) as answer:
            return answer.status, await answer.read()


@pytest.fixture
async def client(service: SandboxAiClient) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, service)


async def asked(client: Client, **script: Any) -> str:
    """Send the documented request in a thread of its own; return the thread."""
    client.service.script.next(**script)
    thread = await client.thread()
    status, body = await client.entry(thread)
    assert status == 201, body
    return thread


def shape(value: Any) -> Any:
    """Return the keys and types of an answer."""
    match value:
        case dict():
            return {name: shape(item) for name, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case _:
            return type(value).__name__


async def test_a_thread_and_an_entry_look_as_documented(service, client):
    service.script.next(no_error="None")

    status, thread = await client.ask(
        "POST", "/threads", form=documented("thread")["request"]["text"]
    )
    _, entry = await client.entry(thread["data"]["guid"])

    assert status == 201
    assert shape(thread) == shape(documented("thread")["response"]["json"])
    assert entry["data"]["content"] == documented("entry")["response"]["json"]["data"]["content"]
    assert shape(entry) == shape(documented("entry")["response"]["json"])


@pytest.mark.parametrize(
    ("name", "no_error"), [("entries_done", "None"), ("entries_done_with_nulls", None)]
)
async def test_finished_entries_look_as_documented(service, client, name, no_error):
    thread = await asked(client, no_error=no_error)
    service.finish(thread)

    entries = await client.entries(thread)

    expected = documented(name)["response"]["json"]["data"]
    assert shape(entries) == shape(expected)
    assert entries[1]["credits"] == expected[1]["credits"] == 10
    assert entries[0]["error"] == no_error


async def test_a_request_waits_and_then_has_its_response(service, client):
    thread = await asked(client, seconds=10, gap_s=5)
    seen = [await client.entries(thread)]

    for seconds in (10, 5):
        service.clock.advance(seconds)
        seen.append(await client.entries(thread))

    assert [[entry["waiting_response"] for entry in entries] for entries in seen] == [
        [True],
        [False],
        [False, False],
    ]


async def test_pictures_and_thumbnails_lie_on_the_second_host(service, client):
    thread = await asked(client)
    service.finish(thread)
    images = (await client.entries(thread))[1]["content"]

    for image, expected in zip(images, await service.pictures(thread), strict=True):
        _, full = await client.download(image["url"])
        _, thumbnail = await client.download(image["thumbnail_url"])

        assert image["url"].startswith(f"{service.images_origin}/storage/stablediffusion_text2img/")
        assert full == expected
        assert len(full) == image["filesize"]
        with Image.open(io.BytesIO(full)) as opened, Image.open(io.BytesIO(thumbnail)) as small:
            assert f"{opened.width}x{opened.height}" == image["dimensions"] == "1024x1024"
            assert (opened.format, small.format, small.size) == ("PNG", "JPEG", (256, 256))
    assert len({image["url"] for image in images}) == 2
    assert (await client.download(f"{service.images_origin}/storage/nothing.png"))[0] == 404


@pytest.mark.parametrize(
    ("outcome", "content"),
    [("empty", []), ("null", None), ("text", {"role": "assistant", "content": "I would rather talk about it."})],
)  # fmt: skip
async def test_a_response_may_hold_something_else(service, client, outcome, content):
    thread = await asked(client, outcome=outcome)
    service.finish(thread)

    response = (await client.entries(thread))[1]

    assert (response["content"], response["credits"]) == (content, 0)


async def test_a_response_may_be_an_object_with_images(service, client):
    thread = await asked(client, outcome="object", images_missing=1)
    service.finish(thread)

    response = (await client.entries(thread))[1]

    assert len(response["content"]["images"]) == 1
    assert response["credits"] == 5


async def test_errors_come_on_the_response_or_on_the_request(service, client):
    on_response = await asked(client, outcome="error", error_text="It broke.", no_error="")
    on_request = await asked(client, outcome="request_error", error_text="It broke.", no_error="")
    service.finish(on_response)
    service.finish(on_request)

    errors = [
        [entry["error"] for entry in await client.entries(thread)]
        for thread in (on_response, on_request)
    ]

    assert errors == [["", "It broke."], ["It broke."]]
    assert service.truth.charged == 0


async def test_a_response_may_never_come(service, client):
    silent = await asked(client, outcome="silent")
    never = await asked(client, outcome="never")
    service.finish(silent)
    service.clock.advance(3600)

    assert [entry["waiting_response"] for entry in await client.entries(silent)] == [False]
    assert [entry["waiting_response"] for entry in await client.entries(never)] == [True]


async def test_a_held_request_waits(service, client):
    thread = await asked(client)
    service.hold(thread)

    service.clock.advance(3600)

    assert [entry["waiting_response"] for entry in await client.entries(thread)] == [True]


async def test_responses_come_in_their_own_order_and_name_no_request(service, client):
    service.script.next(seconds=9)
    service.script.next(seconds=3, images_missing=1)
    thread = await client.thread()
    await client.entry(thread)
    await client.entry(thread)
    service.clock.advance(10)

    entries = await client.entries(thread)

    assert [entry["type"] for entry in entries] == ["request", "request", "response", "response"]
    assert [entry["credits"] for entry in entries] == [0, 0, 5, 10]


async def test_old_answers_have_no_date_and_new_ones_may_have_anything(service, client):
    thread = await asked(client, has_dates=False, has_strangers=True, has_wrong_sizes=True)
    service.finish(thread)

    request, stranger, response = await client.entries(thread)

    assert "created_at" not in request
    assert stranger["type"] == "notice"
    assert (response["content"][0]["dimensions"], response["content"][0]["filesize"]) == ("1x1", 1)


@pytest.mark.parametrize(
    ("links", "start"),
    [("elsewhere", "https://pictures.elsewhere.example/"), ("private", "https://10.1.2.3/")],
)
async def test_links_may_lead_astray(service, client, links, start):
    thread = await asked(client, links=links)
    service.finish(thread)

    assert (await client.entries(thread))[1]["content"][0]["url"].startswith(start)


FORM = dict(pair.split("=") for pair in ENTRY.split("&"))


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"type": None}, {"type": ["The type field is required."]}),
        ({"engine": "unheard-of"}, {"engine": ["The selected engine is invalid."]}),
        ({"resolution": "640x480"}, {"resolution": ["The selected resolution is invalid."]}),
        ({"style": "plain"}, {"style": ["The selected style is invalid."]}),
        ({"images": "11"}, {"images": ["The images field must be between 1 and 10."]}),
        ({"images": "two"}, {"images": ["The images field must be an integer."]}),
        ({"steps": "9", "engine": None}, {"engine": ["The engine field is required."],
                                          "steps": ["The steps field must be between 10 and 50."]}),
        ({"prompts%5B0%5D%5Btext%5D": ""}, {"prompts.0.text": ["The prompts.0.text field is required."]}),
        ({"prompts%5B1%5D%5Bweight%5D": "much"}, {"prompts.1.weight": ["The prompts.1.weight field must be a number."]}),
        ({"prompts%5B0%5D%5Bweight%5D": "-2"}, {"prompts": ["The prompts field is required."]}),
    ],
)  # fmt: skip
async def test_fields_are_refused_one_by_one(service, client, changes, errors):
    fields = {name: value for name, value in (FORM | changes).items() if value is not None}

    status, body = await client.entry(
        await client.thread(), "&".join(f"{name}={value}" for name, value in fields.items())
    )

    assert (status, body["errors"]) == (422, errors)
    assert service.truth.requests == ()


async def test_the_message_counts_the_other_errors(client):
    _, body = await client.entry(await client.thread(), "style=neon-punk")

    assert body["message"] == "The type field is required. (and 3 more errors)"


async def test_json_is_no_form(client):
    status, _ = await client.ask(
        "POST", f"/threads/{await client.thread()}/entry", json={"type": "request"}
    )

    assert status == 422


@pytest.mark.parametrize("form", ["", "ai_version_code=gpt-4"])
async def test_a_thread_needs_a_version_that_is_known(client, form):
    status, body = await client.ask("POST", "/threads", form=form)

    assert status == 422
    assert list(body["errors"]) == ["ai_version_code"]


async def test_weights_are_signed_and_may_have_fractions(service, client):
    form = ENTRY.replace("weight%5D=1", "weight%5D=1.5").replace("weight%5D=-1", "weight%5D=-0.5")

    _, body = await client.entry(await client.thread(), form)

    assert [prompt["weight"] for prompt in body["data"]["content"]["prompts"]] == [1.5, -0.5]


async def test_whoever_does_not_ask_for_json_is_sent_to_the_login_page(client):
    status, page = await client.ask("POST", "/threads", headers={"Accept": "*/*"})

    assert status == 302
    assert client.headers["Location"].endswith("/login")
    assert page.startswith("<!DOCTYPE html>")


async def test_threads_belong_to_their_token(service, client):
    service.add_key("other")
    thread = await client.thread()

    unknown = await client.ask("GET", f"/threads/{thread}/entries", key="unknown")
    others = await client.ask("GET", f"/threads/{thread}/entries", key="other")
    nowhere = await client.ask("GET", "/models")

    assert unknown == (401, {"message": "Unauthenticated."})
    assert others == (404, {"message": "No query results for model [Thread]."})
    assert nowhere[0] == 404


async def test_a_token_can_be_refused_for_a_while_and_its_threads_stay_its_own(service, client):
    thread = await client.thread()

    service.expire_key(KEY)
    refused = await client.ask("GET", f"/threads/{thread}/entries")
    service.expire_key(KEY, is_expired=False)

    assert refused == (401, {"message": "Unauthenticated."})
    assert await client.entries(thread) == []


async def test_a_limit_says_how_long_it_lasts(service, client):
    service.switch(calls_per_min=2)
    thread = await client.thread()
    await client.entries(thread)
    status, _ = await client.ask("GET", f"/threads/{thread}/entries")
    wait_s = int(client.headers["Retry-After"])

    service.clock.advance(wait_s)

    assert status == 429
    assert len(await client.entries(thread)) == 0


async def test_pictures_are_paid_for_and_credits_can_end(service, client):
    poor = service.add_key("poor", credits=12)
    service.script.default(images_missing=1)
    _, thread = await client.ask(
        "POST", "/threads", key="poor", form="ai_version_code=stablediffusion_text2img"
    )
    guid = thread["data"]["guid"]

    first, _ = await client.entry(guid, key="poor")
    second, body = await client.entry(guid, key="poor")

    assert (first, second, body) == (201, 402, {"message": "You do not have enough credits."})
    assert (poor.credits, service.truth.charged) == (7, 5)


@pytest.mark.parametrize(("kind", "taken"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_connection_may_or_may_not_have_carried_the_entry(service, client, kind, taken):
    thread = await client.thread()
    service.faults.add("POST", "/threads/*/entry", kind=kind)

    with pytest.raises(aiohttp.ClientError):
        await client.entry(thread)

    assert len(await client.entries(thread)) == taken


async def test_a_restart_may_lose_every_thread_and_no_picture(service, client):
    thread = await asked(client)
    service.finish(thread)
    url = (await client.entries(thread))[1]["content"][0]["url"]

    await service.restart(with_memory=False)

    assert (await client.ask("GET", f"/threads/{thread}/entries"))[0] == 404
    assert (await client.download(url))[0] == 200


async def test_no_token_stays_in_the_log_of_calls(service, client):
    await client.thread()

    assert [call.key_tail for call in service.calls] == ["test"]
    assert KEY not in repr(list(service.calls)) + repr(service.truth)
