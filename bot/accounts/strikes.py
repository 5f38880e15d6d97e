"""Who has to wait after refusals for content: answered from memory, kept in the store.

A refusal happens before anything is written for a request, so it is remembered at once and written
by `run` behind it; `flush` writes the rest at the end.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from bot.domain.clock import Clock
from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import FailureKind, Job, UserId
from bot.domain.strikes import OURS, PROVIDERS, STRIKE_LIFE, Strike, living, paused_until
from storage.database import Database, Tx

log = logging.getLogger(__name__)

UNWRITTEN_MAX = 1000
RETRY_S = 5.0
FORGET_S = 3600.0

WAIT = "Too many of your requests broke rules about content, so you have to wait."


class StrikeBook:
    """Keep strikes for as long as they count."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        draw_id: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._database = database
        self._clock = clock
        self._draw_id = draw_id
        self._strikes: dict[UserId, tuple[Strike, ...]] = {}
        self._unwritten: list[Strike] = []
        self._something = asyncio.Event()

    async def open(self) -> None:
        """Learn who has strikes that still count."""
        since = self._clock.now() - STRIKE_LIFE
        for strike in await self._database.read(lambda tx: tx.strikes.since(since)):
            self.remember(strike)

    def paused_until(self, owner_id: UserId) -> datetime | None:
        """Tell from memory until when a member has to wait; None when they need not."""
        return paused_until(self._strikes.get(owner_id, ()), now=self._clock.now())

    def refused(self, owner_id: UserId) -> None:
        """Hold a refusal of ours against a member."""
        strike = Strike(id=self._draw_id(), owner_id=owner_id, at=self._clock.now(), weight=OURS)
        self.remember(strike)
        if len(self._unwritten) < UNWRITTEN_MAX:  # a store that is away must not fill the memory
            self._unwritten.append(strike)
        self._something.set()

    def remember(self, strike: Strike) -> None:
        """Count a strike that is kept, or will be; once for each id."""
        known = living(self._strikes.get(strike.owner_id, ()), now=self._clock.now())
        if all(one.id != strike.id for one in known):
            self._strikes[strike.owner_id] = (*known, strike)

    async def run(self) -> None:
        """Write behind, for ever, and forget what no longer counts."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FORGET_S):
                    await self._something.wait()
            self._something.clear()
            self._prune()
            try:
                await self.flush()
            except StorageUnavailable as error:
                log.warning("strikes not written yet", extra={"why": str(error)})
                await self._clock.sleep(RETRY_S)
                self._something.set()

    async def flush(self) -> None:
        """Write what is only remembered so far; raise `StorageUnavailable` and keep it."""
        waiting = tuple(self._unwritten)
        before = self._clock.now() - STRIKE_LIFE

        async def write(tx: Tx) -> None:
            for strike in waiting:
                await tx.strikes.add(strike)
            await tx.strikes.forget(before)

        await self._database.write(write)
        del self._unwritten[: len(waiting)]

    def _prune(self) -> None:
        now = self._clock.now()
        self._strikes = {
            owner_id: counted
            for owner_id, strikes in self._strikes.items()
            if (counted := living(strikes, now=now))
        }


def provider_strike(job: Job) -> Strike | None:
    """Return the strike for a job that its provider refused for what was asked; None for others.

    Pictures that a provider's filter withheld are no strike: filters are often wrong.
    """
    is_refused = job.failure is not None and job.failure.kind is FailureKind.CONTENT
    if not is_refused or job.withheld:
        return None
    return Strike(id=f"job:{job.id}", owner_id=job.owner_id, at=job.changed_at, weight=PROVIDERS)
