import asyncio
import sqlite3
from contextlib import closing

import pytest

from bot.domain.errors import ConfigurationError
from bot.domain.jobs import JobId
from storage.backup import backup
from storage.sqlite import open_sqlite
from tests.storage.store_values import a_job


async def test_a_backup_of_a_busy_database_is_of_one_moment_and_opens(tmp_path, sealer):
    copy = tmp_path / "copy.db"
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer) as database:
        await database.write(lambda tx: tx.jobs.accept(a_job("first")))

        async def keep_writing():
            for number in range(200):
                await database.write(lambda tx, n=number: tx.jobs.accept(a_job(str(n))))

        writing = asyncio.create_task(keep_writing())
        size_bytes = await backup(tmp_path / "easel.db", copy)
        await writing

    assert size_bytes == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    async with open_sqlite(copy, sealer=sealer) as restored:
        assert await restored.read(lambda tx: tx.jobs.get(JobId("first"))) == a_job("first")
        assert await restored.read(lambda tx: tx.credits.audit()) == ()


async def test_a_backup_stands_alone_in_its_file(tmp_path, sealer):
    (tmp_path / "backups").mkdir()
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer) as database:
        await database.write(lambda tx: tx.jobs.accept(a_job()))
        await backup(tmp_path / "easel.db", tmp_path / "backups" / "copy.db")

    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["copy.db"]
    with closing(sqlite3.connect(tmp_path / "backups" / "copy.db")) as raw:
        assert raw.execute("SELECT COUNT(*) FROM jobs").fetchone() == (1,)


async def test_a_backup_never_overwrites(tmp_path, sealer):
    path, taken = tmp_path / "easel.db", tmp_path / "holiday.jpg"
    taken.write_bytes(b"dear to somebody")
    async with open_sqlite(path, sealer=sealer):
        for target in (taken, path):
            with pytest.raises(ConfigurationError, match="exists already"):
                await backup(path, target)

    assert taken.read_bytes() == b"dear to somebody"


async def test_there_is_no_backup_of_what_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="There is no database"):
        await backup(tmp_path / "easel.db", tmp_path / "copy.db")

    assert list(tmp_path.iterdir()) == []


async def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path, sealer):
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer):
        with pytest.raises(ConfigurationError, match="cannot be made"):
            await backup(tmp_path / "easel.db", tmp_path / "nowhere" / "copy.db")


async def test_a_file_that_is_no_database_gives_no_backup(tmp_path):
    (tmp_path / "easel.db").write_bytes(b"shopping list: " + b"eggs " * 1000)

    with pytest.raises(ConfigurationError, match="not an Easel database"):
        await backup(tmp_path / "easel.db", tmp_path / "copy.db")

    assert [path.name for path in tmp_path.iterdir()] == ["easel.db"]
