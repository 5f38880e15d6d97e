from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.providers.aime import AimeRules, Endpoint, Kind, SandboxAime
from bot.sandbox.providers.aime.shipped import FLUX, LLAMA, SD35, SDXL_IMG2IMG
from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from tests.sandbox.providers.aime_client import KEY, AimeClient
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


TINY = Endpoint(
    name="tiny_queue",
    kind=Kind.CHAT,
    title="Tiny queue",
    description="A chat with room for one, and nobody at work",
    job_type="tiny",
    model_label="sandbox-tiny",
    version=3,
    workers=0,
    max_queue_length=1,
    max_time_in_queue=6,
    inputs={"text_context": {"type": "text_context"}},
    outputs=LLAMA.outputs,
    progress=LLAMA.progress,
)


@pytest.fixture
async def aime() -> AsyncIterator[SandboxAime]:
    """An AIME server whose time stands still unless the test moves it."""
    endpoints = (TINY, FLUX, LLAMA, SD35, SDXL_IMG2IMG)
    async with SandboxAime(AimeRules(speed=0, endpoints=endpoints)) as sandbox:
        sandbox.add_key(KEY)
        yield sandbox


@pytest.fixture
async def aime_client(aime: SandboxAime) -> AsyncIterator[AimeClient]:
    async with aiohttp.ClientSession() as session:
        yield AimeClient(session, aime)
