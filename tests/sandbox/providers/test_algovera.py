"""The sandbox Algovera: its four routes, its refusals, its accidents."""

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.providers.algovera import AlgoveraRules, SandboxAlgovera
from bot.sandbox.providers.algovera.rules import DOCUMENTED_MODELS

KEY = "a1b2c3d4" * 8
# The body that the service's document shows.
DOCUMENTED = {
    "prompt": "What a beautiful world",
    "height": 512,
    "width": 512,
    "inf_steps": 30,
    "guidance_scale": 7.0,
    "seed": 23165161,
    "base_model": "stable",
    "api_key": KEY,
}


@pytest.fixture
async def algovera() -> AsyncIterator[SandboxAlgovera]:
    """A server whose time stands still unless the test moves it."""
    async with SandboxAlgovera(AlgoveraRules(speed=0)) as sandbox:
        sandbox.add_key(KEY, credits=10)
        yield sandbox


class Client:
    def __init__(self, session: aiohttp.ClientSession, algovera: SandboxAlgovera) -> None:
        self._session = session
        self._algovera = algovera

    async def ask(self, method: str, path: str, **wishes: Any) -> tuple[int, Any]:
        url = self._algovera.url + path
        async with self._session.request(method, url, **wishes) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.read())

    async def submit(self, **changes: Any) -> tuple[int, Any]:
        body = {name: value for name, value in (DOCUMENTED | changes).items() if value is not None}
        return await self.ask("POST", "/api/txt2img", json=body)

    async def accepted(self, **changes: Any) -> str:
        status, body = await self.submit(**changes)
        assert status == 200, body
        return str(body["job_uuid"])

    async def status(self, job_uuid: str, *, key: str = KEY) -> tuple[int, Any]:
        query = {"job_uuid": job_uuid, "api_key": key}
        return await self.ask("GET", "/api/status", params=query)

    async def asset(self, job_uuid: str, *, key: str = KEY) -> tuple[int, Any]:
        body = {"api_key": key, "job_uuid": job_uuid}
        return await self.ask("GET", "/api/getAsset", json=body)


@pytest.fixture
async def client(algovera: SandboxAlgovera) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, algovera)


def faults(body: dict[str, Any]) -> dict[str, str]:
    return {str(fault["loc"][-1]): fault["msg"] for fault in body["detail"]}


async def test_the_models_are_listed_without_a_key(client):
    assert await client.ask("GET", "/api/basemodels") == (
        200,
        {"base_models": list(DOCUMENTED_MODELS)},
    )


async def test_a_job_goes_from_created_to_done_and_hands_out_its_picture(algovera, client):
    algovera.script.next(seconds=10)
    job = await client.accepted()
    first = await client.status(job)
    algovera.clock.advance(10)

    last = await client.status(job)
    status, picture = await client.asset(job)

    assert len(job) == 32
    assert int(job, 16)
    assert (first, last) == ((200, {"job_status": "created"}), (200, {"job_status": "done"}))
    with Image.open(io.BytesIO(picture)) as opened:
        assert (status, opened.format, opened.size) == (200, "JPEG", (512, 512))
    assert picture == await algovera.picture(job)
    assert algovera.truth.job(job).delivered == 1


async def test_the_same_job_twice_is_two_jobs_with_the_same_picture(algovera, client):
    first, second = await client.accepted(), await client.accepted()

    assert first != second
    assert await algovera.picture(first) == await algovera.picture(second)
    assert algovera.truth.charged == 2


async def test_without_a_seed_the_servers_own_is_used_every_time(algovera, client):
    unseeded = await client.accepted(seed=None)
    usual = await client.accepted(seed=69)

    assert await algovera.picture(unseeded) == await algovera.picture(usual)


async def test_a_held_job_waits_until_it_is_finished(algovera, client):
    algovera.script.next(held=True)
    job = await client.accepted()
    algovera.clock.advance(3600)
    before = await client.status(job)

    algovera.finish(job)

    assert before[1] == {"job_status": "created"}
    assert (await client.status(job))[1] == {"job_status": "done"}


async def test_a_running_job_can_be_held(algovera, client):
    job = await client.accepted()
    algovera.hold(job)

    algovera.clock.advance(3600)

    assert (await client.status(job))[1] == {"job_status": "created"}


async def test_a_failed_job_has_no_picture(algovera, client):
    algovera.script.next(outcome="failed")
    job = await client.accepted()
    algovera.finish(job)

    assert (await client.status(job))[1] == {"job_status": "failed"}
    assert await client.asset(job) == (404, {"detail": "Asset not found"})


async def test_an_unfinished_job_has_no_picture(client):
    assert (await client.asset(await client.accepted()))[0] == 404


async def test_the_status_can_say_anything_first(algovera, client):
    algovera.script.next(status_texts=("done", "created", "rendering"))
    job = await client.accepted()
    algovera.finish(job)

    said = [(await client.status(job))[1]["job_status"] for _ in range(4)]

    assert said == ["done", "created", "rendering", "done"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("missing", (404, {"detail": "Asset not found"})),
        ("broken", (500, b"Internal Server Error")),
        ("json", (200, {"status": "processing"})),
        ("empty", (200, b"")),
    ],
)
async def test_a_picture_that_is_done_may_be_late(algovera, client, fault, expected):
    algovera.script.next(asset_faults=1, asset_fault=fault)
    job = await client.accepted()
    algovera.finish(job)

    assert await client.asset(job) == expected
    assert (await client.asset(job))[1] == await algovera.picture(job)


async def test_a_picture_may_be_a_png_under_a_wrong_label(algovera, client):
    algovera.switch(picture_format="PNG", content_type="text/plain")
    job = await client.accepted()
    algovera.finish(job)

    _, picture = await client.asset(job)

    assert picture.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prompt": None}, {"prompt": "field required"}),
        ({"prompt": ""}, {"prompt": "ensure this value has 1 to 1000 characters"}),
        ({"prompt": 7}, {"prompt": "str type expected"}),
        ({"height": None, "width": None}, {"height": "field required", "width": "field required"}),
        ({"height": 1032}, {"height": "ensure this value is less than or equal to 1024"}),
        ({"width": 63}, {"width": "ensure this value is greater than or equal to 64"}),
        ({"width": 500}, {"width": "ensure this value is a multiple of 8"}),
        ({"width": "512"}, {"width": "value is not a valid number"}),
        ({"seed": 2**31}, {"seed": "ensure this value is less than or equal to 2147483647"}),
        ({"inf_steps": 30.5}, {"inf_steps": "value is not a valid integer"}),
        ({"guidance_scale": 0.5}, {"guidance_scale": "ensure this value is greater than or equal to 1"}),
    ],
)  # fmt: skip
async def test_a_body_of_the_wrong_form_is_refused_field_by_field(
    algovera, client, changes, expected
):
    status, body = await client.submit(**changes)

    assert (status, faults(body)) == (422, expected)
    assert algovera.truth.jobs == ()


async def test_a_model_that_is_not_listed_is_refused(client):
    status, body = await client.submit(base_model="dreamy")

    assert status == 422
    assert "'stable'" in faults(body)["base_model"]


async def test_a_body_that_is_no_json_is_refused(client):
    status, body = await client.ask("POST", "/api/txt2img", data=b"prompt=a+cat")

    assert (status, faults(body)) == (422, {"0": "Expecting value"})


async def test_keys_are_refused_for_three_reasons(algovera, client):
    algovera.add_key("nobody's", has_user=False)
    algovera.add_key("poor", credits=0)
    algovera.add_key("old", is_expired=True)

    details = [await client.submit(api_key=key) for key in ("unknown", "old", "nobody's", "poor")]

    assert details == [
        (403, {"detail": "Invalid API key"}),
        (403, {"detail": "Invalid API key"}),
        (403, {"detail": "Unknown user"}),
        (403, {"detail": "Insufficient credits"}),
    ]


async def test_a_key_can_be_refused_for_a_while_and_its_jobs_stay_its_own(algovera, client):
    job = await client.accepted()

    algovera.expire_key(KEY)
    refused, _ = await client.status(job)
    algovera.expire_key(KEY, is_expired=False)

    assert refused == 403
    assert (await client.status(job))[0] == 200


async def test_a_job_belongs_to_its_key(algovera, client):
    algovera.add_key("other")
    job = await client.accepted()

    assert await client.status(job, key="other") == (404, {"detail": "Job not found"})
    assert await client.asset(job, key="other") == (404, {"detail": "Job not found"})
    assert (await client.status(job, key="unknown"))[0] == 403


async def test_an_asset_needs_its_body(client):
    status, body = await client.ask("GET", "/api/getAsset")

    assert (status, faults(body)) == (422, {"body": "field required"})


async def test_an_asset_ignores_the_query_unless_it_is_told_to_read_it(algovera, client):
    job = await client.accepted()
    algovera.finish(job)
    query = {"api_key": KEY, "job_uuid": job}
    before = await client.ask("GET", "/api/getAsset", params=query)

    algovera.switch(takes_asset_query=True)

    assert before[0] == 422
    assert (await client.ask("GET", "/api/getAsset", params=query))[0] == 200


async def test_a_proxy_may_strip_the_body_of_a_get(algovera, client):
    algovera.switch(strips_get_bodies=True)
    job = await client.accepted()
    algovera.finish(job)

    status, body = await client.asset(job)

    assert (status, faults(body)) == (422, {"body": "field required"})


async def test_what_is_not_there_is_answered_as_fastapi_does(client):
    assert await client.ask("GET", "/api/cancel") == (404, {"detail": "Not Found"})
    assert await client.ask("GET", "/api/txt2img") == (405, {"detail": "Method Not Allowed"})


async def test_no_key_stays_in_the_log_of_calls(algovera, client):
    job = await client.accepted()
    await client.status(job)
    await client.asset(job)

    assert len(algovera.calls) == 3
    assert KEY not in repr(list(algovera.calls)) + repr(algovera.truth)


async def test_a_cut_connection_may_leave_a_job_behind(algovera, client):
    algovera.faults.add("POST", "/api/txt2img", kind="cut_after")

    with pytest.raises(aiohttp.ClientError):
        await client.submit()

    assert len(algovera.truth.jobs) == 1


async def test_a_restart_may_lose_every_job(algovera, client):
    job = await client.accepted()
    await algovera.restart(with_memory=True)
    before = await client.status(job)

    await algovera.restart(with_memory=False)

    assert before[0] == 200
    assert (await client.status(job))[0] == 404
    assert algovera.truth.job(job).charged == 1


async def test_a_mistyped_script_is_refused_at_once(algovera):
    with pytest.raises(ValueError, match="fialed"):
        algovera.script.next(outcome="fialed")
    with pytest.raises(TypeError):
        algovera.script.next(outcom="failed")
