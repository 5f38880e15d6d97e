import asyncio
import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.errors import StorageUnavailable
from bot.domain.requests import BlobId
from storage.blobs import SHARDS, DirectoryBlobs

DATA = b"a picture, nearly"
NAME = hashlib.sha256(DATA).hexdigest()
UNKNOWN = BlobId("0" * 64)


@pytest.fixture
async def blobs(tmp_path: Path) -> DirectoryBlobs:
    return await DirectoryBlobs(tmp_path / "blobs").open()


def files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_bytes_come_back_under_their_hash(blobs):
    blob = await blobs.put(DATA)

    assert blob == NAME
    assert await blobs.get(blob) == DATA


async def test_the_same_bytes_are_kept_once(blobs, tmp_path):
    names = await asyncio.gather(*(blobs.put(DATA) for _ in range(20)))

    assert set(names) == {NAME}
    assert len(files(tmp_path)) == 1


async def test_what_is_not_there_is_none(blobs):
    assert await blobs.get(UNKNOWN) is None
    assert not await blobs.renew(UNKNOWN)
    assert not await blobs.delete(UNKNOWN)


async def test_deleted_bytes_are_gone_and_may_come_again(blobs):
    await blobs.put(DATA)

    assert await blobs.delete(BlobId(NAME))
    assert await blobs.get(BlobId(NAME)) is None
    assert await blobs.get(await blobs.put(DATA)) == DATA


async def test_everything_is_there_after_opening_again(blobs, tmp_path):
    blob = await blobs.put(DATA)

    again = await DirectoryBlobs(tmp_path / "blobs").open()

    assert await again.get(blob) == DATA


async def test_what_was_half_written_is_swept(blobs, tmp_path):
    blob = await blobs.put(DATA)
    (tmp_path / "blobs" / "incoming" / "half").write_bytes(b"a pict")

    again = await DirectoryBlobs(tmp_path / "blobs").open()

    assert len(files(tmp_path)) == 1
    assert await again.get(blob) == DATA


@pytest.mark.parametrize(
    "name", ["", "../../secret", "A" * 64, "0" * 63, "0" * 65, f"{'0' * 64}\n"]
)
async def test_a_name_that_is_no_hash_leads_nowhere(blobs, name):
    for way in (blobs.get, blobs.renew, blobs.delete):
        with pytest.raises(ValueError, match="SHA-256"):
            await way(BlobId(name))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "Input/output error"),
    ],
)
async def test_a_disk_that_says_no_leaves_nothing_and_is_told(
    blobs, tmp_path, monkeypatch, code, sentence
):
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr("storage.blobs.os.fsync", refuse)
        with pytest.raises(StorageUnavailable, match=sentence):
            await blobs.put(DATA)
        assert files(tmp_path) == []

    assert await blobs.get(await blobs.put(DATA)) == DATA


async def test_a_place_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnavailable):
        await DirectoryBlobs(tmp_path / "file" / "blobs").open()


# ---------------------------------------------------------------- age

SHARD = int(NAME[:2], 16)
HOUR = timedelta(hours=1)


def hour_ago():
    return datetime.now(UTC) - HOUR


def age(tmp_path, by=2 * HOUR):
    """Make everything stored older."""
    for path in files(tmp_path):
        then = path.stat().st_mtime - by.total_seconds()
        os.utime(path, (then, then))


async def test_old_bytes_are_found_in_their_shard_and_nowhere_else(blobs, tmp_path):
    blob = await blobs.put(DATA)
    age(tmp_path)

    found = [await blobs.find_older_than(hour_ago(), shard=shard) for shard in range(SHARDS)]

    assert found[SHARD] == (blob,)
    assert sum(map(len, found)) == 1


async def test_new_bytes_are_not_found(blobs):
    await blobs.put(DATA)

    assert await blobs.find_older_than(hour_ago(), shard=SHARD) == ()


@pytest.mark.parametrize("way", ["put", "renew"])
async def test_what_is_put_or_renewed_is_new_again_and_stays(blobs, tmp_path, way):
    blob = await blobs.put(DATA)
    age(tmp_path)

    await (blobs.put(DATA) if way == "put" else blobs.renew(blob))

    assert await blobs.find_older_than(hour_ago(), shard=SHARD) == ()
    assert not await blobs.delete(blob, older_than=hour_ago())
    assert await blobs.get(blob) == DATA


async def test_old_bytes_can_be_deleted_by_age(blobs, tmp_path):
    blob = await blobs.put(DATA)
    age(tmp_path)

    assert await blobs.delete(blob, older_than=hour_ago())
    assert not await blobs.renew(blob)
    assert await blobs.get(blob) is None


async def test_strange_files_in_a_shard_are_nobody_s_blobs(blobs, tmp_path):
    await blobs.put(DATA)
    (tmp_path / "blobs" / NAME[:2] / "notes.txt").write_text("mine")
    age(tmp_path)

    assert await blobs.find_older_than(hour_ago(), shard=SHARD) == (NAME,)


async def test_whoever_was_told_that_bytes_are_kept_finds_them(blobs, tmp_path):
    """Put and delete by age at the same time, again and again: never a promise and no bytes."""
    for _ in range(50):
        blob = await blobs.put(DATA)
        age(tmp_path)

        await asyncio.gather(blobs.delete(blob, older_than=hour_ago()), blobs.put(DATA))

        assert await blobs.get(blob) == DATA
