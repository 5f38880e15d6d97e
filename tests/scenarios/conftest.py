"""The stage for stories: fast clocks, real client, real HTTP, real SQLite."""

import io
import logging
from pathlib import Path

import discord
import pytest

from bot import logs
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from tests.scenarios.stage import SPEED, Stage

SPEC = Path(__file__).parents[1] / "data" / "discord-openapi.json"


@pytest.fixture(scope="session")
def checker():
    return OpenApiChecker(SPEC)


@pytest.fixture
def rules():
    """What this Discord allows; a module or a test overrides it."""
    return DiscordRules()


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED)


@pytest.fixture
def real_addresses():
    """Put discord.py's class attributes back after a service has pointed them elsewhere."""
    route, asset, socket = discord.http.Route, discord.Asset, discord.gateway.DiscordWebSocket
    before = route.BASE, asset.BASE, socket.DEFAULT_GATEWAY
    yield
    route.BASE, asset.BASE, socket.DEFAULT_GATEWAY = before


@pytest.fixture
async def world(request, rules, horde_rules, checker, tmp_path, real_addresses):
    """A stage whose service does not run yet; broken wire rules fail the story at its end."""
    async with (
        SandboxDiscord(rules=rules, checker=checker) as sandbox,
        SandboxHorde(horde_rules) as horde,
    ):
        guild = sandbox.guild(name="Lighthouse Keepers")
        channel = guild.channel("pictures")
        yield Stage(
            discord=sandbox,
            horde=horde,
            data_dir=tmp_path / "data",
            guild=guild,
            channel=channel,
            ann=guild.member("Ann"),
            bob=guild.member("Bob"),
            mod=guild.member("Mod", manage_messages=True),
            chief=guild.member("Chief", manage_guild=True),
        )
    if "forgiving" not in request.fixturenames:
        sandbox.raise_if_violated()


@pytest.fixture
def forgiving():
    """Let violations pass: the story is about them."""


@pytest.fixture
async def aime(world):
    """An AIME server that the service knows of; the story moves its jobs by hand."""
    async with world.beside("aime") as host:
        host.server.script.default(held=True)
        yield host.server


@pytest.fixture
async def stage(world):
    """A stage with the service running."""
    async with world.playing():
        yield world
        assert await world.audit() == ()


@pytest.fixture
def written_log():
    """What the service writes about itself, at its most talkative; logging is put back after."""
    names = ("", *logs.TALKATIVE, "aiohttp.access")
    before = [(log, log.level, log.handlers[:]) for log in map(logging.getLogger, names)]
    stream = io.StringIO()
    logs.configure(level="DEBUG", format="text", stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    for log, level, handlers in before:
        log.setLevel(level)
        log.handlers[:] = handlers
