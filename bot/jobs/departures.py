"""Servers that the bot has left: after a while everything of theirs goes.

Nothing is taken for gone because it is silent. An outage makes servers unavailable, which is not
the same as removed; a list that Discord sends at a start may be short; so a server is first noted,
and before anything is deleted Discord is asked about that one server.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import StorageUnavailable
from bot.jobs.erasure import draw_nobody
from storage.database import Database

log = logging.getLogger(__name__)

LOOK_S = 600.0

IsThere = Callable[[int], Awaitable[bool | None]]
"""Tells whether the bot is in a server; None when that cannot be told now."""


class Departures:
    """Note which servers were left, and forget them when their time is over."""

    def __init__(
        self,
        database: Database,
        *,
        is_there: IsThere,
        grace: timedelta,
        let_go: Sequence[Callable[[int], None]],
        clock: Clock,
        draw: Callable[[], int] = draw_nobody,
    ) -> None:
        """`let_go` is called when a server was forgotten: nobody remembers it any more."""
        self._database = database
        self._is_there = is_there
        self._grace = grace
        self._let_go = let_go
        self._clock = clock
        self._draw = draw

    async def left(self, guild_id: int) -> None:
        """Note that the bot was removed from a server."""
        now = self._clock.now()
        if await self._database.write(lambda tx: tx.servers.note_left(guild_id, at=now)):
            log.info("a server was left")

    async def back(self, guild_id: int) -> None:
        """Note that the bot is in a server."""
        if await self._database.write(lambda tx: tx.servers.note_back(guild_id)):
            log.info("a server is back")

    async def compare(self, present: Collection[int], *, ours: Callable[[int], bool]) -> None:
        """Hold what is stored against the servers that Discord names at a start.

        `ours` tells which servers this process would hear of at all.
        """
        known = await self._database.read(lambda tx: tx.servers.known())
        for guild_id in sorted(known):
            if guild_id in present:
                await self.back(guild_id)
            elif ours(guild_id):
                await self.left(guild_id)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._clock.sleep(LOOK_S)
            try:
                await self.look()
            except StorageUnavailable as error:
                log.warning("forgetting a server is put off", extra={"why": str(error)})

    async def look(self) -> None:
        """Forget servers whose time is over, once Discord says that the bot is not there."""
        before = self._clock.now() - self._grace
        for guild_id in await self._database.read(lambda tx: tx.servers.left_before(before)):
            match await self._is_there(guild_id):
                case True:
                    await self.back(guild_id)
                case False:
                    await self._forget(guild_id)
                case None:
                    log.info("cannot tell whether a server was left; asked again later")

    async def _forget(self, guild_id: int) -> None:
        now, nobody_id = self._clock.now(), self._draw()
        if not await self._database.write(
            lambda tx: tx.servers.forget(guild_id, nobody_id=nobody_id, at=now)
        ):
            return  # a job there is not over yet
        for let_go in self._let_go:
            let_go(guild_id)
        await self._database.scrub()
        log.info("a server was forgotten")
