"""A new master key: what is sealed is sealed anew, in small steps, while everything goes on.

`./easel rotate-keys` adds the key to its file. Whoever holds the database takes it up: the running
service by looking at the file, or the command itself when no service runs. A key that was taken up
stays in memory until the process ends, so nothing becomes unreadable in between, and what a crash
leaves undone is done at the next start.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.clock import Clock
from bot.domain.errors import ConfigurationError, StorageUnavailable
from storage.database import Database
from storage.master_key import MasterKeyFile
from storage.resealing import PLACES, Batch, Cursor, Place
from storage.sealing import MasterKeys, Sealer

log = logging.getLogger(__name__)

LOOK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many secrets are sealed anew, and how many no master key here opens."""

    resealed: int
    unopened: int


async def reseal_all(database: Database) -> Resealed:
    """Seal everything under the current master key that another one seals."""
    batches = [batch for place in PLACES for batch in await _batches(database, place)]
    return Resealed(
        resealed=sum(batch.resealed for batch in batches),
        unopened=sum(batch.unopened for batch in batches),
    )


async def _batches(database: Database, place: Place) -> list[Batch]:
    batches = [await _batch(database, place, after=None)]
    while batches[-1].last is not None:
        batches.append(await _batch(database, place, after=batches[-1].last))
    return batches


async def _batch(database: Database, place: Place, *, after: Cursor | None) -> Batch:
    return await database.write(lambda tx: tx.resealing.batch(place, after=after))


class MasterKeyWatch:
    """Take up new master keys as they come, and seal everything with the newest."""

    def __init__(
        self,
        database: Database,
        *,
        keys: MasterKeys,
        sealer: Sealer,
        file: MasterKeyFile | None,
        take_up: Callable[[MasterKeys], None],
        clock: Clock,
    ) -> None:
        """`take_up` is told of keys for whatever else depends on them; without `file` none come."""
        self._database = database
        self._keys = keys
        self._sealer = sealer
        self._file = file
        self._take_up = take_up
        self._clock = clock
        self._is_settled = False

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Take up what is new, and seal what is not sealed with the newest key."""
        await self._read()
        if self._is_settled:
            return
        try:
            done = await reseal_all(self._database)
        except StorageUnavailable as error:
            log.warning("sealing anew put off", extra={"why": str(error)})
            return
        self._is_settled = True
        if done.resealed:
            log.info("secrets sealed with a new master key", extra={"count": done.resealed})
        if done.unopened:
            log.warning("no master key opens some secrets", extra={"count": done.unopened})

    async def _read(self) -> None:
        if self._file is None:
            return
        try:
            found = await asyncio.to_thread(self._file.changed)
        except ConfigurationError as error:  # we go on with those that we have
            log.warning("master keys not read", extra={"why": str(error)})
            return
        if found is None or found.current_id == self._keys.current_id:
            return
        self._keys = found.with_older(self._keys)
        self._sealer.use(self._keys)
        self._take_up(self._keys)
        self._is_settled = False
        log.info("a new master key is in use", extra={"id": self._keys.current_id})
