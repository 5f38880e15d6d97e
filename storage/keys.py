"""Provider keys of members and servers: sealed at rest, bound to their owner and provider.

Each kind of owner has a table of its own, and a purpose of its own under which its keys are
sealed: a row opens only for the kind, the owner and the provider that it was made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.domain.keys import KeyKind, KeyOwner
from storage.executor import Executor, Row
from storage.moments import from_text, from_text_or_none, to_text
from storage.sealing import Purpose, Sealed, Sealer

LAST_CHARS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """What may be shown of a key; `last4` is empty for a key too short to show any of it."""

    provider: str
    last4: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """Where one kind of owner's keys are, and what they are sealed for."""

    name: str
    owner: str
    purpose: Purpose


KEY_TABLES: Mapping[KeyKind, KeyTable] = MappingProxyType(
    {
        KeyKind.MEMBER: KeyTable(name="keys", owner="owner_id", purpose=Purpose.PROVIDER_KEY),
        KeyKind.SERVER: KeyTable(name="server_keys", owner="guild_id", purpose=Purpose.SERVER_KEY),
    }
)


class Keys:
    """The provider keys of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    async def put(
        self, owner: KeyOwner, *, provider: str, secret: str, label: str, at: datetime
    ) -> None:
        """Keep a key for a provider, in place of the one before."""
        table = KEY_TABLES[owner.kind]
        sealed = self._sealer.seal(secret, purpose=table.purpose, owner_id=owner.id, name=provider)
        await self._db.change(
            f"""
            INSERT INTO {table.name}
                ({table.owner}, provider, sealed, key_id, last4, label, created_at)
            VALUES (:owner_id, :provider, :sealed, :key_id, :last4, :label, :at)
            ON CONFLICT ({table.owner}, provider) DO UPDATE SET
                sealed = excluded.sealed, key_id = excluded.key_id, last4 = excluded.last4,
                label = excluded.label, created_at = excluded.created_at, last_used_at = NULL
            """,  # noqa: S608 - names are ours
            owner_id=owner.id,
            provider=provider,
            sealed=sealed.data,
            key_id=sealed.key_id,
            last4=secret[-LAST_CHARS:] if len(secret) >= 4 * LAST_CHARS else "",
            label=label,
            at=to_text(at),
        )

    async def get(self, owner: KeyOwner, provider: str) -> str | None:
        """Return a key for a provider, opened.

        Raises:
            ConfigurationError: the master key is missing, or the row was changed or moved.
        """
        table = KEY_TABLES[owner.kind]
        row = await self._db.row(
            f"SELECT * FROM {table.name} WHERE {table.owner} = :owner_id AND provider = :provider",  # noqa: S608 - names are ours
            owner_id=owner.id,
            provider=provider,
        )
        return None if row is None else self._unsealed(row, table)

    async def list(self, owner: KeyOwner) -> tuple[StoredKey, ...]:
        """Return what may be shown of somebody's keys, by provider."""
        table = KEY_TABLES[owner.kind]
        rows = await self._db.rows(
            f"SELECT * FROM {table.name} WHERE {table.owner} = :owner_id ORDER BY provider",  # noqa: S608 - names are ours
            owner_id=owner.id,
        )
        return tuple(
            StoredKey(
                provider=row["provider"],
                last4=row["last4"],
                label=row["label"],
                created_at=from_text(row["created_at"]),
                last_used_at=from_text_or_none(row["last_used_at"]),
            )
            for row in rows
        )

    async def owners(self) -> frozenset[tuple[KeyOwner, str]]:
        """Return who has a key, and for which provider."""
        found = set()
        for kind, table in KEY_TABLES.items():
            rows = await self._db.rows(f"SELECT {table.owner} AS id, provider FROM {table.name}")  # noqa: S608 - names are ours
            found |= {(KeyOwner(kind=kind, id=row["id"]), row["provider"]) for row in rows}
        return frozenset(found)

    async def delete(self, owner: KeyOwner, provider: str) -> bool:
        """Forget a key; False when there was none."""
        table = KEY_TABLES[owner.kind]
        changed = await self._db.change(
            f"DELETE FROM {table.name} WHERE {table.owner} = :owner_id AND provider = :provider",  # noqa: S608 - names are ours
            owner_id=owner.id,
            provider=provider,
        )
        return changed == 1

    async def touch(self, owner: KeyOwner, provider: str, *, at: datetime) -> bool:
        """Note that a key was used; False when there is none."""
        table = KEY_TABLES[owner.kind]
        changed = await self._db.change(
            f"""
            UPDATE {table.name} SET last_used_at = :at
            WHERE {table.owner} = :owner_id AND provider = :provider
            """,  # noqa: S608 - names are ours
            owner_id=owner.id,
            provider=provider,
            at=to_text(at),
        )
        return changed == 1

    def _unsealed(self, row: Row, table: KeyTable) -> str:
        return self._sealer.unseal(
            Sealed(key_id=row["key_id"], data=row["sealed"]),
            purpose=table.purpose,
            owner_id=row[table.owner],
            name=row["provider"],
        )
