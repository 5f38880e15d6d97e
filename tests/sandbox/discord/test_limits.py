"""Rate limits on the wire: headers, 429s, the global bucket and the ban."""

import aiohttp
import pytest

from bot.sandbox.discord.rules import DiscordRules, Limit


@pytest.fixture
async def http(sandbox):
    """A client without any manners."""
    headers = {"Authorization": f"Bot {sandbox.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


@pytest.fixture
def say(http, sandbox, channel):
    async def say(text: str = "hello"):
        url = f"{sandbox.api_url}/channels/{channel.id}/messages"
        async with http.post(url, json={"content": text}) as answer:
            return answer.status, dict(answer.headers), await answer.json()

    return say


async def test_every_answer_tells_its_bucket(say):
    _, headers, _ = await say()

    assert headers["X-RateLimit-Limit"] == "5"
    assert headers["X-RateLimit-Remaining"] == "4"
    assert 4 < float(headers["X-RateLimit-Reset-After"]) <= 5
    assert headers["X-RateLimit-Bucket"]
    assert headers["Via"]


async def test_the_sixth_message_in_five_seconds_is_refused(say):
    for _ in range(5):
        await say()

    status, headers, body = await say()

    assert status == 429
    assert headers["X-RateLimit-Scope"] == "user"
    assert headers["Via"]
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False


async def test_a_bucket_fills_again_with_time(say, sandbox):
    for _ in range(5):
        await say()

    sandbox.clock.advance(5)

    assert (await say())[0] == 200


async def test_channels_have_buckets_of_their_own(say, http, sandbox, guild):
    for _ in range(5):
        await say()
    other = guild.channel("other")

    url = f"{sandbox.api_url}/channels/{other.id}/messages"
    async with http.post(url, json={"content": "hello"}) as answer:
        assert answer.status == 200


async def test_more_than_fifty_requests_in_a_second_hit_the_global_limit(http, sandbox, guild):
    rooms = [guild.channel(f"room-{number}") for number in range(51)]
    seen = []
    for room in rooms:
        url = f"{sandbox.api_url}/channels/{room.id}"
        async with http.get(url) as answer:
            seen.append((answer.status, answer.headers.get("X-RateLimit-Global")))

    assert seen[-1] == (429, "true")
    assert {status for status, _ in seen[:-1]} == {200}


async def test_a_token_takes_five_edits_in_two_seconds(bot, ann, sandbox):
    await ann.runs("/hand")
    interaction = bot.heard[-1]
    url = f"{sandbox.api_url}/webhooks/{sandbox.application_id}/{interaction.token}/messages/@original"
    seen = []
    async with aiohttp.ClientSession() as http:
        for number in range(6):
            async with http.patch(url, json={"content": str(number)}) as answer:
                seen.append(answer.status)

    assert seen == [200] * 5 + [429]


class TestBan:
    @pytest.fixture
    def rules(self):
        return DiscordRules(invalid_requests=Limit(count=2, per_s=600))

    async def test_too_many_invalid_requests_end_in_a_ban_without_via(self, sandbox):
        url = f"{sandbox.api_url}/users/@me"
        async with aiohttp.ClientSession() as http:
            for _ in range(2):
                async with http.get(url) as answer:
                    assert answer.status == 401
            async with http.get(url) as answer:
                status, via, kind = answer.status, answer.headers.get("Via"), answer.content_type

        assert (status, via, kind) == (429, None, "text/html")


class TestSmallBuckets:
    @pytest.fixture
    def rules(self):
        return DiscordRules(channel_bucket=Limit(count=2, per_s=0.3))

    async def test_the_library_reads_the_headers_and_never_meets_a_429(self, bot, sandbox, channel):
        place = bot.get_partial_messageable(int(channel.id))
        for number in range(5):
            await place.send(str(number))

        assert 429 not in {request.status for request in sandbox.requests}


class TestWithoutLimits:
    @pytest.fixture
    def rules(self):
        return DiscordRules(rate_limits=False)

    async def test_limits_can_be_switched_off(self, say):
        assert {(await say())[0] for _ in range(10)} == {200}
