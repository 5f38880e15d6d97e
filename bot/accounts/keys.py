"""Members' own provider keys: tested live, sealed at rest, shown by their last four characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from bot.domain.clock import Clock
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UserId
from bot.providers.base import Provider
from storage.database import Database, Tx

KEY_CHARS_MIN, KEY_CHARS_MAX = 4, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """What may be shown of a key."""

    provider: str
    title: str
    last4: str
    holder: str
    added_at: datetime
    last_used_at: datetime | None


class KeyRing:
    """Keep members' keys; only `secret_for` ever hands one out."""

    def __init__(
        self,
        database: Database,
        *,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._database = database
        self._providers = providers
        self._clock = clock
        self._owners: set[tuple[UserId, str]] = set()
        self.providers = tuple((name, provider.title) for name, provider in providers.items())

    async def open(self) -> None:
        """Learn who has keys, so that a quote needs no look at the store."""
        self._owners = set(await self._database.read(lambda tx: tx.keys.owners()))

    def has(self, owner_id: UserId, provider: str) -> bool:
        """Tell from memory whether a member brought a key."""
        return (owner_id, provider) in self._owners

    async def set(self, owner_id: UserId, *, provider: str, secret: SecretStr) -> KeyInfo:
        """Test a key at its provider and store it sealed, replacing the one before.

        Raises `InvalidRequest` for what cannot be a key, `KeyRejected` when the provider does
        not know it, `Transient` when the provider cannot be asked now.
        """
        plain = secret.get_secret_value().strip()
        if not KEY_CHARS_MIN <= len(plain) <= KEY_CHARS_MAX or not plain.isprintable():
            raise InvalidRequest("That does not look like a key. Paste it without anything else.")
        holder = await self._provider(provider).holder(SecretStr(plain))
        now = self._clock.now()

        async def put(tx: Tx) -> None:
            await tx.keys.put(
                owner_id,
                provider=provider,
                secret=plain,
                label=holder.name,
                at=now,
            )

        await self._database.write(put)
        self._owners.add((owner_id, provider))
        return next(info for info in await self.list(owner_id) if info.provider == provider)

    async def list(self, owner_id: UserId) -> tuple[KeyInfo, ...]:
        """Return what may be shown of a member's keys."""
        rows = await self._database.read(lambda tx: tx.keys.list(owner_id))
        return tuple(
            KeyInfo(
                provider=row.provider,
                title=self._provider(row.provider).title,
                last4=row.last4,
                holder=row.label,
                added_at=row.created_at,
                last_used_at=row.last_used_at,
            )
            for row in rows
            if row.provider in self._providers
        )

    async def forget(self, owner_id: UserId, *, provider: str) -> bool:
        """Erase a member's key; False when there was none."""
        gone = await self._database.write(lambda tx: tx.keys.delete(owner_id, provider=provider))
        self._owners.discard((owner_id, provider))
        return gone

    async def secret_for(self, owner_id: UserId, *, provider: str) -> SecretStr | None:
        """Open a member's key for one call, and note that it was used."""
        now = self._clock.now()

        async def take(tx: Tx) -> str | None:
            await tx.keys.touch(owner_id, provider=provider, at=now)
            return await tx.keys.get(owner_id, provider=provider)

        plain = await self._database.write(take)
        return None if plain is None else SecretStr(plain)

    def _provider(self, name: str) -> Provider:
        try:
            return self._providers[name]
        except KeyError:
            raise InvalidRequest(f"I don't know a provider called {name}.") from None
