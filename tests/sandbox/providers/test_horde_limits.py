"""How often one may ask, and what happens beyond."""

import pytest

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import Client


async def test_a_third_submit_in_a_second_is_refused_without_a_code(
    horde: SandboxHorde, client: Client
):
    first, second, third = [await client.submit() for _ in range(3)]
    horde.clock.advance(1)
    fourth = await client.submit()

    assert [first.status, second.status, third.status, fourth.status] == [202, 202, 429, 202]
    assert third.json == {"message": "2 per 1 second"}
    assert third.headers["retry-after"] == "1"
    assert third.headers["x-ratelimit-remaining"] == "0"
    assert len(horde.truth.jobs) == 3


async def test_the_ninety_first_submit_in_a_minute_waits_for_the_window(
    horde: SandboxHorde, client: Client
):
    for _ in range(45):
        await client.submit(dry_run=True)
        await client.submit(dry_run=True)
        horde.clock.advance(1.2)
    refused = await client.submit()
    horde.clock.advance(6.1)
    allowed = await client.submit()

    assert refused.json == {"message": "90 per 1 minute"}
    assert refused.headers["x-ratelimit-limit"] == "90"
    assert refused.headers["retry-after"] == "6"
    assert allowed.status == 202


async def test_invalid_submits_count_too(horde: SandboxHorde, client: Client):
    await client.submit(params={"width": 500})
    await client.submit(params={"width": 500})

    assert (await client.submit()).status == 429


@pytest.mark.parametrize(
    "method, path, count",
    [
        ("GET", "/generate/check/{id}", 10),
        ("GET", "/generate/status/{id}", 10),
        ("DELETE", "/generate/status/{id}", 10),
        ("GET", "/generate/text/status/{text}", 60),
        ("DELETE", "/generate/text/status/{text}", 60),
        ("GET", "/interrogate/status/{alchemy}", 10),
        ("DELETE", "/interrogate/status/{alchemy}", 10),
        ("GET", "/styles/image", 10),
        ("GET", "/styles/image_by_name/ink%20wash", 90),
        ("GET", "/status/modes", 30),
        ("GET", "/users/0", 60),
        ("GET", "/find_user", 90),
        ("GET", "/status/models", 90),
    ],
)
async def test_a_route_has_its_own_limit(
    method: str, path: str, count: int, horde: SandboxHorde, client: Client
):
    one, other = await client.accepted(), await client.accepted()
    key = None if path == "/status/modes" else "0000000000"

    text, alchemy = await client.written(), await client.transmuted("caption")
    path = path.replace("{id}", one).replace("{text}", text).replace("{alchemy}", alchemy)
    answers = [await client.ask(method, path, key=key) for _ in range(count + 1)]
    elsewhere = await client.ask("GET", f"/generate/check/{other}")

    assert [answer.status for answer in answers] == [200] * count + [429]
    assert elsewhere.status == 200


async def test_the_heartbeat_is_exempt(horde: SandboxHorde, client: Client):
    answers = [await client.ask("GET", "/status/heartbeat") for _ in range(120)]

    assert {answer.status for answer in answers} == {200}
    assert not any("retry-after" in answer.headers for answer in answers)


async def test_limits_can_be_switched_off_and_are_still_told(horde: SandboxHorde, client: Client):
    horde.switch(limited=False)

    answers = [await client.submit() for _ in range(5)]

    assert {answer.status for answer in answers} == {202}
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"


async def test_a_trusted_key_frees_its_address_for_everybody(horde: SandboxHorde, client: Client):
    horde.add_key("trusted", username="bea#9", trusted=True)
    await client.submit(key="trusted")

    answers = [await client.submit() for _ in range(9)]

    assert {answer.status for answer in answers} == {202}
    assert answers[0].headers["x-ratelimit-limit"] == "10"


async def test_too_many_waiting_pictures_are_refused_with_a_code(
    horde: SandboxHorde, client: Client
):
    horde.add_key("mine", username="ann#7", kudos=1000)
    horde.script.default(held=True)
    remote_id = await client.accepted(key="mine", params={"n": 20})

    refused = await client.submit(key="mine", params={"n": 11})
    horde.finish(remote_id)
    horde.clock.advance(1)
    allowed = await client.submit(key="mine", params={"n": 11})

    assert (refused.status, refused.json["rc"]) == (429, "TooManyPrompts")
    assert allowed.status == 202
