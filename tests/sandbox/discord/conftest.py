"""A real discord.py client in front of the sandbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
import yarl
from discord.ext import commands

from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.server import SandboxDiscord
from tests.sandbox.discord.sample_bot import SampleBot

SPEC = Path(__file__).parents[2] / "data" / "discord-openapi.json"


@pytest.fixture(scope="session")
def checker() -> OpenApiChecker:
    return OpenApiChecker(SPEC)


@pytest.fixture
def use_addresses() -> Iterator[object]:
    """Point discord.py at a sandbox, and back at Discord afterwards."""
    route, asset, socket = discord.http.Route, discord.Asset, discord.gateway.DiscordWebSocket
    before = route.BASE, asset.BASE, socket.DEFAULT_GATEWAY

    def use(sandbox: SandboxDiscord) -> None:
        route.BASE, asset.BASE = sandbox.api_url, sandbox.cdn_url
        socket.DEFAULT_GATEWAY = yarl.URL(sandbox.gateway_url)

    yield use
    route.BASE, asset.BASE, socket.DEFAULT_GATEWAY = before


@pytest.fixture
def rules() -> DiscordRules:
    """What this Discord allows; a test module overrides it."""
    return DiscordRules()


@pytest.fixture
async def sandbox(request, rules, checker, use_addresses) -> AsyncIterator[SandboxDiscord]:
    """Fails the test where bot or sandbox broke the wire, unless the test is `forgiving`."""
    async with SandboxDiscord(rules=rules, checker=checker) as sandbox:
        use_addresses(sandbox)
        yield sandbox
    if "forgiving" not in request.fixturenames:
        sandbox.raise_if_violated()


@pytest.fixture
def forgiving():
    """Let violations pass: the test looks at them itself."""


@pytest.fixture
def guild(sandbox):
    return sandbox.guild("Studio")


@pytest.fixture
def channel(guild):
    return guild.channel("general")


@pytest.fixture
def ann(guild, channel):
    return guild.member("Ann")


@asynccontextmanager
async def running(sandbox: SandboxDiscord, bot: commands.AutoShardedBot) -> AsyncIterator[None]:
    """Run a bot until the block ends."""
    async with bot, asyncio.TaskGroup() as group:
        group.create_task(bot.start(sandbox.bot_token))
        await sandbox.until_ready()
        yield
        await bot.close()


@pytest.fixture
async def bot(sandbox, channel) -> AsyncIterator[SampleBot]:
    bot = SampleBot()
    async with running(sandbox, bot):
        await sandbox.until_synced("draw")
        yield bot
