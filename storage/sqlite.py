"""SQLite: one process, one writer with group commit, a few readers.

Why a function runs whole in the connection's thread instead of with one trip per statement:
reserve and post, two write calls, 100 callers at once, synchronous=FULL, two shared cores,
Python 3.11, SQLite 3.40, all in one run:

    aiosqlite awaits, a lock, a commit per call       540 pairs/s   p99 230 ms   1,400 µs CPU
    aiosqlite awaits, group commit            800 - 2,000 pairs/s   p99 160 ms     700 µs CPU
    whole functions in the thread, group commit     7,000 pairs/s   p99  26 ms     120 µs CPU
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import AlreadyRunning, ConfigurationError
from storage.database import Tx
from storage.migrate import applied_to, load, migrate, pending, require
from storage.sealing import OWNER_ONLY, Sealer
from storage.sqlite_connection import SqliteConnection, SqliteExecutor, connect, finish, translated
from storage.sqlite_writer import Writer

T = TypeVar("T")

READERS = 3
BUSY_TIMEOUT_S = 5.0


class SqliteReaders:
    """A few connections that cannot write."""

    def __init__(self, connections: Sequence[SqliteConnection], *, sealer: Sealer) -> None:
        self._free: asyncio.LifoQueue[SqliteConnection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._sealer = sealer

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` on one consistent view; see `Database.read`."""
        reader = await self._free.get()
        try:
            return await reader.run(partial(_read, fn=fn, sealer=self._sealer))
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_READONLY:  # query_only, not the disk
                raise AssertionError("a function given to read() writes") from error
            raise translated(error) from error
        finally:
            # Also when we are cancelled: the next one waits in the thread until this is done.
            self._free.put_nowait(reader)


class SqliteDatabase:
    """The engine for one process; made by `open_sqlite`."""

    def __init__(self, writer: Writer, readers: SqliteReaders) -> None:
        self._writer = writer
        self._readers = readers

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` in a transaction and return once it is durable; see `Database.write`."""
        return await self._writer.write(fn)

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` on one consistent view; see `Database.read`."""
        return await self._readers.read(fn)

    async def scrub(self) -> bool:
        """Empty the log of writes, which still holds old pages; False while somebody reads there."""
        return await self._writer.empty_log()


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
    now = (clock or SystemClock()).now()
    async with AsyncExitStack() as stack:
        with _unopened(path):
            stack.enter_context(_held(path))
            writing = await stack.enter_async_context(
                connect(path, is_reader=False, busy_timeout_s=busy_timeout_s)
            )
            await writing.run(partial(migrate, known=load(), at=now))
            reading = [
                await stack.enter_async_context(
                    connect(path, is_reader=True, busy_timeout_s=busy_timeout_s)
                )
                for _ in range(READERS)
            ]
            tx = await writing.run(lambda raw: Tx(SqliteExecutor(raw), sealer=sealer))
        writer = Writer(writing, tx)
        await stack.enter_async_context(writer.serving())
        yield SqliteDatabase(writer, SqliteReaders(reading, sealer=sealer))


@asynccontextmanager
async def open_reader(path: Path, *, sealer: Sealer) -> AsyncIterator[SqliteReaders]:
    """Open a database only to read it, while the service may be running on it.

    Raises:
        ConfigurationError: there is none, it has not the shape of this release, or it cannot be
            opened here.
    """
    async with AsyncExitStack() as stack:
        with _unopened(path):
            require(path)
            reading = await stack.enter_async_context(
                connect(path, is_reader=True, busy_timeout_s=BUSY_TIMEOUT_S)
            )
            todo = await reading.run(lambda raw: pending(load(), applied_to(raw)))
        if todo:
            raise ConfigurationError(f"{path} is older than this release: run ./easel migrate.")
        yield SqliteReaders([reading], sealer=sealer)


@contextmanager
def _unopened(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"{path} cannot be opened. {translated(error)}") from error


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other processes out by a lock on a file beside the database.

    The kernel drops it with the process, however that ends; the file itself stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
    whole = path.resolve()  # by whatever name it is called
    with whole.with_name(f"{whole.name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"Another Easel is running on {path}: stop it first, or give this one its own file."
            ) from error
        yield
