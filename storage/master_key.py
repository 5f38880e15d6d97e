"""The file of master keys: one per line, 32 random bytes in base64, the last one seals.

It is only ever replaced whole, by a file that the disk has already, and by one process at a time:
half a key, or a key that somebody seals with and nobody keeps, would cost every stored secret.
"""

import base64
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.domain.errors import ConfigurationError
from storage.folders import flush_folder
from storage.sealing import MASTER_KEY_BYTES, MasterKeys


def load_master_keys(path: Path) -> MasterKeys:
    """Read the master keys of a file, and make sure that the disk has the file by this name.

    Raises:
        ConfigurationError: the file cannot be read, or holds no master key.
    """
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The master key in {path} cannot be read.") from error
    with suppress(OSError):  # where nobody may write, nobody has just replaced it
        flush_folder(path.resolve().parent)
    return MasterKeys.from_base64(*text.split())


def load_or_create_master_key(path: Path) -> tuple[MasterKeys, bool]:
    """Read the master keys of a file, or make one; also return whether it was created.

    Raises:
        ConfigurationError: the file cannot be read or written, or holds no master key.
    """
    is_new = False
    with _unwritable(path):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path):
                is_new = not path.exists()
                if is_new:
                    _replace(path, [_new_key()])
    return load_master_keys(path), is_new


def add_master_key(path: Path) -> MasterKeys:
    """Add a new master key to the file and return all; old secrets still open.

    Raises:
        ConfigurationError: the file cannot be read or written.
    """
    with _unwritable(path), _alone(path):
        load_master_keys(path)  # nothing is added to what is no file of master keys
        _replace(path, [*path.read_text("ascii").split(), _new_key()])
    return load_master_keys(path)


def keep_newest_master_key(path: Path) -> MasterKeys:
    """Take all master keys but the last out of the file; what they alone open is lost.

    Raises:
        ConfigurationError: the file cannot be read or written.
    """
    with _unwritable(path), _alone(path):
        load_master_keys(path)
        _replace(path, path.read_text("ascii").split()[-1:])
    return load_master_keys(path)


class MasterKeyFile:
    """The file as a running service follows it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> MasterKeys | None:
        """Return the master keys when the file is not the one seen last, else None.

        Raises:
            ConfigurationError: the file cannot be read, or holds no master key.
        """
        try:
            file = self._path.stat()
        except OSError as error:
            raise ConfigurationError(f"The master key in {self._path} cannot be read.") from error
        seen = (file.st_ino, file.st_mtime_ns, file.st_size)
        if seen == self._seen:
            return None
        keys = load_master_keys(self._path)
        self._seen = seen
        return keys


def _new_key() -> str:
    return base64.b64encode(os.urandom(MASTER_KEY_BYTES)).decode()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep others from changing the file at the same time, by a lock on its folder."""
    place = path.resolve()
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        for half_written in place.parent.glob(f".{place.name}.*"):  # by somebody who was killed
            half_written.unlink()
        yield
    finally:
        os.close(folder)


def _replace(path: Path, lines: list[str]) -> None:
    place = path.resolve()  # the file itself, where the name is a link to it
    descriptor, aside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            _keep_rights(file.fileno(), place)
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(place)
    finally:
        Path(aside).unlink(missing_ok=True)
    flush_folder(place.parent)


def _keep_rights(descriptor: int, place: Path) -> None:
    """Leave a file to its owner, also when somebody else (root) replaces it."""
    with suppress(FileNotFoundError):
        before, mine = place.stat(), os.fstat(descriptor)
        if (before.st_uid, before.st_gid) != (mine.st_uid, mine.st_gid):
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, before.st_mode & 0o777)


@contextmanager
def _unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The master key cannot be written to {path}: {error.strerror}."
        ) from error
