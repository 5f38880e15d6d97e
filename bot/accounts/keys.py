"""Keys that members and servers bring: tested live, sealed at rest, shown by four characters."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from pydantic import SecretStr

from bot import logs
from bot.domain.askers import Asker
from bot.domain.audit_trail import AuditEntry
from bot.domain.clock import Clock
from bot.domain.errors import InvalidRequest
from bot.domain.keys import (
    KEY_CHARS_MAX,
    KEY_CHARS_MIN,
    KeyInfo,
    KeyKind,
    KeyOwner,
    KeyTest,
)
from bot.providers.base import Provider
from storage.database import Database, Tx

UNKNOWN_PROVIDER = "I know no provider of that name. Please pick one from the list."
NO_KEY = "There is no key for {title} here: bring one first."


class KeyRing:
    """Keep keys; only `secret_for` ever hands one out."""

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
        self._brought: set[tuple[KeyOwner, str]] = set()
        self._listeners: list[Callable[[str, KeyOwner], None]] = []
        self.providers = tuple((name, provider.title) for name, provider in providers.items())

    async def open(self) -> None:
        """Learn who has keys, so that a quote needs no look at the store."""
        self._brought = set(await self._database.read(lambda tx: tx.keys.owners()))

    def listen(self, on_new: Callable[[str, KeyOwner], None]) -> None:
        """Be told of every provider for which somebody brings a key that worked."""
        self._listeners.append(on_new)

    def has(self, owner: KeyOwner, provider: str) -> bool:
        """Tell from memory whether somebody brought a key."""
        return (owner, provider) in self._brought

    def kind_for(self, asker: Asker, provider: str) -> KeyKind:
        """Tell from memory whose key a job will run on: the nearest to whoever asks."""
        if self.has(KeyOwner.member(asker.id), provider):
            return KeyKind.MEMBER
        if asker.guild_id is not None and self.has(KeyOwner.server(asker.guild_id), provider):
            return KeyKind.SERVER
        return KeyKind.SERVICE

    def brought(self, owner: KeyOwner) -> tuple[tuple[str, str], ...]:
        """Name from memory, with their titles, the providers that somebody has a key for."""
        return tuple(known for known in self.providers if self.has(owner, known[0]))

    def title(self, provider: str) -> str:
        """Name a provider for members; suggestions bind nobody, so it may be unknown."""
        return self._provider(provider).title

    async def set(
        self,
        owner: KeyOwner,
        *,
        provider: str,
        secret: SecretStr,
        entry: AuditEntry | None = None,
    ) -> KeyInfo:
        """Test a key at its provider and store it sealed, replacing the one before.

        `entry` goes into the audit trail together with it.

        Raises `InvalidRequest` for what cannot be a key, `KeyRejected` when the provider does
        not know it, `Transient` when the provider cannot be asked now.
        """
        plain = secret.get_secret_value().strip()
        if not KEY_CHARS_MIN <= len(plain) <= KEY_CHARS_MAX or not plain.isprintable():
            raise InvalidRequest("That does not look like a key. Paste it without anything else.")
        logs.redact_in_use(plain)
        holder = await self._provider(provider).holder(SecretStr(plain))
        label = "" if plain in holder.name else holder.name  # an echo is no name
        now = self._clock.now()

        async def put(tx: Tx) -> None:
            await tx.keys.put(owner, provider=provider, secret=plain, label=label, at=now)
            if entry is not None:
                await tx.audit_trail.add(entry)

        await self._database.write(put)
        self._brought.add((owner, provider))
        for on_new in self._listeners:
            on_new(provider, owner)
        return await self._info(owner, provider)

    async def list(self, owner: KeyOwner) -> tuple[KeyInfo, ...]:
        """Return what may be shown of somebody's keys."""
        rows = await self._database.read(lambda tx: tx.keys.list(owner))
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

    async def test(self, owner: KeyOwner, *, provider: str) -> KeyTest:
        """Ask a provider whose a stored key is and what is left on it.

        Raises `InvalidRequest` when there is none, `KeyRejected` when the provider does not know
        it any more, `Transient` when the provider cannot be asked now.
        """
        adapter = self._provider(provider)
        plain = await self._database.read(lambda tx: tx.keys.get(owner, provider=provider))
        if plain is None:
            raise InvalidRequest(NO_KEY.format(title=adapter.title))
        logs.redact_in_use(plain)
        holder = await adapter.holder(SecretStr(plain))
        if plain in holder.name:
            holder = replace(holder, name="")
        return KeyTest(key=await self._info(owner, provider), holder=holder)

    async def forget(
        self, owner: KeyOwner, *, provider: str, entry: AuditEntry | None = None
    ) -> bool:
        """Erase a key; False when there was none. `entry` goes into the audit trail with that."""

        async def delete(tx: Tx) -> bool:
            is_gone = await tx.keys.delete(owner, provider=provider)
            if is_gone and entry is not None:
                await tx.audit_trail.add(entry)
            return is_gone

        gone = await self._database.write(delete)
        self._brought.discard((owner, provider))
        return gone

    def let_go(self, owner: KeyOwner) -> None:
        """Forget from memory whose keys were erased in the store together with all else."""
        self._brought = {known for known in self._brought if known[0] != owner}

    async def secret_for(self, owner: KeyOwner, *, provider: str) -> SecretStr | None:
        """Open a key for one call, and note that it was used."""
        now = self._clock.now()

        async def take(tx: Tx) -> str | None:
            await tx.keys.touch(owner, provider=provider, at=now)
            return await tx.keys.get(owner, provider=provider)

        plain = await self._database.write(take)
        if plain is None:
            return None
        logs.redact_in_use(plain)  # whatever breaks around the call
        return SecretStr(plain)

    async def _info(self, owner: KeyOwner, provider: str) -> KeyInfo:
        for info in await self.list(owner):
            if info.provider == provider:
                return info
        raise InvalidRequest(NO_KEY.format(title=self._provider(provider).title))

    def _provider(self, name: str) -> Provider:
        try:
            return self._providers[name]
        except KeyError:
            raise InvalidRequest(UNKNOWN_PROVIDER) from None
