"""Commands that were answered with a card and are no job yet: none stays on its way for ever.

The claim is written while the answer is under way, so it costs the answer no time; a kill that
comes before the first write has ended finds an answer that has not left the machine either.
"""

import logging
from collections import Counter
from datetime import timedelta
from typing import Protocol

from bot.domain.claims import Claim
from bot.domain.clock import Clock
from bot.domain.errors import BotError, CardDelayed, StorageUnavailable
from bot.domain.jobs import Job, JobId
from storage.database import Database

log = logging.getLogger(__name__)

TOKEN_LIFE = timedelta(minutes=14)
"""After that nobody finds the answer by its token, and the card's own button has to close it."""


class LostCards(Protocol):
    """Who closes cards: declared here, fitted by `bot.ui.lost_cards`."""

    async def close(self, claim: Claim) -> None:
        """Say on a card that its job never began; a card that shows more is left alone.

        Raises `CardLost` when there is none, and `CardDelayed` when it is worth another try.
        """
        ...


class Claims:
    """Make claims, and close the cards of those that became nothing."""

    def __init__(self, database: Database, cards: LostCards, *, clock: Clock) -> None:
        self._database = database
        self._cards = cards
        self._clock = clock
        self._in_hand: Counter[JobId] = Counter()

    async def make(self, job: Job) -> None:
        """Write down that a command is about to have its card; it is in hand from now on.

        Without the store the command goes on unclaimed, and fails by itself if it must.
        """
        assert job.target.token is not None, "an interaction has one"
        claim = Claim(
            id=job.id,
            owner_id=job.owner_id,
            application_id=job.target.application_id,
            created_at=self._clock.now(),
            token=job.target.token,
        )
        self._in_hand[job.id] += 1
        try:
            await self._database.write(lambda tx: tx.claims.make(claim))
        except StorageUnavailable as error:
            log.warning("no claim", extra={"job": claim.id, "why": str(error)})

    def let_go(self, job_id: JobId) -> None:
        """Have a command in hand no more: it is a job by now, or its card is lost."""
        self._in_hand -= Counter((job_id,))

    async def drop(self, job_id: JobId) -> None:
        """Forget a command that is dealt with; should that fail, its card is looked at once more.

        The loser of a double delivery leaves the claim to the winner.
        """
        self.let_go(job_id)
        if self._in_hand[job_id]:
            return
        try:
            await self._database.write(lambda tx: tx.claims.drop(job_id))
        except StorageUnavailable as error:
            log.warning("a claim was not dropped", extra={"job": job_id, "why": str(error)})

    async def close_lost(self) -> int:
        """Close the cards of commands that nobody works on; return how many."""
        now = self._clock.now()
        claims = await self._database.read(lambda tx: tx.claims.all())
        lost = [claim for claim in claims if not self._in_hand[claim.id]]
        closed = 0
        for claim in lost:
            try:
                if now - claim.created_at < TOKEN_LIFE:
                    await self._cards.close(claim)
                    closed += 1
            except CardDelayed as error:
                log.info("a lost card waits", extra={"job": claim.id, "why": str(error)})
                continue
            except BotError as error:  # never answered, or deleted: nothing is left to close
                log.info("no lost card", extra={"job": claim.id, "why": str(error)})
            await self.drop(claim.id)
        if closed:
            log.info("cards of commands that never began were closed", extra={"count": closed})
        return closed
