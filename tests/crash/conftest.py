"""The world of the stories, with the service in a process that may be killed."""

import pytest

from bot.sandbox.discord.rules import DiscordRules
from tests.crash.kills import close_nursery, open_nursery
from tests.scenarios.conftest import (  # noqa: F401 -- fixtures are found by their names here
    checker,
    forgiving,
    horde_rules,
    real_addresses,
    world,
)


@pytest.fixture(scope="session", autouse=True)
def nursery():
    """Have one process that knows all the imports for all tests."""
    open_nursery()
    yield
    close_nursery()


@pytest.fixture
def rules():
    """Let a restarted process identify at once: what is tested here is not Discord's patience."""
    return DiscordRules(identify_every_s=0.01)
