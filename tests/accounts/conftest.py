"""The store of the tests of accounts: every engine in turn, and books that end exact."""

import pytest

from tests.accounts.account_values import StillClock
from tests.storage.conftest import database, sealer  # noqa: F401 -- found by their names here


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture(autouse=True)
async def exact(database):  # noqa: F811 -- the fixture of that name
    yield
    assert await database.read(lambda tx: tx.credits.audit()) == ()
