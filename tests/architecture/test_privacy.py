"""Is every table about a user found by export and erasure?"""

import sqlite3
from contextlib import closing

from tests.architecture.source_tree import ROOT

ABOUT_A_USER = {"user_id", "owner_id"}


def tables() -> dict[str, set[str]]:
    """Return every table of the newest schema with its columns."""
    with closing(sqlite3.connect(":memory:")) as database:
        for path in sorted((ROOT / "storage" / "migrations").glob("*.sql")):
            database.executescript(path.read_text("utf-8"))
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")}
            for (name,) in names
        }


def test_every_table_about_a_user_is_listed():
    from storage.privacy import USER_TABLES

    about_users = {name: columns & ABOUT_A_USER for name, columns in tables().items()}

    assert {name: {column} for name, column in USER_TABLES.items()} == {
        name: columns for name, columns in about_users.items() if columns
    }, "List the table in storage/privacy.py:USER_TABLES."
