"""What chaos knows of each provider is true of its small server: routes, scripts, troubles."""

from fnmatch import fnmatchcase
from itertools import zip_longest

import aiohttp
import pytest

from bot.bench.risks import RISKS
from bot.bench.risks.base import FAULTS
from bot.providers.registry import FACTORIES
from bot.sandbox.providers.hosts import HOSTS, open_host
from bot.sandbox.providers.server import LoopbackServer

BRIEFLY_S = 0.01
SPEED = 20.0
TROUBLES = [(name, trouble) for name, risks in RISKS.items() for trouble in risks.troubles]


@pytest.fixture
async def server(name):
    async with open_host(name, speed=SPEED) as host:
        RISKS[name].prepare(host.server)
        yield host.server


def test_every_provider_takes_part():
    assert set(RISKS) == set(HOSTS) == set(FACTORIES)


@pytest.mark.parametrize("name", RISKS)
async def test_every_route_that_goes_wrong_is_one_of_the_providers(name, server):
    hosts = [each for each in vars(server).values() if isinstance(each, LoopbackServer)]
    routes = [(method, path) for host in hosts for method, path, _ in host._routes]

    for method, pattern in RISKS[name].routes:
        assert any(
            method == known and (pattern == path or fnmatchcase(path, pattern))
            for known, path in routes
        ), f"{method} {pattern}"


@pytest.mark.parametrize("name", RISKS)
async def test_every_fault_and_every_script_is_understood(name, server):
    for fault in FAULTS:
        server.faults.add("GET", "/nowhere", **fault)
    for lives in RISKS[name].lives:
        scripts = getattr(server, lives.desk)
        spans = {span: most for span, (_, most) in lives.spans.items()}
        ends = {*lives.ends, *lives.slow}
        for end, quirk in zip_longest(ends, lives.quirks, fillvalue=None):
            outcome = {} if end is None else {"outcome": end}
            scripts.next(**outcome, **spans, **(quirk or {}))
            assert scripts.take() is not None


@pytest.mark.parametrize("name,trouble", TROUBLES)
async def test_after_a_trouble_a_provider_is_as_it_was(name, trouble, server):
    rules = server.rules

    await RISKS[name].troubles[trouble](server, BRIEFLY_S)

    assert server.rules == rules
    async with aiohttp.request("GET", f"{server.url}/nowhere") as answer:
        assert answer.status in {302, 401, 403, 404}


@pytest.mark.parametrize("name", RISKS)
async def test_a_provider_that_was_not_asked_made_and_took_nothing(name, server):
    risks = RISKS[name]

    assert await risks.made(server, {"a cat"}) == []
    assert risks.taken(server) == []
