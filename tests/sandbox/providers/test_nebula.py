"""The sandbox Nebula Block: a call that lasts, what it brings, and what goes wrong on the way."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.providers.nebula import NebulaRules, SandboxNebula
from bot.sandbox.providers.nebula.models import FILL, SCHNELL, SDXL, SEEDREAM
from tests.media.sample_pictures import half_red_half_blue, written

KEY = "ak_MARKED-0123456789"
# The bodies that the service's document shows.
DOCUMENTED = {
    "model": SDXL,
    "prompt": "insert your prompt here",
    "num_steps": 25,
    "guidance_scale": 9,
    "width": 1024,
    "height": 1024,
    "negative_prompt": None,
}
REPAINTING = {
    "model": FILL,
    "prompt": "a red baseball cap",
    "num_steps": 40,
    "guidance_scale": 4.5,
    "width": 128,
    "height": 64,
}
WAIT_S = 5.0


@pytest.fixture
async def nebula() -> AsyncIterator[SandboxNebula]:
    """A service whose time stands still unless the test moves it, and whose calls take none."""
    async with SandboxNebula(NebulaRules(speed=0)) as sandbox:
        sandbox.script.default(seconds=0)
        sandbox.add_key(KEY, dollars=1)
        yield sandbox


class Client:
    def __init__(self, session: aiohttp.ClientSession, nebula: SandboxNebula) -> None:
        self._session = session
        self._nebula = nebula

    async def ask(
        self, method: str, path: str, *, key: str = KEY, base: str = "", **wishes: Any
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = (base or self._nebula.url) + path
        async with self._session.request(method, url, headers=headers, **wishes) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def draw(self, *, key: str = KEY, **changes: Any) -> tuple[int, Any]:
        body = {"model": SCHNELL, "prompt": "a cat", "width": 64, "height": 64} | changes
        return await self.ask("POST", "/images/generation", key=key, json=body)

    async def drawn(self, **changes: Any) -> list[bytes]:
        status, body = await self.draw(**changes)
        assert (status, body["status"]) == (200, "success"), body
        return [base64.b64decode(entry["b64_json"]) for entry in body["data"]]


@pytest.fixture
async def client(nebula: SandboxNebula) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, nebula)


async def until(is_so) -> None:
    async with asyncio.timeout(WAIT_S):
        while not is_so():
            await asyncio.sleep(0.01)


def coded(picture: Image.Image, kind: str = "PNG") -> str:
    return base64.b64encode(written(picture, kind)).decode()


# ---------------------------------------------------------------- the call


async def test_a_key_can_be_refused_for_a_while(nebula, client):
    nebula.expire_key(KEY)
    refused, _ = await client.ask("GET", "/users/credits")
    nebula.expire_key(KEY, is_expired=False)

    assert refused == 401
    assert (await client.ask("GET", "/users/credits"))[0] == 200


async def test_the_documented_request_is_answered_in_the_documented_envelope(nebula, client):
    status, body = await client.ask("POST", "/images/generation", json=DOCUMENTED)

    (entry,) = body["data"]
    assert status == 200
    assert (body["model"], body["object"], body["status"]) == (SDXL, "list", "success")
    assert entry["index"] == 0
    assert entry["timings"]["inference"] == 0
    with Image.open(io.BytesIO(base64.b64decode(entry["b64_json"]))) as opened:
        assert (opened.format, opened.size) == ("JPEG", (1024, 1024))
    assert nebula.truth.charged == 1500
    assert (await client.ask("GET", "/users/credits"))[1]["data"] == {
        "available_balance": "0.998500"
    }


async def test_the_call_lasts_as_long_as_its_script_says(nebula, client):
    nebula.script.next(seconds=240)
    call = asyncio.create_task(client.draw())
    await until(lambda: nebula.truth.jobs)
    nebula.clock.advance(239)
    await asyncio.sleep(0.05)
    was_over = call.done()

    nebula.clock.advance(1)
    status, body = await call

    assert not was_over
    assert (status, body["data"][0]["timings"]) == (200, {"inference": 240})


async def test_a_held_call_waits_until_it_is_finished(nebula, client):
    nebula.script.next(held=True)
    call = asyncio.create_task(client.draw())
    await until(lambda: nebula.truth.jobs)
    nebula.clock.advance(3600)
    await asyncio.sleep(0.05)
    assert not call.done()

    nebula.finish(nebula.truth.jobs[0])

    assert (await call)[0] == 200


async def test_several_entries_may_come_in_any_order(nebula, client):
    nebula.script.next(pictures=3, shuffled=True)

    _, body = await client.draw()

    pictures = {entry["index"]: base64.b64decode(entry["b64_json"]) for entry in body["data"]}
    assert [entry["index"] for entry in body["data"]] == [2, 1, 0]
    assert [pictures[index] for index in range(3)] == await nebula.pictures(nebula.truth.jobs[0])
    assert len(set(pictures.values())) == 3
    assert nebula.truth.charged == 9000


async def test_the_same_seed_draws_the_same_picture_and_none_a_new_one(client):
    first, second = await client.drawn(seed=7), await client.drawn(seed=7)
    free, other = await client.drawn(), await client.drawn()

    assert first == second
    assert free != other


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_pictures_come_in_any_of_three_formats(nebula, client, kind):
    nebula.switch(picture_format=kind)

    (picture,) = await client.drawn()

    with Image.open(io.BytesIO(picture)) as opened:
        assert opened.format == kind


@pytest.mark.parametrize("coding", ["data_uri", "unpadded", "wrapped"])
async def test_base64_comes_dressed_up_where_scripted(nebula, client, coding):
    nebula.script.next(coding=coding)

    _, body = await client.draw()

    text = body["data"][0]["b64_json"]
    assert text.startswith("data:image/jpeg;base64,") == (coding == "data_uri")
    assert ("\n" in text) == (coding == "wrapped")


async def test_four_pictures_of_four_megabytes_are_one_large_answer(nebula, client):
    nebula.script.next(pictures=4, bytes_each=4_000_000)

    pictures = await client.drawn()

    assert [len(picture) for picture in pictures] == [4_000_000] * 4
    with Image.open(io.BytesIO(pictures[0])) as opened:
        opened.load()


# ---------------------------------------------------------------- what each model takes


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (SDXL, {"seed": 7}),
        (SCHNELL, {"negative_prompt": "fog"}),
        (SCHNELL, {"guidance_scale": 4.5}),
        (SEEDREAM, {"num_steps": 25}),
        (SCHNELL, {"image": "AAAA"}),
        (SCHNELL, {"steps": 4}),
    ],
)
async def test_a_field_that_the_model_does_not_take_is_refused(client, model, field):
    status, body = await client.draw(model=model, **field)

    assert status == 400
    assert f"{next(iter(field))}: Extra inputs are not permitted" in body["message"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"prompt": " "}, 400),
        ({"prompt": 7}, 400),
        ({"width": 32}, 422),
        ({"height": 1024.0}, 422),
        ({"num_steps": 0}, 400),
        ({"seed": -1}, 400),
        ({"model": "dreamy"}, 404),
        ({"model": "deepseek-ai/DeepSeek-V3"}, 404),
        ({"model": ""}, 400),
    ],
)
async def test_a_value_out_of_bounds_is_refused(nebula, client, changes, status):
    assert (await client.draw(**changes))[0] == status
    assert not nebula.truth.jobs


async def test_a_body_that_is_no_json_is_refused(client):
    assert (await client.ask("POST", "/images/generation", data=b"{"))[0] == 400
    assert (await client.ask("POST", "/images/generation", json=[1]))[0] == 400


# ---------------------------------------------------------------- repainting


@pytest.fixture
def halves() -> dict[str, str]:
    """A picture that is red on the left and blue on the right; the mask is white on the left."""
    mask = Image.new("L", (128, 64))
    mask.paste(255, (0, 0, 64, 64))
    return {"image": coded(half_red_half_blue(128, 64)), "mask": coded(mask)}


def sides(picture: bytes) -> tuple[bool, bool]:
    """Tell of the left and the right half whether it is still the source's."""
    with Image.open(io.BytesIO(picture)) as opened:
        rgb = opened.convert("RGB")
        left, right = rgb.getpixel((16, 8)), rgb.getpixel((112, 8))
    near = [
        all(abs(a - b) < 16 for a, b in zip(seen, meant, strict=True))
        for seen, meant in ((left, (255, 0, 0)), (right, (0, 0, 255)))
    ]
    return near[0], near[1]


async def test_white_parts_of_the_mask_are_repainted(client, halves):
    (picture,) = await client.drawn(**REPAINTING, **halves)

    assert sides(picture) == (False, True)


async def test_with_the_other_meaning_the_black_parts_are_and_everybody_sees_it(
    nebula, client, halves
):
    nebula.switch(repaints="black")

    (picture,) = await client.drawn(**REPAINTING, **halves)

    assert sides(picture) == (True, False)


async def test_a_mask_of_another_size_is_resized(client, halves):
    mask = Image.new("L", (64, 32))
    mask.paste(255, (32, 0, 64, 32))

    (picture,) = await client.drawn(**REPAINTING, **halves | {"mask": coded(mask)})

    assert sides(picture) == (True, False)


async def test_a_size_off_the_grid_is_brought_down_to_it(client, halves):
    (picture,) = await client.drawn(**REPAINTING | {"width": 143, "height": 79}, **halves)

    with Image.open(io.BytesIO(picture)) as opened:
        assert opened.size == (128, 64)


@pytest.mark.parametrize("missing", ["image", "mask"])
async def test_the_repainting_model_needs_both(client, halves, missing):
    sent = {name: text for name, text in halves.items() if name != missing}

    status, body = await client.draw(**REPAINTING, **sent)

    assert status == 400
    assert f"{missing}: Field required" in body["message"]


@pytest.mark.parametrize("text", ["data:image/png;base64,AAAA", "!!", "", 7, "AAAA"])
async def test_a_picture_that_is_none_is_refused(nebula, client, halves, text):
    status, body = await client.draw(**REPAINTING, **halves | {"image": text})

    assert status == 400
    assert "image: The image could not be decoded" in body["message"]
    assert nebula.truth.charged == 0


# ---------------------------------------------------------------- lists and money


async def test_the_list_mixes_kinds_and_lacks_what_it_lacks(client):
    status, body = await client.ask("GET", "/serverless/models")

    models = body["data"]["models"]
    assert status == 200
    assert {model["model_type"] for model in models} == {"Text", "Image", "Embedding", "Video"}
    assert {type(model.get("price")) for model in models} == {dict, float, str, type(None)}
    assert all({"model_name", "model_alias", "context_length"} <= set(model) for model in models)


async def test_a_cent_has_to_stay(nebula, client):
    nebula.add_key("ak_poor", dollars=0.012)

    status, body = await client.draw(key="ak_poor")

    assert (status, body["status"]) == (402, "failed")
    assert (await client.draw(key="ak_poor", model=SDXL))[0] == 200


async def test_a_plan_may_leave_models_out(nebula, client):
    nebula.add_key("ak_small", plan_models=frozenset({SDXL}))

    assert (await client.draw(key="ak_small"))[0] == 403
    assert (await client.draw(key="ak_small", model=SDXL))[0] == 200


# ---------------------------------------------------------------- the chat


async def test_the_chat_speaks_openais_language_on_a_host_of_its_own(nebula, client):
    asked = {
        "model": "deepseek-ai/DeepSeek-V3",
        "messages": [{"role": "user", "content": "good morning to you all"}],
    }

    whole = await client.ask("POST", "/chat/completions", base=nebula.chat_url, json=asked)
    _, stream = await client.ask(
        "POST", "/chat/completions", base=nebula.chat_url, json=asked | {"stream": True}
    )

    events = [line.removeprefix("data: ") for line in stream.strip().split("\n\n")]
    pieces = [json.loads(event)["choices"][0] for event in events[:-1]]
    said = "".join(piece["delta"].get("content", "") for piece in pieces)
    assert whole[1]["choices"][0]["message"]["content"] == said
    assert said == "You said: good morning to you all"
    assert (pieces[-1]["finish_reason"], events[-1]) == ("stop", "[DONE]")
    assert not nebula.url.startswith(nebula.chat_url.removesuffix("/v1"))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"model": SDXL, "messages": [{"role": "user", "content": "x"}]}, 404),
        ({"model": "deepseek-ai/DeepSeek-V3", "messages": []}, 400),
        ({"messages": "x"}, 400),
    ],
)
async def test_the_chat_refuses_what_it_cannot_do(nebula, client, asked, status):
    answer = await client.ask("POST", "/chat/completions", base=nebula.chat_url, json=asked)

    assert answer[0] == status


# ---------------------------------------------------------------- limits


async def test_so_many_a_minute_and_the_next_minute_again(nebula, client):
    nebula.switch(requests_per_min=2)
    before = [(await client.draw())[0] for _ in range(3)]
    _, refused = await client.draw()
    nebula.clock.advance(60)

    assert before == [200, 200, 429]
    assert refused["message"] == "Limit of 2 requests per minute exceeded."
    assert (await client.draw())[0] == 200


async def test_so_many_a_day_and_at_midnight_again(nebula, client):
    nebula.switch(requests_per_day=1)
    assert (await client.draw())[0] == 200
    nebula.clock.advance(60)
    status, refused = await client.draw()
    now = nebula.clock.now()
    midnight = datetime.combine(now.date() + timedelta(days=1), time.min, tzinfo=UTC)
    nebula.clock.advance((midnight - now).total_seconds())

    assert (status, refused["message"]) == (429, "Daily limit of 1 requests exceeded.")
    assert (await client.draw())[0] == 200


async def test_each_key_has_limits_of_its_own(nebula, client):
    nebula.switch(requests_per_min=1)
    nebula.add_key("ak_other")
    await client.draw()

    assert (await client.draw())[0] == 429
    assert (await client.draw(key="ak_other"))[0] == 200


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_limit_says_how_long_where_scripted(nebula, says_so):
    nebula.switch(requests_per_min=0, says_retry_after=says_so)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{nebula.url}/images/generation", headers=headers, json={}) as answer,
    ):
        assert answer.status == 429
        assert answer.headers.get("Retry-After") == ("60" if says_so else None)


# ---------------------------------------------------------------- refusals and accidents


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("invalid_request", 400),
        ("content_policy_violation", 400),
        ("invalid_api_key", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("rate_limit_exceeded", 429),
        ("internal_error", 500),
        ("service_unavailable", 503),
    ],
)
async def test_an_error_is_told_in_each_of_three_shapes(nebula, client, code, status):
    told = {}
    for shape in ("message", "nested", "detail"):
        nebula.switch(error_shape=shape)
        nebula.script.next(outcome="refused", code=code, message="No.")
        told[shape] = await client.draw()

    assert told == {
        "message": (status, {"status": "failed", "message": "No."}),
        "nested": (
            status,
            {"status": "error", "error": {"code": code, "message": "No.", "details": {}}},
        ),
        "detail": (status, {"detail": "No."}),
    }
    assert nebula.truth.charged == 0


async def test_faults_in_fields_are_a_list_where_the_framework_tells_them(nebula, client):
    nebula.switch(error_shape="detail")

    status, body = await client.draw(num_steps=0, seed=-1)

    assert status == 422
    assert [fault["loc"] for fault in body["detail"]] == [["body", "num_steps"], ["body", "seed"]]


@pytest.mark.parametrize(
    ("outcome", "charged"),
    [("failed", 0), ("empty", 3000), ("missing", 3000), ("broken", 3000), ("no_picture", 3000)],
)
async def test_a_good_status_may_bring_nothing_and_be_charged(nebula, client, outcome, charged):
    nebula.script.next(outcome=outcome)

    status, body = await client.draw()

    assert status == 200
    assert body["status"] == ("failed" if outcome == "failed" else "success")
    assert len(body["data"]) == (outcome not in {"failed", "empty"})
    assert nebula.truth.charged == charged


@pytest.mark.parametrize("key", ["", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/images/generation"), ("GET", "/serverless/models"), ("GET", "/users/credits")],
)
async def test_without_a_good_key_nothing_is_told(client, method, path, key):
    assert (await client.ask(method, path, key=key, json={}))[0] == 401


async def test_a_key_may_have_run_out(nebula, client):
    nebula.add_key("ak_old", is_expired=True)

    assert (await client.draw(key="ak_old"))[0] == 401


async def test_the_documents_own_example_is_wrong_twice(client):
    assert await client.ask("GET", "/images/generation") == (405, {"detail": "Method Not Allowed"})
    assert await client.ask("POST", "/api/v1/images/generation", json=DOCUMENTED) == (
        404,
        {"detail": "Not Found"},
    )
    assert (await client.ask("POST", "/images/generate", json=DOCUMENTED))[0] == 404


async def test_a_call_cut_after_it_was_read_is_charged_and_one_before_is_not(nebula, client):
    nebula.faults.add("POST", "/images/generation", kind="cut_before")
    nebula.faults.add("POST", "/images/generation", kind="cut_after")

    charged = []
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await client.draw()
        charged.append(nebula.truth.charged)

    assert charged == [0, 3000]


async def test_whoever_hangs_up_is_charged_all_the_same(nebula, client):
    nebula.script.next(held=True)
    call = asyncio.create_task(client.draw())
    await until(lambda: nebula.truth.jobs)
    call.cancel()
    nebula.finish(nebula.truth.jobs[0])
    await until(lambda: nebula.truth.jobs[0].answered)

    assert nebula.truth.charged == 3000


async def test_a_proxys_page_and_a_slow_drip_come_on_demand(nebula, client):
    nebula.faults.add("POST", "/images/generation", kind="html")
    nebula.faults.add("POST", "/images/generation", kind="drip", delay_s=0.2)

    page = await client.draw()

    assert page[0] == 502
    assert page[1].startswith("<html>")
    assert len(await client.drawn()) == 1
    assert nebula.calls.of("POST", "/images/generation")[-1].fault == "drip"


async def test_a_restart_cuts_whoever_waits_and_keeps_the_bill(nebula, client):
    nebula.script.next(held=True)
    call = asyncio.create_task(client.draw())
    await until(lambda: nebula.truth.jobs)

    await nebula.restart()

    with pytest.raises(aiohttp.ClientError):
        await call
    assert nebula.truth.charged == 3000
    assert (await client.draw())[0] == 200


async def test_what_was_asked_is_remembered_without_the_key(nebula, client):
    await client.draw()

    (call,) = nebula.calls.of("POST", "/images/generation")
    assert call.status == 200
    assert call.key_tail == KEY[-4:]
    assert KEY not in repr(call)
