"""Secrets at rest: AES-256-GCM, bound to their purpose and owner, under master keys with ids.

The purpose, the owner and a name (the provider, or the job) are associated data, so a row that is
moved to another user no longer opens. A master key's id is made from the key itself: there may be
several, and the last one seals.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.domain.errors import ConfigurationError

MASTER_KEY_BYTES = 32
NONCE_BYTES = 12  # what GCM is defined for
OWNER_ONLY = 0o600


class Purpose(StrEnum):
    """What a sealed secret is for; a key's purpose also says which kind of owner brought it."""

    PROVIDER_KEY = "provider key"
    SERVER_KEY = "server key"
    HOUSE_SECRET = "house secret"  # noqa: S105 - a purpose, no secret
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

    def with_older(self, older: "MasterKeys") -> "MasterKeys":
        """Return these keys and those of `older` behind them, which seal nothing any more."""
        by_id = {**older.by_id, **self.by_id}
        return MasterKeys(by_id=MappingProxyType(by_id), current_id=self.current_id)

    def spellings(self) -> tuple[str, ...]:
        """Return every key as it is written down: for masking, and for nothing else."""
        return tuple(base64.b64encode(key).decode() for key in self.by_id.values())


class Sealer:
    """Seal and open secrets; used from the threads of every connection."""

    def __init__(self, keys: MasterKeys) -> None:
        self.use(keys)

    def use(self, keys: MasterKeys) -> None:
        """Seal with the newest of these keys from now on, and open with any of them."""
        ciphers = {key_id: AESGCM(key) for key_id, key in keys.by_id.items()}
        self._in_use = (keys.current_id, ciphers)  # one value, so that no thread sees half of it

    @property
    def current_id(self) -> str:
        """The id of the master key that seals."""
        return self._in_use[0]

    def seal(self, secret: str, *, purpose: Purpose, owner_id: int, name: str) -> Sealed:
        """Seal a secret of an owner; `name` is the provider or the job that it belongs to."""
        current_id, ciphers = self._in_use
        nonce = os.urandom(NONCE_BYTES)
        data = ciphers[current_id].encrypt(
            nonce, secret.encode(), _bound_to(purpose, owner_id, name)
        )
        return Sealed(key_id=current_id, data=nonce + data)

    def unseal(self, sealed: Sealed, *, purpose: Purpose, owner_id: int, name: str) -> str:
        """Open a secret.

        Raises:
            ConfigurationError: the master key is missing, or the row was changed or moved.
        """
        _, ciphers = self._in_use
        cipher = ciphers.get(sealed.key_id)
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
