"""Stored bytes, named by their SHA-256: pictures that arrived, and pictures to start from.

The same bytes are kept once, a repeated `put` only makes them new again, and a name that exists is
whole: bytes are written aside, flushed to the disk, and only then given their name.

Bytes come before the row that names them, so what no row names may be waste or about to be named.
Age tells: who is going to name bytes has just put or renewed them.
"""

import asyncio
import errno
import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.errors import StorageUnavailable
from bot.domain.requests import BlobId
from storage.folders import flush_folder

_BLOB_ID = re.compile(r"[0-9a-f]{64}")
_INCOMING = "incoming"  # half-written bytes; longer than any folder of blobs is named

SHARDS = 256
"""Parts of a store that are looked through one at a time, by the first byte of the name."""

_WHAT_TO_DO = {
    errno.ENOSPC: "The disk for pictures is full: free some space.",
    errno.EDQUOT: "The disk for pictures is full: free some space, or raise the quota.",
    errno.EROFS: "The disk for pictures is read-only: make it writable.",
    errno.EACCES: "The folder for pictures may not be written: give this user the right to.",
}


class BlobStore(Protocol):
    """Somewhere to keep bytes: a folder, or a bucket shared by several machines."""

    async def put(self, data: bytes) -> BlobId:
        """Keep bytes and return their name once they are durable.

        Raises:
            StorageUnavailable: they cannot be kept now.
        """
        ...

    async def get(self, blob: BlobId) -> bytes | None:
        """Return stored bytes, or None when they were deleted or never stored."""
        ...

    async def is_stored(self, blob: BlobId) -> bool:
        """Tell whether bytes are stored under a name."""
        ...

    async def renew(self, blob: BlobId) -> bool:
        """Let stored bytes count as new, because a row is going to name them; False when gone."""
        ...

    async def delete(self, blob: BlobId, *, older_than: datetime | None = None) -> bool:
        """Forget bytes; False when they were not stored, or came or were renewed since then."""
        ...

    async def find_older_than(self, moment: datetime, *, shard: int) -> tuple[BlobId, ...]:
        """Return what one shard (0…255) holds that came, and was last renewed, before then."""
        ...


class DirectoryBlobs:
    """A `BlobStore` in a folder of this machine, in 256 folders by the first two digits."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._renewing = threading.Lock()  # an age is looked at and acted on as one

    async def open(self) -> "DirectoryBlobs":
        """Make the folder, sweep what a killed process left half-written, and return the store.

        Raises:
            StorageUnavailable: the folder cannot be made or written.
        """
        await asyncio.to_thread(self._open)
        return self

    async def put(self, data: bytes) -> BlobId:
        """Keep bytes; see `BlobStore.put`."""
        return await asyncio.to_thread(self._put, data)

    async def get(self, blob: BlobId) -> bytes | None:
        """Return stored bytes; see `BlobStore.get`."""
        return await asyncio.to_thread(self._get, blob)

    async def is_stored(self, blob: BlobId) -> bool:
        """Tell whether bytes are stored; see `BlobStore.is_stored`."""
        return await asyncio.to_thread(self._path(blob).exists)

    async def renew(self, blob: BlobId) -> bool:
        """Let stored bytes count as new; see `BlobStore.renew`."""
        return await asyncio.to_thread(self._renew, self._path(blob))

    async def delete(self, blob: BlobId, *, older_than: datetime | None = None) -> bool:
        """Forget bytes; see `BlobStore.delete`."""
        return await asyncio.to_thread(self._delete, self._path(blob), older_than)

    async def find_older_than(self, moment: datetime, *, shard: int) -> tuple[BlobId, ...]:
        """Return old bytes of one shard; see `BlobStore.find_older_than`."""
        return await asyncio.to_thread(self._find_older_than, moment, shard)

    def _open(self) -> None:
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True)
            for half_written in self._incoming.iterdir():
                half_written.unlink()
            for shard in range(SHARDS):  # now, so that no picture has to wait for its folder
                (self._root / f"{shard:02x}").mkdir(exist_ok=True)
            flush_folder(self._root)

    def _put(self, data: bytes) -> BlobId:
        blob = BlobId(hashlib.sha256(data).hexdigest())
        path = self._path(blob)
        with _translated():
            if not self._renew(path):
                self._write_aside(data, path)
                flush_folder(path.parent)
        return blob

    def _write_aside(self, data: bytes, path: Path) -> None:
        descriptor, aside = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            with suppress(OSError):  # the sweep at the next start takes what stays
                Path(aside).unlink(missing_ok=True)
            raise

    def _get(self, blob: BlobId) -> bytes | None:
        path = self._path(blob)
        with _translated():
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def _renew(self, path: Path) -> bool:
        with _translated(), self._renewing:
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
        return True

    def _delete(self, path: Path, older_than: datetime | None) -> bool:
        with _translated(), self._renewing:
            try:
                if older_than is not None and not _is_older(path.stat(), older_than):
                    return False
                path.unlink()
            except FileNotFoundError:
                return False
        return True

    def _find_older_than(self, moment: datetime, shard: int) -> tuple[BlobId, ...]:
        with _translated():
            try:
                with os.scandir(self._root / f"{shard:02x}") as folder:
                    return tuple(
                        BlobId(file.name)
                        for file in folder
                        if _BLOB_ID.fullmatch(file.name) and _is_older(file.stat(), moment)
                    )
            except FileNotFoundError:  # of the folder, or of a file that was deleted meanwhile
                return ()

    def _path(self, blob: BlobId) -> Path:
        if not _BLOB_ID.fullmatch(blob):  # it could lead out of the folder
            raise ValueError("a blob is named by its SHA-256")
        return self._root / blob[:2] / blob


def _is_older(file: os.stat_result, moment: datetime) -> bool:
    return file.st_mtime < moment.timestamp()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        sentence = _WHAT_TO_DO.get(
            error.errno or 0, f"The folder for pictures does not work: {error.strerror}."
        )
        raise StorageUnavailable(sentence) from error
