from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from tests.sandbox.providers.horde_client import Client


@pytest.fixture
async def horde() -> AsyncIterator[SandboxHorde]:
    """A Horde whose time stands still unless the test moves it."""
    rules = HordeRules(speed=0, https_only_webhooks=False, webhook_timeout_s=0.5)
    async with SandboxHorde(rules) as sandbox:
        yield sandbox


@pytest.fixture
async def client(horde: SandboxHorde) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, horde)
