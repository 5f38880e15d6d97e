"""Faults on demand: requests that fail, connections that break, sockets that fall silent."""

import aiohttp
import discord
import pytest

from bot.sandbox.discord.rules import DiscordRules

ORIGINAL = "/webhooks/*/*/messages/@original"


async def test_a_status_replaces_the_answer_so_many_times(bot, ann, sandbox):
    made = await ann.runs("/hand")
    interaction = bot.heard[-1]
    sandbox.faults.add("PATCH", ORIGINAL, status=400, times=1)

    with pytest.raises(discord.HTTPException):
        await interaction.edit_original_response(content="one")
    await interaction.edit_original_response(content="two")

    assert [version.text for version in made.versions] == ["", "two"]


async def test_whoever_stands_in_front_may_say_anything(sandbox):
    sandbox.faults.add("GET", "/gateway", status=429, says="<html>", headers={"Retry-After": "7"})

    async with aiohttp.ClientSession() as http, http.get(f"{sandbox.api_url}/gateway") as answer:
        assert (answer.status, await answer.text()) == (429, "<html>")
        assert (answer.content_type, answer.headers["Retry-After"]) == ("text/html", "7")


async def test_a_delay_holds_the_request_back(bot, ann, sandbox):
    await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, delay_s=0.2)

    await bot.heard[-1].edit_original_response(content="one")

    assert sandbox.requests[-1].took_s >= 0.2


@pytest.mark.parametrize("where,arrives", [("before", False), ("after", True), ("body", True)])
async def test_a_connection_can_break(bot, ann, sandbox, where, arrives):
    made = await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, cut=where)

    with pytest.raises(aiohttp.ClientError):
        await bot.heard[-1].edit_original_response(content="one")

    assert made.shows("one") is arrives


async def test_the_cdn_fails_on_demand_too(bot, ann, sandbox):
    card = await ann.runs("/draw", prompt="a cat")
    done = await card.until(lambda seen: seen.attachments)
    url = done.attachments[0].url
    sandbox.faults.add("GET", "/cdn/attachments/*", status=503)
    sandbox.faults.add("GET", "/cdn/attachments/*", cut="body")

    async with aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            assert answer.status == 503
        with pytest.raises(aiohttp.ClientPayloadError):
            async with http.get(url) as answer:
                await answer.read()
        async with http.get(url) as answer:
            assert await answer.read() == done.attachments[0].data


async def test_a_429_on_demand_is_waited_out(bot, ann, sandbox):
    made = await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, status=429)

    await bot.heard[-1].edit_original_response(content="one")

    assert made.text == "one"


async def test_disarmed_faults_do_nothing(bot, ann, sandbox):
    await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, status=400)

    sandbox.faults.clear()

    await bot.heard[-1].edit_original_response(content="one")


async def test_disarmed_deliveries_arrive(bot, ann, sandbox):
    sandbox.deliver(lose=True, times=2)

    sandbox.faults.clear()
    await ann.runs("/hand")

    assert len(bot.heard) == 1


async def test_a_cut_socket_resumes_and_hears_what_it_missed(bot, ann, sandbox):
    sandbox.faults.socket("cut")

    await ann.runs("/hand")

    assert len(bot.heard) == 1
    assert [request.route for request in sandbox.requests].count("/gateway/bot") == 1


async def test_op_7_makes_the_client_resume(bot, ann, sandbox):
    sandbox.faults.socket("reconnect")

    await ann.runs("/hand")

    assert len(bot.heard) == 1


async def test_frames_may_come_in_parts(bot, ann, sandbox):
    sandbox.faults.socket("partial")

    await ann.runs("/hand")

    assert len(bot.heard) == 1


class TestWithQuickHeartbeats:
    @pytest.fixture
    def rules(self):
        return DiscordRules(heartbeat_interval_s=0.2, identify_every_s=0)

    async def test_a_silent_socket_is_given_up_and_resumed(self, bot, ann, sandbox):
        bot._connection.heartbeat_timeout = 0.5
        for shard in bot._AutoShardedClient__shards.values():
            shard.ws._max_heartbeat_timeout = 0.5
            shard.ws._keep_alive.heartbeat_timeout = 0.5
        resumed = bot.wait_for("resumed", timeout=20)

        sandbox.faults.socket("silence")
        await resumed
        await ann.runs("/hand")

        assert len(bot.heard) == 1
