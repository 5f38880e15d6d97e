"""One SQLite connection in its own thread, and whole functions of a transaction run there.

aiosqlite gives every connection a thread and sends each statement to it and back. Here a whole
function of a transaction makes that trip once: inside the thread its statements answer at once,
so `finish` drives the coroutine to its end without an event loop.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite

from bot.domain.errors import StorageUnavailable
from storage.executor import Row, Value

T = TypeVar("T")

CACHED_STATEMENTS = 256
ROWS_PER_TRIP = 64
ROWS_PER_PAGE = 200
READER_CACHE_KIB = 512  # of SQLite's own 2,000; below it is the system's cache, shared by all

_WHAT_TO_DO = {
    sqlite3.SQLITE_FULL: "The disk is full: free some space; nothing was changed.",
    sqlite3.SQLITE_READONLY: "The database is read-only: give this user the right to write it.",
    sqlite3.SQLITE_IOERR: "The disk does not answer as it should: look at the system's log.",
    sqlite3.SQLITE_BUSY: "Another program has locked the database: close it and try again.",
    sqlite3.SQLITE_LOCKED: "Another program has locked the database: close it and try again.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened: look at its folder and its rights.",
    sqlite3.SQLITE_PERM: "The database may not be opened: look at its folder and its rights.",
    sqlite3.SQLITE_CORRUPT: "The database is damaged: restore a backup.",
    sqlite3.SQLITE_NOTADB: "The file is not an Easel database: restore a backup.",
    sqlite3.SQLITE_NOMEM: "The machine has no memory left: close something and try again.",
}
_PRIMARY_CODE = 0xFF  # the low byte; the rest of SQLite's extended codes tells details


def translated(error: Exception) -> Exception:
    """Turn what the world did to SQLite into `StorageUnavailable`; our own bugs stay as they are."""
    code = getattr(error, "sqlite_errorcode", None)
    sentence = None if code is None else _WHAT_TO_DO.get(code & _PRIMARY_CODE)
    if sentence is None:
        return error
    unavailable = StorageUnavailable(sentence)
    unavailable.__cause__ = error
    return unavailable


class SqliteExecutor:
    """Statements on a connection, from within its thread: every await here is done at once."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Run a statement and return all its rows."""
        return self._connection.execute(sql, values).fetchall()

    async def pages(self, sql: str, /, **values: Value) -> AsyncIterator[list[Row]]:
        """Run a statement and return its rows some at a time."""
        cursor = self._connection.execute(sql, values)
        try:
            while rows := cursor.fetchmany(ROWS_PER_PAGE):
                yield rows
        finally:
            cursor.close()

    async def row(self, sql: str, /, **values: Value) -> Row | None:
        """Run a statement and return its first row, if there is one."""
        rows = await self.rows(sql, **values)  # all of them: an open cursor would block the commit
        return rows[0] if rows else None

    async def change(self, sql: str, /, **values: Value) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.execute(sql, values).rowcount


def finish(work: Awaitable[T]) -> T:
    """Drive a function of a transaction to its end, on the spot."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        return cast(T, done.value)
    steps.close()
    raise AssertionError("a function of a transaction awaits nothing but its tx")


class SqliteConnection(aiosqlite.Connection):
    """aiosqlite's connection, able to run a whole function in its thread."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` after everything sent before; it goes on when the caller is cancelled."""
        done = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite leaves it bare
        return cast(T, done)


@asynccontextmanager
async def connect(
    path: Path, *, is_reader: bool, busy_timeout_s: float
) -> AsyncIterator[SqliteConnection]:
    """Open a connection: waiting for locks first, then WAL, which the writer alone sets."""
    connector = partial(
        sqlite3.connect,
        path,
        timeout=busy_timeout_s,  # sqlite3 sets busy_timeout before anything else
        isolation_level=None,  # no BEGIN behind our back
        cached_statements=CACHED_STATEMENTS,
    )
    connection = SqliteConnection(connector, ROWS_PER_TRIP)
    async with connection:
        await connection.run(_prepare_reader if is_reader else _prepare_writer)
        yield connection


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
