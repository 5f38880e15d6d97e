"""Every small provider by name: how it is started, and what a client of it has to be told.

For whoever wants any of them, without caring which: the demo, stories and crash tests.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.sandbox.providers.ai_client import AiClientRules, SandboxAiClient
from bot.sandbox.providers.aime import AimeRules, SandboxAime
from bot.sandbox.providers.algovera import AlgoveraRules, SandboxAlgovera
from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from bot.sandbox.providers.nebula import NebulaRules, SandboxNebula

HOUSE_KEY = "key-of-the-house-0123456789"
SPEED = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A small provider that is up; `settings` are the variables that lead the service to it."""

    name: str
    title: str
    server: Any
    settings: Mapping[str, str]

    @property
    def accepted(self) -> int:
        """How many requests it has taken on; one service calls them threads."""
        truth = self.server.truth
        return len(truth.threads if hasattr(truth, "threads") else truth.jobs)


@asynccontextmanager
async def _horde(speed: float) -> AsyncIterator[Host]:
    async with SandboxHorde(HordeRules(speed=speed)) as server:
        settings = {"HORDE_URL": server.url, "HORDE_DOWNLOAD_HOSTS": "127.0.0.1"}
        yield Host(name="horde", title="AI Horde", server=server, settings=settings)


@asynccontextmanager
async def _aime(speed: float) -> AsyncIterator[Host]:
    async with SandboxAime(AimeRules(speed=speed)) as server:
        server.add_key(HOUSE_KEY)
        settings = {"AIME_URL": server.url, "AIME_KEY": HOUSE_KEY}
        yield Host(name="aime", title="AIME", server=server, settings=settings)


@asynccontextmanager
async def _algovera(speed: float) -> AsyncIterator[Host]:
    async with SandboxAlgovera(AlgoveraRules(speed=speed)) as server:
        server.add_key(HOUSE_KEY)
        settings = {"ALGOVERA_URL": server.url, "ALGOVERA_KEY": HOUSE_KEY}
        yield Host(name="algovera", title="Algovera", server=server, settings=settings)


@asynccontextmanager
async def _ai_client(speed: float) -> AsyncIterator[Host]:
    async with SandboxAiClient(AiClientRules(speed=speed)) as server:
        server.add_key(HOUSE_KEY)
        settings = {
            "AI_CLIENT_URL": server.url,
            "AI_CLIENT_KEY": HOUSE_KEY,
            "AI_CLIENT_DOWNLOAD_HOSTS": "127.0.0.1",
        }
        yield Host(name="ai_client", title="AI Client", server=server, settings=settings)


@asynccontextmanager
async def _nebula(speed: float) -> AsyncIterator[Host]:
    async with SandboxNebula(NebulaRules(speed=speed)) as server:
        server.add_key(HOUSE_KEY)
        settings = {
            "NEBULA_URL": server.url,
            "NEBULA_KEY": HOUSE_KEY,
            "NEBULA_SUBMITS_PER_MINUTE": str(int(60 * speed)),
        }
        yield Host(name="nebula", title="Nebula Block", server=server, settings=settings)


HOSTS: Mapping[str, Callable[[float], AbstractAsyncContextManager[Host]]] = MappingProxyType(
    {
        "horde": _horde,
        "aime": _aime,
        "algovera": _algovera,
        "ai_client": _ai_client,
        "nebula": _nebula,
    }
)
"""By the names that the service uses; each is called with how much faster than the wall it runs."""


def open_host(name: str, *, speed: float = SPEED) -> AbstractAsyncContextManager[Host]:
    """Start a small provider for as long as the block runs."""
    return HOSTS[name](speed)
