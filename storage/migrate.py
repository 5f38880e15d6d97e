"""Migrations: numbered SQL files, applied once each, forward only, and never changed afterwards.

The files are in `storage/migrations/`; the table `migrations` records number, name and hash.
Whoever calls holds the lock that keeps a second process out.
"""

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path

from bot.domain.errors import ConfigurationError
from storage.moments import to_text
from storage.sqlite_connection import translated

_FILE_NAME = re.compile(r"(\d{4})_\w+\.sql")
_BOOKS = """
CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of SQL."""

    number: int
    name: str
    sql: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash under which it is recorded."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load() -> tuple[Migration, ...]:
    """Read the migrations of this release, the first first."""
    folder = resources.files("storage") / "migrations"
    found = [
        Migration(number=int(match[1]), name=file.name, sql=file.read_text("utf-8"))
        for file in folder.iterdir()
        if (match := _FILE_NAME.fullmatch(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.number))


def pending(known: Sequence[Migration], applied: Mapping[int, str]) -> tuple[Migration, ...]:
    """Return what is still to be applied; `applied` gives the recorded hash by number.

    Raises:
        ConfigurationError: the database is newer than this release, or a migration that was
            applied reads differently now.
    """
    by_number = {migration.number: migration for migration in known}
    newest = max(by_number, default=0)
    if any(number > newest for number in applied):
        raise ConfigurationError(
            f"The database was written by a newer release (schema {max(applied)}, "
            f"this release knows {newest}): start the newer release, or restore a backup."
        )
    for number, sha256 in applied.items():
        if number not in by_number or by_number[number].sha256 != sha256:
            raise ConfigurationError(
                f"Migration {number:04} is not the one that this database was made with: "
                "use the files of a release unchanged."
            )
    return tuple(migration for migration in known if migration.number not in applied)


def migrate(
    connection: sqlite3.Connection, *, known: Sequence[Migration], at: datetime
) -> tuple[str, ...]:
    """Bring a SQLite database up to date, each migration in a transaction; return their names.

    Raises:
        ConfigurationError: see `pending`.
    """
    connection.execute(_BOOKS)
    todo = pending(known, applied_to(connection))
    with _foreign_keys_at_the_end(connection):
        for migration in todo:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _apply(connection, migration, at=at)
                _check_foreign_keys(connection, migration)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    return tuple(migration.name for migration in todo)


@contextmanager
def _foreign_keys_at_the_end(connection: sqlite3.Connection) -> Iterator[None]:
    """Let a migration make a table anew that others refer to, as SQLite's own recipe has it.

    Inside a transaction the pragma would do nothing ("Making Other Kinds Of Table Schema
    Changes", sqlite.org/lang_altertable.html).
    """
    (was_on,) = connection.execute("PRAGMA foreign_keys").fetchone()
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA foreign_keys = {was_on}")


def _check_foreign_keys(connection: sqlite3.Connection, migration: Migration) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    assert not broken, f"{migration.name} leaves rows that refer to nothing: {broken[:3]}"


def applied_to(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the recorded hash of every applied migration, by number."""
    has_books = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"
    ).fetchone()
    if not has_books:
        return {}
    return dict(connection.execute("SELECT number, sha256 FROM migrations").fetchall())


def require(path: Path) -> None:
    """Refuse a database that is not there: opening it would make an empty one.

    Raises:
        ConfigurationError: there is no such file.
    """
    if not path.exists():
        raise ConfigurationError(f"There is no database at {path}: the first start makes it.")


async def version_of(path: Path) -> str:
    """Say in a sentence how a SQLite database stands to this release; change nothing.

    Raises:
        ConfigurationError: it cannot be used with this release.
    """
    applied, todo = await asyncio.to_thread(_standing, path, load())
    if todo:
        return f"The database has schema {applied}; the next start brings it to {todo[-1].number}."
    return f"The database has schema {applied}, that of this release."


def _standing(path: Path, known: Sequence[Migration]) -> tuple[int, tuple[Migration, ...]]:
    require(path)
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA query_only = ON")
            applied = applied_to(connection)
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} cannot be opened. {translated(error)}") from error
    return max(applied, default=0), pending(known, applied)


def _apply(connection: sqlite3.Connection, migration: Migration, *, at: datetime) -> None:
    for statement in statements(migration.sql):
        connection.execute(statement)
    connection.execute(
        """
        INSERT INTO migrations (number, name, sha256, applied_at)
        VALUES (:number, :name, :sha256, :at)
        """,
        {
            "number": migration.number,
            "name": migration.name,
            "sha256": migration.sha256,
            "at": to_text(at),
        },
    )


def statements(sql: str) -> Iterator[str]:
    """Split a file into statements; `executescript` would commit behind our back."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
