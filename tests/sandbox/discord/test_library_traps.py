"""Traps of discord.py 2.7.1 that show on the wire. Each test fails when the library is mended."""

import asyncio

import aiohttp
import discord
import pytest

from bot.sandbox.discord.rules import DiscordRules, Limit

ORIGINAL = "/webhooks/*/*/messages/@original"
LONG_ENOUGH_S = 0.6


async def hangs(call) -> bool:
    """Tell whether a call is still not back when it should have been long ago."""
    task = asyncio.ensure_future(call)
    _, waiting = await asyncio.wait({task}, timeout=LONG_ENOUGH_S)
    if waiting:
        task.cancel()
        await asyncio.wait({task})
    return bool(waiting)


class TestTokenBucket:
    @pytest.fixture
    def rules(self):
        return DiscordRules(token_bucket=Limit(count=1, per_s=0.2))

    async def test_trap_1_a_cancelled_edit_keeps_its_tokens_lock(self, bot, ann):
        made = await ann.runs("/hand")
        interaction = bot.heard[-1]
        edit = asyncio.create_task(interaction.edit_original_response(content="one"))
        await made.until(lambda seen: seen.shows("one"))
        await asyncio.sleep(0.05)  # the answer has arrived; the library sits out Remaining: 0

        edit.cancel()
        await asyncio.wait({edit})

        assert await hangs(interaction.edit_original_response(content="two"))

    async def test_trap_10_a_tokens_calls_run_one_after_another(self, bot, ann, sandbox):
        await ann.runs("/hand")
        interaction = bot.heard[-1]
        sandbox.faults.add("PATCH", ORIGINAL, delay_s=0.3)

        await asyncio.gather(
            interaction.edit_original_response(content="one"),
            interaction.edit_original_response(content="two"),
        )

        first, second = [r for r in sandbox.requests if r.method == "PATCH"]
        assert (second.at - first.at).total_seconds() >= first.took_s


class TestGlobalBucket:
    @pytest.fixture
    def rules(self):
        return DiscordRules(global_bucket=Limit(count=5, per_s=0.4))

    async def test_trap_2_a_request_cancelled_in_a_global_429_mutes_the_bot(self, bot, sandbox):
        sandbox.clock.advance(1)
        for _ in range(5):
            await bot.http.get_bot_gateway()
        limited = asyncio.create_task(bot.http.get_bot_gateway())
        await sandbox.until_requested("GET", "/gateway/bot", times=7)
        await asyncio.sleep(0.05)  # the answer has arrived; the library waits with its gate shut

        limited.cancel()
        await asyncio.wait({limited})

        assert await hangs(bot.application_info())


@pytest.mark.parametrize("status", [503, 520])
async def test_trap_8_the_bot_client_gives_up_at_once_on_some_5xx(bot, sandbox, channel, status):
    sandbox.faults.add("POST", "/channels/*/messages", status=status)

    with pytest.raises(discord.DiscordServerError):
        await bot.get_partial_messageable(int(channel.id)).send("hello")


async def test_trap_8_the_interaction_adapter_retries_every_5xx_after_a_second(bot, ann, sandbox):
    made = await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, status=503)

    await bot.heard[-1].edit_original_response(content="at last")

    tries = [request for request in sandbox.requests if request.method == "PATCH"]
    assert [request.status for request in tries] == [503, 200]
    assert (tries[1].at - tries[0].at).total_seconds() >= 1
    assert made.text == "at last"


async def test_trap_8_a_dropped_connection_is_not_retried(bot, sandbox, channel):
    sandbox.faults.add("POST", "/channels/*/messages", cut="after")

    with pytest.raises(aiohttp.ClientError):
        await bot.get_partial_messageable(int(channel.id)).send("hello")

    assert len(sandbox.messages(channel)) == 1


class TestBan:
    @pytest.fixture
    def rules(self):
        return DiscordRules(invalid_requests=Limit(count=1, per_s=600))

    async def test_trap_9_a_429_without_via_is_raised(self, bot, sandbox, channel):
        sandbox.revoke(channel, "VIEW_CHANNEL")
        place = bot.get_partial_messageable(int(channel.id))
        with pytest.raises(discord.Forbidden):
            await place.send("hello")

        with pytest.raises(discord.HTTPException) as caught:
            await place.send("hello")

        assert caught.value.status == 429


# ---------------------------------------------------------------- found by us


async def test_a_page_with_a_429_through_a_proxy_is_taken_for_an_object(bot, ann, sandbox):
    await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, status=429, says="<html>blocked</html>")

    with pytest.raises(TypeError):
        await bot.heard[-1].edit_original_response(content="one")


async def test_a_429_that_does_not_say_for_how_long_is_no_refusal(bot, sandbox, channel):
    place = bot.get_partial_messageable(int(channel.id))
    as_json = {"Content-Type": "application/json"}
    sandbox.faults.add("POST", "/channels/*", status=429, says='{"message": ""}', headers=as_json)

    with pytest.raises(KeyError):
        await place.send("one")


async def test_a_page_in_the_place_of_an_edited_message_is_read_as_one(bot, ann, sandbox):
    await ann.runs("/hand")
    sandbox.faults.add("PATCH", ORIGINAL, status=200, says="<html>")

    with pytest.raises(TypeError):
        await bot.heard[-1].edit_original_response(content="one")
