from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from storage.database import Database
from storage.sealing import Sealer
from storage.sqlite import SqliteDatabase, open_sqlite
from tests.storage.store_values import sealer_of

Opener = Callable[[Path], AbstractAsyncContextManager[Database]]


def _sqlite(folder: Path) -> AbstractAsyncContextManager[SqliteDatabase]:
    return open_sqlite(folder / "easel.db", sealer=sealer_of(b"a"))


ENGINES: dict[str, Opener] = {"sqlite": _sqlite}


@pytest.fixture
def sealer() -> Sealer:
    return sealer_of(b"a")


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Each engine in turn: what is tested on this fixture is the contract of all."""
    async with ENGINES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def sqlite(tmp_path: Path, sealer: Sealer) -> AsyncIterator[SqliteDatabase]:
    """The engine of one process, for what only it promises."""
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer, busy_timeout_s=0.05) as opened:
        yield opened
