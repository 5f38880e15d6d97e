"""All that is stored about a member, as files to take away: rows as JSON, pictures as they are posted.

Only one ZIP is on the disk at a time, and of it only one file or one job's pictures in memory:
rows are written where they are read, in the store's own thread, and ZIPs are made in threads.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from bot.domain.errors import QuotaExceeded
from bot.domain.jobs import JobId, UserId
from bot.domain.requests import BlobId
from bot.jobs.album import Album
from bot.jobs.packing import File, Package
from storage.blobs import BlobStore
from storage.database import Database

CHUNK_BYTES = 1024 * 1024  # of JSON in one file, before it is compressed
ZIP_BYTES = 8192  # left for what a ZIP needs beside a picture
AT_ONCE_MAX = 2

UNDER_WAY = "Your export is being made already. Please wait until it is there."

README = """\
This is everything that Easel has stored about you.

data/       rows of its tables as JSON, one file or more for each table. Times are in UTC, credits in
            millionths. Keys and tokens that were sealed are left out, and so is everybody else.
pictures/   your pictures, as long as they are kept. The first number in a name is that of its job.
sources/    pictures that you attached, as long as they are kept.
"""


@dataclass(slots=True)
class _Rows:
    """Rows as they come from the store, in files of a bounded size; and which bytes they name."""

    folder: Path
    jobs: dict[JobId, None] = field(default_factory=dict)
    sources: dict[BlobId, None] = field(default_factory=dict)
    _open: dict[str, tuple[TextIO, int]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def take(self, table: str, row: Mapping[str, Any]) -> None:
        if table == "pictures":
            self.jobs[JobId(row["job_id"])] = None
        if table == "job_sources":
            self.sources[BlobId(row["blob"])] = None
        line = json.dumps(row, ensure_ascii=False)
        file, size = self._open.get(table) or self._begin(table)
        file.write(("[\n" if size == 0 else ",\n") + line)
        self._open[table] = (file, size + len(line.encode()))
        if size > CHUNK_BYTES:
            self._end(table)

    def close(self) -> None:
        for table in list(self._open):
            self._end(table)

    def _begin(self, table: str) -> tuple[TextIO, int]:
        count = self._counts[table] = self._counts.get(table, 0) + 1
        suffix = "" if count == 1 else f"-{count}"
        return (self.folder / f"{table}{suffix}.json").open("w", encoding="utf-8"), 0

    def _end(self, table: str) -> None:
        file, _ = self._open.pop(table)
        file.write("\n]\n")
        file.close()


class Exports:
    """Make exports, a few at a time, one for each member."""

    def __init__(self, database: Database, blobs: BlobStore, album: Album, *, folder: Path) -> None:
        self._database = database
        self._blobs = blobs
        self._album = album
        self._folder = folder
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self._under_way: set[UserId] = set()

    async def open(self) -> None:
        """Sweep away what a killed process left."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    @asynccontextmanager
    async def of(self, owner_id: UserId, *, bytes_max: int) -> AsyncIterator[Package]:
        """Export a member's data in ZIPs of at most so many bytes; raise `QuotaExceeded` if busy."""
        with self._alone(owner_id):
            async with self._turns:
                folder = Path(await asyncio.to_thread(self._new_folder))
                try:
                    files = self._files(owner_id, folder / "rows", bytes_max=bytes_max - ZIP_BYTES)
                    yield Package(files, folder=folder, bytes_max=bytes_max)
                finally:
                    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    @contextmanager
    def _alone(self, owner_id: UserId) -> Iterator[None]:
        if owner_id in self._under_way:
            raise QuotaExceeded(UNDER_WAY)
        self._under_way.add(owner_id)
        try:
            yield
        finally:
            self._under_way.discard(owner_id)

    def _new_folder(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(dir=self._folder)
        (Path(folder) / "rows").mkdir()
        return folder

    async def _files(
        self, owner_id: UserId, folder: Path, *, bytes_max: int
    ) -> AsyncIterator[File]:
        """Return every file in turn, what matters most first: the last ones may be left out."""
        yield File(name="README.txt", data=README.encode())
        rows = _Rows(folder)
        try:
            await self._database.read(lambda tx: tx.privacy.export(owner_id, rows.take))
        finally:
            await asyncio.to_thread(rows.close)
        for path in await asyncio.to_thread(_in_order, folder):
            data = await asyncio.to_thread(path.read_bytes)
            yield File(name=f"data/{path.name}", data=data)
        for job_id in reversed(rows.jobs):
            for picture in await self._pictures(job_id, bytes_max=bytes_max):
                yield picture
        for blob in rows.sources:
            source = await self._blobs.get(blob)
            if source is not None:
                name = f"sources/{blob[:16]}{_suffix(source)}"
                yield File(name=name, data=source, is_compressed=True)

    async def _pictures(self, job_id: JobId, *, bytes_max: int) -> tuple[File, ...]:
        job = await self._database.read(lambda tx: tx.jobs.get(job_id))
        if job is None:
            return ()
        try:
            files = await self._album.files(job, bytes_max=bytes_max)
        except LookupError:  # let go of meanwhile
            return ()
        return tuple(
            File(name=f"pictures/{file.name}", data=file.data, is_compressed=True) for file in files
        )


def _in_order(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _suffix(data: bytes) -> str:
    """Name the kind of a stored picture by its first bytes."""
    if data.startswith(b"\x89PNG"):
        return ".png"
    return ".webp" if data[8:12] == b"WEBP" else ".jpg"
