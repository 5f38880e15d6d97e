import asyncio
import errno
import hashlib
import os
from pathlib import Path

import pytest

from bot.domain.errors import StorageUnavailable
from bot.domain.requests import BlobId
from storage.blobs import DirectoryBlobs

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
    assert await blobs.exists(blob)


async def test_the_same_bytes_are_kept_once(blobs, tmp_path):
    names = await asyncio.gather(*(blobs.put(DATA) for _ in range(20)))

    assert set(names) == {NAME}
    assert len(files(tmp_path)) == 1


async def test_what_is_not_there_is_none(blobs):
    assert await blobs.get(UNKNOWN) is None
    assert not await blobs.exists(UNKNOWN)
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
    for way in (blobs.get, blobs.exists, blobs.delete):
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
