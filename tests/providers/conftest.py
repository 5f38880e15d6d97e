"""Every provider of the registry in turn, and hosts that say what a test wrote down."""

from collections.abc import AsyncIterator

import pytest

from bot.providers.horde import Horde, open_horde
from tests.providers.provider_cases import CASES, Case, config
from tests.providers.scripted_host import ScriptedHost


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(params=sorted(name for name, case in CASES.items() if case.has_links))
def linking(request: pytest.FixtureRequest) -> Case:
    """A provider whose pictures lie behind links."""
    return CASES[request.param]


@pytest.fixture(params=sorted(name for name, case in CASES.items() if case.polls))
def polling(request: pytest.FixtureRequest) -> Case:
    """A provider that is asked how far it is."""
    return CASES[request.param]


@pytest.fixture(params=sorted(name for name, case in CASES.items() if not case.polls))
def at_once(request: pytest.FixtureRequest) -> Case:
    """A provider whose answer to a submit is the result."""
    return CASES[request.param]


@pytest.fixture
async def host() -> AsyncIterator[ScriptedHost]:
    async with ScriptedHost() as host:
        yield host


@pytest.fixture
async def horde(host) -> AsyncIterator[Horde]:
    """The Horde's adapter, which takes what `host` says for the service."""
    async with open_horde(config(host.origin)) as horde:
        yield horde


@pytest.fixture
async def storage() -> AsyncIterator[ScriptedHost]:
    async with ScriptedHost() as storage:
        yield storage
