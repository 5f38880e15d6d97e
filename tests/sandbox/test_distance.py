"""A server that is far away: requests and answers take their time, on the wall's clock."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.distance import away
from bot.sandbox.providers.horde import HordeRules, SandboxHorde

FAR_S = 0.2
SLACK_S = 0.01  # timers may ring a tick early


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


async def there_and_back_s(session, url):
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with session.get(url) as answer:
        await answer.read()
    return loop.time() - began_s


async def test_the_way_there_takes_half_of_it(session):
    arrived_s = []

    async def note(_):
        arrived_s.append(asyncio.get_running_loop().time())
        return web.Response()

    app = web.Application(middlewares=away(FAR_S))
    app.router.add_get("/", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    began_s = asyncio.get_running_loop().time()
    try:
        took_s = await there_and_back_s(session, f"http://127.0.0.1:{runner.addresses[0][1]}/")
    finally:
        await runner.cleanup()

    assert arrived_s[0] - began_s >= FAR_S / 2 - SLACK_S
    assert took_s >= FAR_S - SLACK_S


def test_what_is_near_has_nothing_on_its_way():
    assert away(0.0) == ()


async def test_a_discord_can_be_far_away_and_its_gateway_answers_all_the_same(session):
    async with SandboxDiscord(rules=DiscordRules(distance_s=FAR_S)) as discord:
        took_s = await there_and_back_s(session, f"{discord.api_url}/gateway")
        async with session.ws_connect(discord.gateway_url) as socket:
            hello = await socket.receive_json()

    assert took_s >= FAR_S - SLACK_S
    assert hello["op"] == 10


async def test_a_horde_can_be_far_away(session):
    async with SandboxHorde(HordeRules(distance_s=FAR_S)) as horde:
        took_s = await there_and_back_s(session, f"{horde.url}/status/heartbeat")

    assert took_s >= FAR_S - SLACK_S
