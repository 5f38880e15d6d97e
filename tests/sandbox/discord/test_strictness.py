"""What a real Discord would not forgive is a violation here."""

import aiohttp
import pytest


@pytest.fixture
async def http(sandbox):
    headers = {"Authorization": f"Bot {sandbox.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def test_an_unknown_route_is_no_polite_200(http, sandbox, forgiving):
    async with http.get(f"{sandbox.api_url}/guilds/1/dreams") as answer:
        assert answer.status == 404

    assert sandbox.violations == ["no such route: GET /guilds/1/dreams"]


async def test_an_unknown_key_is_a_violation(http, sandbox, channel, forgiving):
    url = f"{sandbox.api_url}/channels/{channel.id}/messages"
    async with http.post(url, json={"content": "hello", "colour": "red"}):
        pass

    assert sandbox.violations == [
        "POST /channels/{channel_id}/messages: colour: unknown key",
    ]
    with pytest.raises(AssertionError, match="colour: unknown key"):
        sandbox.raise_if_violated()


async def test_bot_routes_want_the_bots_token(sandbox):
    async with aiohttp.ClientSession() as http, http.get(f"{sandbox.api_url}/users/@me") as answer:
        assert answer.status == 401
        assert (await answer.json())["message"] == "401: Unauthorized"


async def test_a_body_that_is_no_json_is_refused(http, sandbox, channel):
    url = f"{sandbox.api_url}/channels/{channel.id}/messages"
    async with http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_a_body_no_rule_foresaw_is_a_violation_and_a_500(http, sandbox, channel, forgiving):
    url = f"{sandbox.api_url}/channels/{channel.id}/messages"
    async with http.post(url, json=["not", "a", "message"]) as answer:
        assert answer.status == 500

    assert any("broke the sandbox" in violation for violation in sandbox.violations)


async def test_an_address_outside_discord_is_a_violation(http, sandbox, forgiving):
    async with http.get(sandbox.api_url.replace("/api/v10", "/api/v9/users/@me")) as answer:
        assert answer.status == 404

    assert sandbox.violations == ["no such address: GET /api/v9/users/@me"]


async def test_a_listed_attachment_that_does_not_exist_is_refused(http, sandbox, channel):
    url = f"{sandbox.api_url}/channels/{channel.id}/messages"
    body = {"content": "hello", "attachments": [{"id": 0, "filename": "ghost.png"}]}
    async with http.post(url, json=body) as answer:
        status, error = answer.status, await answer.json()

    assert (status, error["code"]) == (400, 50035)
    assert "no file" in error["errors"]["attachments"]["0"]["id"]["_errors"][0]["message"]
