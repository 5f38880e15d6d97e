"""Is everything about a user and a server found by export and erasure? New columns must say so."""

import re
import sqlite3
from contextlib import closing

from tests.architecture.source_tree import ROOT

NAMES_SOMEBODY = re.compile(
    r"(^|_)(id|by|who|whom|owner|user|member|actor|subject|author|reporter|giver|guild|server|"
    r"account|payer|debit|credit|mention|role)(_ids?)?$"
)
NAMES_NO_PERSON = {
    ("answers", "job_id"),
    ("audit_trail", "id"),  # an interaction's
    ("job_moves", "job_id"),
    ("job_sources", "job_id"),
    ("jobs", "id"),  # an interaction's
    ("claims", "application_id"),
    ("claims", "id"),  # an interaction's
    ("claims", "token_key_id"),
    ("budgets", "except_role_ids"),
    ("budgets", "whom"),  # a kind
    ("jobs", "channel_id"),
    ("jobs", "parent_id"),
    ("jobs", "remote_id"),
    ("jobs", "token_key_id"),
    ("house_rules", "report_channel_id"),
    ("house_secrets", "key_id"),
    ("keys", "key_id"),
    ("kudos_gifts", "id"),  # an interaction's
    ("pay_rules", "channel_id"),
    ("pictures", "item_id"),
    ("pictures", "job_id"),
    ("questions", "job_id"),
    ("reports", "id"),  # an interaction's
    ("reports", "job_id"),
    ("server_keys", "key_id"),
    ("strikes", "id"),
    ("transfers", "job_id"),
    ("transfers", "reserve_id"),
}
"""Columns that look as if they named somebody, and why they do not: they name things."""


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


def listed() -> set[tuple[str, str]]:
    from storage.privacy import NAMES, SERVER_TABLES, USER_TABLES

    return {*USER_TABLES.items(), *SERVER_TABLES.items(), *NAMES}


def test_every_table_is_of_users_of_servers_or_of_nobody():
    from storage.privacy import ABOUT_NOBODY, RELATED, SERVER_TABLES, USER_TABLES

    known = {*USER_TABLES, *SERVER_TABLES, *RELATED, *ABOUT_NOBODY}
    assert known == {*tables(), "migrations"}, "List the table in storage/privacy.py."


def test_every_column_with_a_user_or_a_server_is_listed():
    suspects = {
        (table, column)
        for table, columns in tables().items()
        for column in columns
        if NAMES_SOMEBODY.search(column)
    }

    assert suspects - listed() == NAMES_NO_PERSON, (
        "List the column in storage/privacy.py, or here, with what it names."
    )


def test_what_is_listed_is_there():
    columns = {(table, column) for table, columns in tables().items() for column in columns}

    assert listed() <= columns


def test_owners_and_guilds_have_columns_of_one_name():
    """What other code looks for: `owner_id` is always a user, `guild_id` always a server."""
    from storage.privacy import SERVER_TABLES, USER_TABLES

    found = tables()

    assert {table for table, columns in found.items() if "owner_id" in columns} == set(USER_TABLES)
    assert {table for table, columns in found.items() if "guild_id" in columns} == set(
        SERVER_TABLES
    )
    assert set(USER_TABLES.values()) == {"owner_id"}
    assert set(SERVER_TABLES.values()) == {"guild_id"}


def test_a_new_column_would_be_suspected():
    for name in ("user_id", "set_by", "reporter_id", "guild_id", "owner", "member_ids", "role_id"):
        assert NAMES_SOMEBODY.search(name)
    for name in ("state", "price", "seed", "created_at", "model", "sealed"):
        assert not NAMES_SOMEBODY.search(name)
