"""Copy a SQLite database while the service goes on: for `./easel backup FILE`.

The copy is of one instant and stands alone in its file. Members' keys in it stay sealed: without
the master key, which is not in it, they cannot be used.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.domain.errors import ConfigurationError
from storage.migrate import require
from storage.sealing import OWNER_ONLY
from storage.sqlite_connection import translated


async def backup(source: Path, target: Path) -> int:
    """Copy the database to a new file and return its size in bytes.

    Raises:
        ConfigurationError: there is no database, the file exists already, it cannot be written,
            or the copy is damaged.
    """
    return await asyncio.to_thread(_backup, source, target)


def _backup(source: Path, target: Path) -> int:
    require(source)
    if target.exists():
        raise ConfigurationError(f"{target} exists already: give a new file.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        _copy(source, unfinished)
        unfinished.replace(target)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(
            f"The backup {target} cannot be made. {translated(error)}"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.execute("PRAGMA query_only = ON")
        origin.backup(copy)  # all pages in one go: in WAL mode nobody has to wait for it
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise ConfigurationError(f"The copy is damaged, and so is the database: {found}")
    with target.open("rb") as file:
        os.fsync(file.fileno())
