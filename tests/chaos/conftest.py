"""The world of the stories, for what has to be true in it."""

from tests.scenarios.conftest import (  # noqa: F401 -- fixtures are found by their names here
    checker,
    forgiving,
    horde_rules,
    real_addresses,
    rules,
    stage,
    world,
)
