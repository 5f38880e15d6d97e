"""Bare sqlite3: the floors that `./easel bench` holds the ledger and a job's durable steps against.

The same statements on the same schema with the same promises (WAL, synchronous=FULL, one commit
per batch), without an event loop, queues, savepoints, checks or values of ours. The service never
imports this.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

VERSION = sqlite3.sqlite_version

_AT = "2026-01-01T00:00:00.000000+00:00"
_SPENT = "system:spent"

_HOLD = """
    UPDATE accounts SET held = held + :amount
    WHERE id = :account AND balance - held >= :amount
    AND NOT EXISTS (SELECT 1 FROM transfers WHERE transfers.id = :id)
"""
_APPEND = """
    INSERT INTO transfers (id, kind, debit, credit, amount, reserve_id, job_id, expires_at, at)
    VALUES (:id, :kind, :account, :credit, :amount, :reserve_id, :job_id, :expires_at, :at)
    ON CONFLICT DO NOTHING
"""
_FIND = "SELECT * FROM transfers WHERE id = :id AND kind = 'reserve'"
_RELEASE = "UPDATE accounts SET held = held - :amount WHERE id = :account"
_MOVE = "UPDATE accounts SET balance = balance + :amount WHERE id = :account"


class Notebook:
    """A new file to which notes are added, each in a commit of its own; from any thread, in turn."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE notes (note TEXT)")

    def add(self, note: str) -> None:
        """Write a note and return once it is durable."""
        self._connection.execute("INSERT INTO notes VALUES (?)", (note,))


def reserve_and_settle(
    path: Path, accounts: Sequence[str], *, batch: int, for_s: float
) -> list[float]:
    """Do it for so many seconds and return how long each pair took, in seconds.

    A batch is what so many callers at once would have in one commit: all reserve, then all settle.
    """
    took_s: list[float] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        ends_at = time.perf_counter() + for_s
        while (started_at := time.perf_counter()) < ends_at:
            pairs = [(accounts[n % len(accounts)], uuid4().hex) for n in range(batch)]
            _commit_each(connection, [_reserve_of(*pair) for pair in pairs])
            _commit_each(connection, [_settle_of(*pair) for pair in pairs])
            took_s += [time.perf_counter() - started_at] * batch
    return took_s


_Statements = list[tuple[str, dict[str, str | int | None]]]


def _commit_each(connection: sqlite3.Connection, calls: list[_Statements]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for call in calls:
        for statement, values in call:
            connection.execute(statement, values).fetchall()
    connection.execute("COMMIT")


def _reserve_of(account: str, job_id: str) -> _Statements:
    row = _row(account, job_id, "reserve")
    return [(_HOLD, row), (_APPEND, row)]


def _settle_of(account: str, job_id: str) -> _Statements:
    row = _row(account, job_id, "post")
    return [
        (_FIND, {"id": row["reserve_id"]}),
        (_APPEND, row),
        (_RELEASE, row),
        (_MOVE, row | {"amount": -1}),
        (_MOVE, {"account": _SPENT, "amount": 1}),
    ]


def _row(account: str, job_id: str, kind: str) -> dict[str, str | int | None]:
    is_reserve = kind == "reserve"
    return {
        "id": f"job:{job_id}:{kind}",
        "kind": kind,
        "account": account,
        "credit": _SPENT,
        "amount": 1,
        "reserve_id": None if is_reserve else f"job:{job_id}:reserve",
        "job_id": job_id,
        "expires_at": _AT if is_reserve else None,
        "at": _AT,
    }
