"""SQLite: one process, one writer with group commit, a few readers.

Why functions run whole in the connection's thread instead of one await per statement: measured in
one run on two cores, reserve and settle in two calls each, 100 callers at once, see
`storage/README.md`.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import ConfigurationError
from storage.database import Tx
from storage.migrate import load, migrate
from storage.sealing import OWNER_ONLY, Sealer
from storage.sqlite_connection import SqliteConnection, SqliteExecutor, connect, finish, translated
from storage.sqlite_writer import Writer

T = TypeVar("T")

READERS = 3
BUSY_TIMEOUT_S = 5.0


class SqliteDatabase:
    """The engine for one process; made by `open_sqlite`."""

    def __init__(
        self, writer: Writer, readers: asyncio.LifoQueue[SqliteConnection], *, sealer: Sealer
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._sealer = sealer

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` in a transaction and return once it is durable; see `Database.write`."""
        return await self._writer.write(fn)

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` on one consistent view; see `Database.read`."""
        reader = await self._readers.get()
        try:
            return await reader.run(partial(_read, fn=fn, sealer=self._sealer))
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            # Also when we are cancelled: the next reader waits in the thread until this is done.
            self._readers.put_nowait(reader)


def _read(connection: sqlite3.Connection, *, fn: Callable[[Tx], Awaitable[T]], sealer: Sealer) -> T:
    connection.execute("BEGIN")
    try:
        return finish(fn(Tx(SqliteExecutor(connection), sealer=sealer)))
    finally:
        connection.execute("ROLLBACK")


@asynccontextmanager
async def open_sqlite(
    path: Path,
    *,
    sealer: Sealer,
    clock: Clock | None = None,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> AsyncIterator[SqliteDatabase]:
    """Open a database file, made and migrated when needed, for this process alone.

    Raises:
        ConfigurationError: another process has it, it is newer than this release, or it cannot be
            opened here.
    """
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(_held(path))
            writing = await stack.enter_async_context(
                connect(path, is_reader=False, busy_timeout_s=busy_timeout_s)
            )
            now = (clock or SystemClock()).now()
            await writing.run(partial(migrate, known=load(), at=now))
            readers: asyncio.LifoQueue[SqliteConnection] = asyncio.LifoQueue()
            for _ in range(READERS):
                readers.put_nowait(
                    await stack.enter_async_context(
                        connect(path, is_reader=True, busy_timeout_s=busy_timeout_s)
                    )
                )
            tx = await writing.run(lambda raw: Tx(SqliteExecutor(raw), sealer=sealer))
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"{path} cannot be opened. {translated(error)}") from error
        writer = Writer(writing, tx)
        await stack.enter_async_context(writer.serving())
        yield SqliteDatabase(writer, readers, sealer=sealer)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other processes out by a lock on a file beside the database.

    The kernel drops it with the process, however that ends; the file itself stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
    with path.with_name(f"{path.name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"Another Easel is running on {path}: stop it first, or give this one its own file."
            ) from error
        yield
