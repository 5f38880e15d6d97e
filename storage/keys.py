"""Members' own keys for providers: sealed at rest, bound to their owner and provider."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.jobs import UserId
from storage.executor import Executor, Row
from storage.moments import from_text, from_text_or_none, to_text
from storage.sealing import Purpose, Sealed, Sealer

LAST_CHARS = 4
RESEALED_AT_ONCE_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """What may be shown of a key; `last4` is empty for a key too short to show any of it."""

    provider: str
    last4: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


class Keys:
    """The provider keys of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    async def put(
        self, owner_id: UserId, *, provider: str, secret: str, label: str, at: datetime
    ) -> None:
        """Keep a member's key for a provider, in place of the one before."""
        sealed = self._seal(secret, owner_id=owner_id, provider=provider)
        await self._db.change(
            """
            INSERT INTO keys (owner_id, provider, sealed, key_id, last4, label, created_at)
            VALUES (:owner_id, :provider, :sealed, :key_id, :last4, :label, :at)
            ON CONFLICT (owner_id, provider) DO UPDATE SET
                sealed = excluded.sealed, key_id = excluded.key_id, last4 = excluded.last4,
                label = excluded.label, created_at = excluded.created_at, last_used_at = NULL
            """,
            owner_id=owner_id,
            provider=provider,
            sealed=sealed.data,
            key_id=sealed.key_id,
            last4=secret[-LAST_CHARS:] if len(secret) >= 4 * LAST_CHARS else "",
            label=label,
            at=to_text(at),
        )

    async def get(self, owner_id: UserId, provider: str) -> str | None:
        """Return a member's key for a provider, opened.

        Raises:
            ConfigurationError: the master key is missing, or the row was changed or moved.
        """
        row = await self._db.row(
            "SELECT * FROM keys WHERE owner_id = :owner_id AND provider = :provider",
            owner_id=owner_id,
            provider=provider,
        )
        return None if row is None else self._unseal(row)

    async def list(self, owner_id: UserId) -> tuple[StoredKey, ...]:
        """Return what may be shown of a member's keys, by provider."""
        rows = await self._db.rows(
            "SELECT * FROM keys WHERE owner_id = :owner_id ORDER BY provider", owner_id=owner_id
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

    async def owners(self) -> frozenset[tuple[UserId, str]]:
        """Return who has a key, and for which provider."""
        rows = await self._db.rows("SELECT owner_id, provider FROM keys")
        return frozenset((UserId(row["owner_id"]), row["provider"]) for row in rows)

    async def delete(self, owner_id: UserId, provider: str) -> bool:
        """Forget a key; False when there was none."""
        changed = await self._db.change(
            "DELETE FROM keys WHERE owner_id = :owner_id AND provider = :provider",
            owner_id=owner_id,
            provider=provider,
        )
        return changed == 1

    async def touch(self, owner_id: UserId, provider: str, *, at: datetime) -> bool:
        """Note that a key was used; False when there is none."""
        changed = await self._db.change(
            """
            UPDATE keys SET last_used_at = :at
            WHERE owner_id = :owner_id AND provider = :provider
            """,
            owner_id=owner_id,
            provider=provider,
            at=to_text(at),
        )
        return changed == 1

    async def reseal(self) -> int:
        """Seal some keys again that an older master key seals; 0: none is left.

        Raises:
            ConfigurationError: one of them cannot be opened.
        """
        rows = await self._db.rows(
            "SELECT * FROM keys WHERE key_id <> :key_id LIMIT :limit",
            key_id=self._sealer.current_id,
            limit=RESEALED_AT_ONCE_MAX,
        )
        for row in rows:
            sealed = self._seal(
                self._unseal(row), owner_id=row["owner_id"], provider=row["provider"]
            )
            await self._db.change(
                """
                UPDATE keys SET sealed = :sealed, key_id = :key_id
                WHERE owner_id = :owner_id AND provider = :provider
                """,
                sealed=sealed.data,
                key_id=sealed.key_id,
                owner_id=row["owner_id"],
                provider=row["provider"],
            )
        return len(rows)

    def _seal(self, secret: str, *, owner_id: UserId, provider: str) -> Sealed:
        return self._sealer.seal(
            secret, purpose=Purpose.PROVIDER_KEY, owner_id=owner_id, name=provider
        )

    def _unseal(self, row: Row) -> str:
        return self._sealer.unseal(
            Sealed(key_id=row["key_id"], data=row["sealed"]),
            purpose=Purpose.PROVIDER_KEY,
            owner_id=row["owner_id"],
            name=row["provider"],
        )
