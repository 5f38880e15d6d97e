import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.errors import ConfigurationError
from storage.migrate import Migration, load, migrate, pending, statements, version_of
from storage.sqlite import open_reader, open_sqlite
from tests.storage.store_values import NOON

FIRST = Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (x TEXT);\n")
SECOND = Migration(
    number=2,
    name="0002_b.sql",
    sql="-- a remark; with a semicolon\nINSERT INTO a VALUES (';');\nINSERT INTO a VALUES ('2');\n",
)
BROKEN = Migration(
    number=2, name="0002_c.sql", sql="DELETE FROM a;\nINSERT INTO nowhere VALUES (1);\n"
)


@pytest.fixture
def connection():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def test_files_are_numbered_without_holes_and_load_in_order():
    known = load()

    assert [migration.number for migration in known] == list(range(1, len(known) + 1))
    assert known[0].name == "0001_start.sql"


def test_every_migration_is_applied_once_and_recorded(connection):
    first = migrate(connection, known=[FIRST], at=NOON)
    second = migrate(connection, known=[FIRST, SECOND], at=NOON)
    third = migrate(connection, known=[FIRST, SECOND], at=NOON)

    assert (first, second, third) == (("0001_a.sql",), ("0002_b.sql",), ())
    assert connection.execute("SELECT x FROM a").fetchall() == [(";",), ("2",)]
    assert connection.execute("SELECT number, name, sha256 FROM migrations").fetchall() == [
        (migration.number, migration.name, migration.sha256) for migration in (FIRST, SECOND)
    ]


def test_a_migration_that_fails_leaves_nothing_behind(connection):
    migrate(connection, known=[FIRST], at=NOON)
    connection.execute("INSERT INTO a VALUES ('kept')")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, known=[FIRST, BROKEN], at=NOON)

    assert connection.execute("SELECT x FROM a").fetchall() == [("kept",)]
    assert not connection.in_transaction
    assert migrate(connection, known=[FIRST, SECOND], at=NOON) == ("0002_b.sql",)


def test_a_database_newer_than_the_code_is_refused():
    with pytest.raises(ConfigurationError, match="newer release"):
        pending([FIRST], {1: FIRST.sha256, 2: SECOND.sha256})


def test_a_released_migration_that_was_changed_is_refused():
    with pytest.raises(ConfigurationError, match="Migration 0001 is not the one"):
        pending([FIRST, SECOND], {1: "another hash"})


def test_statements_are_split_where_they_end():
    trigger = "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n    SELECT 1;\nEND;\n"

    assert list(statements(f"SELECT 1;\n\n{trigger}-- the end\n")) == [
        "SELECT 1;\n",
        f"\n{trigger}",
    ]


def test_a_migration_that_leaves_a_reference_to_nothing_is_refused(connection):
    connection.execute("PRAGMA foreign_keys = ON")
    tables = Migration(
        number=1,
        name="0001_t.sql",
        sql="CREATE TABLE a (x TEXT PRIMARY KEY);\nCREATE TABLE b (x TEXT REFERENCES a (x));\n"
        "INSERT INTO a VALUES ('1');\nINSERT INTO b VALUES ('1');\n",
    )
    migrate(connection, known=[tables], at=NOON)
    anew = "CREATE TABLE c (x TEXT PRIMARY KEY);\nDROP TABLE a;\nALTER TABLE c RENAME TO a;\n"
    losing = Migration(number=2, name="0002_t.sql", sql=anew)

    with pytest.raises(AssertionError, match=r"0002_t\.sql leaves rows"):
        migrate(connection, known=[tables, losing], at=NOON)

    assert connection.execute("SELECT x FROM a").fetchall() == [("1",)]
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_accounts_and_their_transfers_outlive_the_arrival_of_servers(connection):
    known = load()
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, known=known[:4], at=NOON)
    connection.execute(
        "INSERT INTO accounts (id, kind, owner_id, balance) VALUES ('member:2', 'member', 2, 5)"
    )
    connection.execute(
        """
        INSERT INTO transfers (id, kind, debit, credit, amount, at)
        VALUES ('x', 'grant', 'system:grants', 'member:2', 5, '')
        """
    )

    migrate(connection, known=known, at=NOON)

    accounts = connection.execute("SELECT id, kind, owner_id, balance FROM accounts").fetchall()
    assert ("member:2", "member", 2, 5) in accounts
    assert len(accounts) == 4
    connection.execute("INSERT INTO accounts (id, kind, guild_id) VALUES ('server:7', 'server', 7)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute(
            """
            INSERT INTO transfers (id, kind, debit, credit, amount, at)
            VALUES ('y', 'gift', 'member:2', 'server:404', 1, '')
            """
        )


async def tell_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO migrations VALUES (9999, '9999_later.sql', 'x', 'x')")


async def test_the_store_of_a_newer_release_does_not_open(tmp_path, sealer):
    path = tmp_path / "easel.db"
    async with open_sqlite(path, sealer=sealer):
        pass
    await tell_newer(path)

    with pytest.raises(ConfigurationError, match="newer release"):
        async with open_sqlite(path, sealer=sealer):
            pass
    with pytest.raises(ConfigurationError, match="newer release"):
        async with open_reader(path, sealer=sealer):
            pass
    with pytest.raises(ConfigurationError, match="newer release"):
        await version_of(path)


async def test_a_store_of_an_older_release_is_not_changed_by_looking(tmp_path, sealer):
    path = tmp_path / "easel.db"
    path.touch()

    with pytest.raises(ConfigurationError, match=r"run \./easel migrate"):
        async with open_reader(path, sealer=sealer):
            pass

    newest = load()[-1].number
    assert await version_of(path) == (
        f"The database has schema 0; the next start brings it to {newest}."
    )
    assert path.stat().st_size == 0


async def test_the_version_is_told_in_a_sentence(tmp_path, sealer):
    path = tmp_path / "easel.db"
    async with open_sqlite(path, sealer=sealer):
        said = await version_of(path)

    assert said == f"The database has schema {load()[-1].number}, that of this release."


async def test_the_version_of_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="There is no database"):
        await version_of(tmp_path / "easel.db")

    assert list(tmp_path.iterdir()) == []
