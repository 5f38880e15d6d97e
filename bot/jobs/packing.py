"""Files into one ZIP after another, none of them bigger than a place takes; on the disk."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

PARTS_MAX = 10
ENTRY_BYTES = 400  # what a ZIP needs beside the bytes of one file, at most
DIRECTORY_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file for a ZIP; a picture is compressed already."""

    name: str
    data: bytes = field(repr=False)
    is_compressed: bool = False

    @property
    def size_bytes_max(self) -> int:
        """The most that it takes up in a ZIP."""
        return len(self.data) + ENTRY_BYTES + 2 * len(self.name.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One ZIP, on the disk until the next is asked for."""

    path: Path
    name: str


class Package:
    """Some files as ZIPs, asked for one by one."""

    def __init__(self, files: AsyncIterator[File], *, folder: Path, bytes_max: int) -> None:
        self._files = files
        self._folder = folder
        self._bytes_max = bytes_max
        self._zip: zipfile.ZipFile | None = None
        self._size = 0
        self._made = 0
        self.left_out = 0
        """How many files went into no ZIP; known when there are no more."""

    async def parts(self) -> AsyncIterator[Part]:
        """Return the ZIPs, at most `PARTS_MAX`."""
        async for file in self._files:
            if self._is_hopeless(file):
                self.left_out += 1
                continue
            if self._zip is not None and self._size + file.size_bytes_max > self._bytes_max:
                part = await self._finish()
                yield part
                part.path.unlink(missing_ok=True)
                if self._made >= PARTS_MAX:
                    self.left_out += 1
                    continue
            await asyncio.to_thread(self._add, file)
        if self._zip is not None:
            yield await self._finish()

    def _is_hopeless(self, file: File) -> bool:
        is_full = self._zip is None and self._made >= PARTS_MAX
        return is_full or DIRECTORY_BYTES + file.size_bytes_max > self._bytes_max

    def _add(self, file: File) -> None:
        if self._zip is None:
            self._size = DIRECTORY_BYTES
            self._zip = zipfile.ZipFile(self._folder / f"easel-{self._made + 1}.zip", "w")
        kind = zipfile.ZIP_STORED if file.is_compressed else zipfile.ZIP_DEFLATED
        self._zip.writestr(file.name, file.data, compress_type=kind)
        unpacked = file.size_bytes_max - len(file.data)
        self._size += self._zip.getinfo(file.name).compress_size + unpacked

    async def _finish(self) -> Part:
        assert self._zip is not None
        assert self._zip.filename is not None
        path = Path(self._zip.filename)
        await asyncio.to_thread(self._zip.close)
        self._zip = None
        self._made += 1
        return Part(path=path, name=path.name)
