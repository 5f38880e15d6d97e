"""The gateway as a bare client sees it."""

import json

import aiohttp
import pytest

from bot.sandbox.discord.rules import DiscordRules, Limit

GUILDS = 1


class Client:
    """A gateway client that speaks plain JSON and keeps what it heard."""

    def __init__(self, socket, token):
        self.socket = socket
        self.token = token

    async def next(self):
        return await self.socket.receive_json(timeout=5)

    async def until(self, event):
        while (payload := await self.next()).get("t") != event:
            pass
        return payload

    async def identify(self, **changes):
        await self.next()
        data = {"token": self.token, "intents": GUILDS, "properties": {}} | changes
        await self.socket.send_json({"op": 2, "d": data})

    async def close_code(self):
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code


@pytest.fixture
async def connect(sandbox):
    async with aiohttp.ClientSession() as http:

        async def connect():
            return Client(await http.ws_connect(sandbox.gateway_url), sandbox.bot_token)

        yield connect


async def test_hello_comes_first_and_heartbeats_are_acknowledged(connect):
    client = await connect()
    hello = await client.next()
    await client.socket.send_json({"op": 1, "d": None})

    assert hello == {"op": 10, "d": {"heartbeat_interval": 41250}}
    assert (await client.next())["op"] == 11


async def test_guilds_arrive_after_ready_and_are_numbered(connect, channel, guild):
    client = await connect()
    await client.identify()

    ready, created = await client.next(), await client.next()

    assert ready["t"] == "READY"
    assert ready["d"]["guilds"] == [{"id": guild.id, "unavailable": True}]
    assert created["t"] == "GUILD_CREATE"
    assert [place["id"] for place in created["d"]["channels"]] == [channel.id]
    assert (ready["s"], created["s"]) == (1, 2)


async def test_without_the_guilds_intent_no_guild_arrives(connect, sandbox, channel):
    client = await connect()
    await client.identify(intents=0)
    await client.until("READY")

    sandbox.guild("Another")
    await client.socket.send_json({"op": 1, "d": None})

    assert (await client.next())["op"] == 11


@pytest.mark.parametrize(
    "changes,code",
    [({"token": "wrong"}, 4004), ({"shard": [2, 2]}, 4010), ({"intents": 1 << 15}, 4014)],
)
async def test_a_bad_identify_is_closed_with_its_code(connect, forgiving, changes, code):
    client = await connect()

    await client.identify(**changes)

    assert await client.close_code() == code


async def test_an_unknown_opcode_closes(connect, forgiving):
    client = await connect()
    await client.socket.send_json({"op": 99, "d": None})

    assert await client.close_code() == 4001


async def test_identifying_again_within_five_seconds_invalidates(connect, sandbox):
    first, second = await connect(), await connect()
    await first.identify()
    await second.identify()

    assert await second.next() == {"op": 9, "d": False}
    sandbox.clock.advance(5)
    await second.socket.send_json(
        {"op": 2, "d": {"token": second.token, "intents": 0, "properties": {}}}
    )
    assert (await second.next())["t"] == "READY"


async def test_a_resume_replays_what_was_missed(connect, sandbox, guild, channel):
    client = await connect()
    await client.identify()
    ready = await client.until("READY")
    last = await client.until("GUILD_CREATE")
    await client.socket.close(code=4000)

    guild.channel("meanwhile")
    again = await connect()
    await again.next()
    session = {"session_id": ready["d"]["session_id"], "seq": last["s"], "token": again.token}
    await again.socket.send_json({"op": 6, "d": session})

    assert (await again.next())["t"] == "CHANNEL_CREATE"
    assert (await again.next())["t"] == "RESUMED"


async def test_a_normal_close_ends_the_session(connect, channel):
    client = await connect()
    await client.identify()
    ready = await client.until("READY")
    await client.socket.close(code=1000)

    again = await connect()
    await again.next()
    session = {"session_id": ready["d"]["session_id"], "seq": 1, "token": again.token}
    await again.socket.send_json({"op": 6, "d": session})

    assert await again.next() == {"op": 9, "d": False}


async def test_an_invalidated_session_cannot_be_resumed(connect, sandbox, channel):
    client = await connect()
    await client.identify()
    ready = await client.until("READY")
    await client.until("GUILD_CREATE")

    sandbox.faults.socket("invalidate")

    assert await client.next() == {"op": 9, "d": False}
    session = {"session_id": ready["d"]["session_id"], "seq": 1, "token": client.token}
    await client.socket.send_json({"op": 6, "d": session})
    assert await client.next() == {"op": 9, "d": False}


async def test_the_days_starts_count_down(connect, sandbox):
    client = await connect()
    await client.identify()
    await client.until("READY")

    assert sandbox._stage.gateway.start_limit_payload()["remaining"] == 999


class TestBusyClient:
    @pytest.fixture
    def rules(self):
        return DiscordRules(gateway_sends=Limit(count=3, per_s=60))

    async def test_sending_too_much_closes(self, connect, forgiving):
        client = await connect()
        for _ in range(4):
            await client.socket.send_json({"op": 1, "d": None})

        assert await client.close_code() == 4008


class TestShards:
    @pytest.fixture
    def rules(self):
        return DiscordRules(shards=2, identify_every_s=0)

    async def test_each_shard_hears_of_its_own_guilds(self, connect, sandbox):
        guilds = [sandbox.guild(str(number)).id for number in range(4)]
        heard = []
        for shard in range(2):
            client = await connect()
            await client.identify(shard=[shard, 2])
            ready = await client.until("READY")
            heard.append([guild["id"] for guild in ready["d"]["guilds"]])

        assert heard == [guilds[0::2], guilds[1::2]]


async def test_zstd_is_one_stream_per_connection(sandbox, channel):
    zstandard = pytest.importorskip("zstandard")
    stream = zstandard.ZstdDecompressor().decompressobj()
    url = f"{sandbox.gateway_url}?compress=zstd-stream"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        hello = stream.decompress(await socket.receive_bytes(timeout=5))
        await socket.send_json({"op": 1, "d": None})
        acknowledged = stream.decompress(await socket.receive_bytes(timeout=5))

    assert b"heartbeat_interval" in hello
    assert json.loads(acknowledged)["op"] == 11


async def test_an_encoding_nobody_speaks_is_closed(sandbox, forgiving):
    url = f"{sandbox.gateway_url}?encoding=etf"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.receive(timeout=5)

    assert socket.close_code == 4000


async def test_in_an_outage_a_server_is_unavailable_and_not_removed(sandbox, connect, guild):
    client = await connect()
    await client.identify()
    await client.until("GUILD_CREATE")

    sandbox.outage(guild)
    gone = await client.until("GUILD_DELETE")
    sandbox.outage_over(guild)
    back = await client.until("GUILD_CREATE")

    assert gone["d"] == {"id": guild.id, "unavailable": True}
    assert back["d"]["id"] == guild.id


async def test_whoever_connects_in_an_outage_is_told_of_the_server_without_it(
    sandbox, connect, guild
):
    other = sandbox.guild("Elsewhere")
    sandbox.outage(guild)

    client = await connect()
    await client.identify()

    ready = await client.until("READY")
    assert {known["id"] for known in ready["d"]["guilds"]} == {guild.id, other.id}
    assert (await client.until("GUILD_CREATE"))["d"]["id"] == other.id
    sandbox.outage_over(guild)
    assert (await client.until("GUILD_CREATE"))["d"]["id"] == guild.id


async def test_a_bot_that_was_removed_and_invited_hears_of_both(sandbox, connect, guild):
    client = await connect()
    await client.identify()
    await client.until("GUILD_CREATE")

    sandbox.remove_bot(guild)
    gone = await client.until("GUILD_DELETE")
    sandbox.add_bot(guild)
    back = await client.until("GUILD_CREATE")

    assert gone["d"] == {"id": guild.id}
    assert back["d"]["id"] == guild.id
