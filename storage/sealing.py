"""Secrets at rest: AES-256-GCM, bound to their purpose and owner, under master keys with ids.

The purpose, the owner and a name (the provider, or the job) are associated data, so a row that is
moved to another user no longer opens. A master key's id is made from the key itself: a file may
hold several, one per line, and the last one seals.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.domain.errors import ConfigurationError

MASTER_KEY_BYTES = 32
NONCE_BYTES = 12  # what GCM is defined for
OWNER_ONLY = 0o600


class Purpose(StrEnum):
    """What a sealed secret is for."""

    PROVIDER_KEY = "provider key"
    INTERACTION_TOKEN = "interaction token"  # noqa: S105 - a purpose, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A secret that only the master key named here opens."""

    key_id: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """Every master key that may be needed, by id; new secrets are sealed with the current one."""

    by_id: Mapping[str, bytes] = field(repr=False)
    current_id: str

    @classmethod
    def from_base64(cls, *lines: str) -> "MasterKeys":
        """Read master keys, the newest last.

        Raises:
            ConfigurationError: a line is not 32 bytes in base64.
        """
        keys = [_decoded(line) for line in lines]
        if not keys:
            raise ConfigurationError("The master key is empty: restore it from a backup.")
        by_id = {_id_of(key): key for key in keys}
        return cls(by_id=MappingProxyType(by_id), current_id=_id_of(keys[-1]))


class Sealer:
    """Seal and open secrets."""

    def __init__(self, keys: MasterKeys) -> None:
        self.current_id = keys.current_id
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.by_id.items()}

    def seal(self, secret: str, *, purpose: Purpose, owner_id: int, name: str) -> Sealed:
        """Seal a secret of an owner; `name` is the provider or the job that it belongs to."""
        nonce = os.urandom(NONCE_BYTES)
        data = self._ciphers[self.current_id].encrypt(
            nonce, secret.encode(), _bound_to(purpose, owner_id, name)
        )
        return Sealed(key_id=self.current_id, data=nonce + data)

    def unseal(self, sealed: Sealed, *, purpose: Purpose, owner_id: int, name: str) -> str:
        """Open a secret.

        Raises:
            ConfigurationError: the master key is missing, or the row was changed or moved.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise ConfigurationError(
                f"A stored secret needs the master key {sealed.key_id}: "
                "put it back, or delete the secret and store it again."
            )
        nonce, data = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, data, _bound_to(purpose, owner_id, name)).decode()
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                "A stored secret was changed outside of this program: delete it and store it again."
            ) from error


def derived_keys(keys: MasterKeys, *, label: str) -> tuple[bytes, ...]:
    """Make keys for another use from the master keys, 32 bytes each, the current one's first.

    They tell nothing about the master keys, and stay the same as long as those do.
    """
    newest_first = sorted(keys.by_id.items(), key=lambda pair: pair[0] != keys.current_id)
    return tuple(
        hmac.digest(key, b"easel derived key\0" + label.encode(), "sha256")
        for _, key in newest_first
    )


def load_or_create_master_key(path: Path) -> tuple[MasterKeys, bool]:
    """Read the master keys of a file, or make one; also return whether it was created.

    Raises:
        ConfigurationError: the file cannot be read or written, or holds no master key.
    """
    try:
        is_new = not path.exists()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append_key(path, os.O_EXCL)
    except OSError as error:
        raise _unwritable(path, error) from error
    return _read_keys(path), is_new


def add_master_key(path: Path) -> MasterKeys:
    """Append a new master key to the file and return all; old secrets still open.

    Raises:
        ConfigurationError: the file cannot be read or written.
    """
    _read_keys(path)
    try:
        _append_key(path, os.O_APPEND)
    except OSError as error:
        raise _unwritable(path, error) from error
    return _read_keys(path)


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"The master key cannot be written to {path}: {error.strerror}.")


def _append_key(path: Path, flags: int) -> None:
    line = base64.b64encode(os.urandom(MASTER_KEY_BYTES)) + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _read_keys(path: Path) -> MasterKeys:
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The master key in {path} cannot be read.") from error
    return MasterKeys.from_base64(*text.split())


def _decoded(line: str) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigurationError("A master key is 32 bytes in base64; this one is not.")
    return key


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"easel master key id\0" + key).hexdigest()[:8]


def _bound_to(purpose: Purpose, owner_id: int, name: str) -> bytes:
    return json.dumps([purpose, owner_id, name]).encode()
