"""`kill -9` at every durable step, with every provider, polling and called back: the table.

A case is "way, step, inside or after". A new provider joins with a line in `WAYS`; which steps it has
is compared with what a run without a kill writes down.
"""

import socket
from dataclasses import dataclass

import pytest

from bot.sandbox.providers.horde import HordeRules
from tests.crash.kills import bot_process, delivered_once, killed, online
from tests.scenarios.stage import SPEED
from tests.scenarios.test_providers_story import PROVIDERS, accepted

pytestmark = pytest.mark.crash

PICTURES = 2


@dataclass(frozen=True, kw_only=True)
class Way:
    provider: str = "horde"
    calls_back: bool = False
    steps: tuple[str, ...] = ()


WAYS = {
    "horde": Way(),
    "horde, called back": Way(calls_back=True),
    "aime": Way(provider="aime"),
    "algovera": Way(provider="algovera"),
    "ai_client": Way(provider="ai_client"),
}

@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


@pytest.fixture
async def at_work(world, way):
    """The world with a way's provider at work in it, and what it was asked for."""
    if way.calls_back:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        world.environment |= {
            "EASEL_WEB_PORT": str(port),
            "EASEL_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "EASEL_CALLBACK_POLL_S": "2",
        }
    if way.provider == "horde":
        yield lambda: world.horde.truth.jobs
        return
    start, _ = PROVIDERS[way.provider]
    async with start() as (server, environment):
        world.environment |= environment
        yield lambda: accepted(server)


async def test_record(world, way, at_work, tmp_path):
    steps = tmp_path / "steps"
    async with bot_process(world, steps_to=steps):
        await online(world)
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=PICTURES, provider=way.provider)
        await delivered_once(world, card, pictures=PICTURES)
    print(way, steps.read_text().split(), len(at_work()))
