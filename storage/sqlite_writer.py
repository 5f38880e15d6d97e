"""The one writer of a SQLite database: takes what waits and keeps it in one commit.

Each function has a savepoint of its own: when it raises, only its part is undone. When the commit
fails, everybody in the batch is told; nobody is told anything before the disk has it all. The
writer lives in a task of its own, so no caller's cancellation can leave a transaction open.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from bot.domain.errors import StorageUnavailable
from storage.database import Tx
from storage.sqlite_connection import SqliteConnection, finish, translated

T = TypeVar("T")

BATCH_MAX = 128
WAITING_MAX = 1000
CLOSED = "The store is closed: Easel is stopping."

Function = Callable[[Tx], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Call:
    fn: Function
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Returned:
    value: Any


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


_Outcome = _Returned | _Raised


class Writer:
    """Group commit over one connection."""

    def __init__(self, connection: SqliteConnection, tx: Tx) -> None:
        self._connection = connection
        self._tx = tx
        self._waiting: deque[_Call] = deque()
        self._room = asyncio.Semaphore(WAITING_MAX)
        self._bell = asyncio.Event()
        self._is_closing = False

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` in the next batch that has room and return once it is durable."""
        async with self._room:
            if self._is_closing:
                raise StorageUnavailable(CLOSED)
            call = _Call(fn, asyncio.get_running_loop().create_future())
            self._waiting.append(call)
            self._bell.set()
            answer: T = await call.answer
            return answer

    async def empty_log(self) -> bool:
        """Bring the log of writes into the database and cut it to nothing; False when it is in use."""
        return await self._connection.run(_empty_log)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve writers; at the end finish what was asked, then refuse."""
        # Not a TaskGroup: that would cancel the writer, and wrap whatever the body raises.
        task = asyncio.create_task(self._serve(), name="sqlite writer")
        try:
            yield
        finally:
            self._is_closing = True
            self._bell.set()
            await asyncio.wait({task})  # unlike awaiting it, leaves it alone when we are cancelled
            task.result()

    async def _serve(self) -> None:
        while self._waiting or not self._is_closing:
            if not self._waiting:
                self._bell.clear()
                await self._bell.wait()
                continue
            calls = self._next_batch()
            if calls:
                _answer(calls, await self._outcomes(calls))

    def _next_batch(self) -> list[_Call]:
        """Take what waits; a caller who left before the start is not served."""
        taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
        return [call for call in taken if not call.answer.done()]

    async def _outcomes(self, calls: Sequence[_Call]) -> list[_Outcome]:
        functions = [call.fn for call in calls]
        try:
            return await self._connection.run(partial(run_batch, tx=self._tx, functions=functions))
        except Exception as error:  # noqa: BLE001 - whatever it was, every caller hears of it
            return [_Raised(translated(error)) for _ in calls]


def run_batch(
    connection: sqlite3.Connection, *, tx: Tx, functions: Sequence[Function]
) -> list[_Outcome]:
    """Run functions in one transaction, from within the connection's thread.

    Raises:
        sqlite3.Error: the batch could not be begun, continued or committed; all of it is undone.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_run_one(connection, tx, fn) for fn in functions]
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return outcomes


def _run_one(connection: sqlite3.Connection, tx: Tx, fn: Function) -> _Outcome:
    connection.execute("SAVEPOINT one")
    try:
        value = finish(fn(tx))
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite gave up the whole transaction (full disk, broken disk): so does the batch
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return _Raised(translated(error))
    connection.execute("RELEASE one")
    return _Returned(value)


def _empty_log(connection: sqlite3.Connection) -> bool:
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")  # all writers would wait with us
    try:
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
    return not is_busy


def _answer(calls: Sequence[_Call], outcomes: Sequence[_Outcome]) -> None:
    for call, outcome in zip(calls, outcomes, strict=True):
        if call.answer.done():
            continue  # the caller was cancelled meanwhile; the work is kept
        if isinstance(outcome, _Raised):
            call.answer.set_exception(outcome.error)
        else:
            call.answer.set_result(outcome.value)
