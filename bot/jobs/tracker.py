"""The door to jobs: quote, submit, cancel. Commands and buttons talk to this and to nothing behind it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.accounts.door import Door
from bot.accounts.till import Till
from bot.domain import quota
from bot.domain.askers import Asker
from bot.domain.capabilities import Ability
from bot.domain.choice import Choice
from bot.domain.clock import Clock
from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExceeded, Unconfirmed
from bot.domain.house_rules import HouseRules
from bot.domain.jobs import WORKING, Job, JobId, JobState, Second, Target, UserId
from bot.domain.quotes import Quote
from bot.domain.requests import (
    UNSTORED,
    AlchemyRequest,
    Request,
    Source,
    TextRequest,
    with_sources_of,
)
from bot.jobs.dispatch import Dispatch
from bot.jobs.estimates import Estimates
from bot.jobs.inputs import SOURCE_GONE
from bot.jobs.notifier import Notifier
from bot.jobs.offers import Offers
from bot.media.normalise import to_mask, to_source
from bot.media.pool import PictureWork
from bot.providers.base import Provider
from storage.blobs import BlobStore
from storage.database import Database, Tx

log = logging.getLogger(__name__)

QUESTION_LIFE = timedelta(minutes=50)
"""So long a member may think about a price: less than what they attached is kept for."""
BEING_FORGOTTEN = (
    "You asked for everything about you to be erased, and that is under way. "
    "Please try again when it is done."
)

FULL_SENTENCE = "I have more work than I can take right now. Please try again in a few minutes."


UPLOADS_AT_ONCE_MAX = 8
"""Commands whose files are in memory; the others wait with their card, not with their megabytes."""

Read = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """How to read what a member attached, once there is room for it: unverified bytes."""

    source: Read
    mask: Read | None = None


class Tracker:
    """Take jobs in and answer for them."""

    def __init__(  # noqa: PLR0913 — wired once, by the composition root
        self,
        *,
        database: Database,
        blobs: BlobStore,
        pictures: PictureWork,
        till: Till,
        door: Door,
        offers: Offers,
        estimates: Estimates,
        providers: Mapping[str, Provider],
        dispatch: Dispatch,
        notifier: Notifier,
        clock: Clock,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._pictures = pictures
        self._till = till
        self._door = door
        self._offers = offers
        self._estimates = estimates
        self._providers = providers
        self._dispatch = dispatch
        self._notifier = notifier
        self._clock = clock
        self._uploading = asyncio.Semaphore(UPLOADS_AT_ONCE_MAX)
        self.is_accepting = True

    @property
    def providers(self) -> tuple[tuple[str, str], ...]:
        """Return who draws here, by name and title, the usual one first."""
        return tuple((name, provider.title) for name, provider in self._providers.items())

    def able_to(
        self, ability: Ability, *, guild_id: int | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Return who can do something, by name and title, as far as each declares it.

        With a server, those whom it allows.
        """
        permits = self.rules(guild_id).providers.permits
        return tuple(
            (name, provider.title)
            for name, provider in self._providers.items()
            if ability in provider.capability().abilities and permits(name)
        )

    def rules(self, guild_id: int | None) -> HouseRules:
        """Return the rules of a server, so that nothing is suggested that it would refuse."""
        return self._door.rules(guild_id)

    def quote(self, request: Request, *, asker: Asker, provider: str | None = None) -> Quote:
        """Plan and price a request from memory alone, fast enough to come before the first answer.

        Without a wish the best of those who can is chosen (`bot.domain.choice`). Raises
        `InvalidRequest` for what no provider here can do, or not the one that was named,
        `NotAllowed` and `ContentRefused` for what the server does not let through, and
        `QuotaExceeded` when the house is full.
        """
        if self._dispatch.is_full:
            raise QuotaExceeded(FULL_SENTENCE)
        request = self._door.admit(request, asker)
        wish = None if provider is None else self._named(provider)
        choice = self._offers.choice(request, asker=asker, wish=wish)
        first = choice.first
        return Quote(
            request=first.request,
            asker=asker,
            provider=first.provider,
            provider_title=first.title,
            price=first.price,
            key_kind=first.key_kind,
            payer=self._till.expected_payer(asker, first.key_kind),
            available=self._till.last_known(asker.id),
            is_price_open=self._estimates.asks(
                first.request, provider=first.provider, key_kind=first.key_kind
            ),
            notes=first.notes,
            second=_second(choice),
        )

    def _named(self, wish: str) -> str:
        """Return the provider that a member named; suggestions bind nobody, so it may be unknown."""
        for name, title in self.providers:
            if wish.casefold() in {name.casefold(), title.casefold()}:
                return name
        titles = ", ".join(title for _, title in self.providers)
        raise InvalidRequest(f"That provider is not offered here. There is: {titles}.")

    async def submit(
        self,
        quote: Quote,
        *,
        job_id: JobId,
        owner_id: UserId,
        target: Target,
        uploads: Uploads | None = None,
        parent_id: JobId | None = None,
    ) -> Job:
        """Hold the price and take the job in, in one transaction; a repeat returns the first job.

        Raises `InsufficientCredits`, `QuotaExceeded`, `InvalidRequest` (an unreadable picture)
        and `StorageUnavailable`; then nothing was held or kept. `Unconfirmed` asks for the
        member's word, for which the request is kept (`confirm`).
        """
        now = self._clock.now()
        request = await self._with_uploads(quote.request, uploads)
        job = Job(
            id=job_id,
            owner_id=owner_id,
            request=request,
            target=replace(target, created_at=now),  # by the clock that its age is told by
            provider=quote.provider,
            price=quote.price,
            key_kind=quote.key_kind,
            notes=quote.notes,
            parent_id=parent_id,
            second=_with_sources(quote.second, request),
            created_at=now,
            changed_at=now,
        )
        priced = await self._estimates.priced(job)
        try:
            taken = await self._database.write(
                lambda tx: self._accept(tx, priced, quote.asker, is_confirmed=False)
            )
        except Unconfirmed:
            await self._database.write(lambda tx: tx.questions.put(priced, at=now))
            raise
        if quote.is_price_open:
            self._notifier.show(taken)
        return self._begun(taken)

    async def question(self, job_id: JobId, *, by: UserId) -> Job | None:
        """Return a request that waits for its member's word; None when it does not (any more).

        Raises `NotAllowed` for other people's.
        """
        since = self._clock.now() - QUESTION_LIFE
        job = await self._database.read(lambda tx: tx.questions.get(job_id, asked_after=since))
        if job is not None and job.owner_id != by:
            raise NotAllowed("Only the person who asked for this can answer.")
        return job

    async def confirm(self, job: Job, *, asker: Asker, target: Target) -> Job:
        """Take in a request whose member said yes; a repeat returns the first job.

        Raises what `submit` does, and what `quote` does for a rule that has changed meanwhile.
        """
        self._door.admit(job.request, asker)
        if job.provider in self._providers:  # else its second choice may have it
            self._offers.check(job.request, provider=job.provider, asker=asker)
        await self._renew_sources(job.request)
        now = self._clock.now()
        meant = job.evolve(target=target, created_at=now, changed_at=now)
        taken = await self._database.write(
            lambda tx: self._accept(tx, meant, asker, is_confirmed=True)
        )
        self._notifier.show(taken)
        return self._begun(taken)

    async def decline(self, job: Job) -> None:
        """Forget a request whose member said no."""
        await self._database.write(lambda tx: tx.questions.take(job.id))

    def _begun(self, job: Job) -> Job:
        self._till.remember(job)
        log.info("job accepted", extra={"job": job.id, "provider": job.provider})
        self._dispatch.wake(job.id)
        return job

    async def get(self, job_id: JobId) -> Job | None:
        """Return a job as it stands."""
        return await self._database.read(lambda tx: tx.jobs.get(job_id))

    async def cancel(self, job_id: JobId, *, by: UserId, may_moderate: bool) -> Job:
        """Ask for a job to be stopped; its card follows when the provider was told.

        Raises `InvalidRequest` when there is nothing to stop and `NotAllowed` for other people's.
        """
        job = await self.get(job_id)
        if job is None:
            raise InvalidRequest("I don't know this job. Nothing was charged for it.")
        if job.owner_id != by and not may_moderate:
            raise NotAllowed("Only the person who asked for these pictures can stop them.")
        if job.state not in WORKING:
            raise InvalidRequest("There is nothing left to stop here.")
        now = self._clock.now()
        await self._database.write(lambda tx: tx.jobs.ask_cancel(job_id, at=now))
        self._dispatch.wake(job_id)
        stopping = job.evolve(cancel_asked_at=job.cancel_asked_at or now)
        if job.state is JobState.SUBMITTING:  # its step ends with the answer: that may take minutes
            self._notifier.show(stopping)
        return stopping

    async def _accept(self, tx: Tx, job: Job, asker: Asker, *, is_confirmed: bool) -> Job:
        existing = await tx.jobs.get(job.id)
        if existing is not None:
            return existing
        if await tx.forgetting.is_asked(job.owner_id):
            raise NotAllowed(BEING_FORGOTTEN)
        if is_confirmed and not await tx.questions.take(job.id):
            raise InvalidRequest("This was answered already.")
        quota.may_submit(await tx.jobs.count_working(job.owner_id))
        job = await self._till.take(tx, job, asker=asker, is_confirmed=is_confirmed)
        await tx.jobs.accept(job)
        return job

    async def _with_uploads(self, request: Request, uploads: Uploads | None) -> Request:
        if uploads is None:
            await self._renew_sources(request)
            return request
        async with self._uploading:
            return await self._uploaded(request, uploads)

    async def _uploaded(self, request: Request, uploads: Uploads) -> Request:
        """Read, check and store a member's files."""
        source = await self._pictures.run(to_source, await uploads.source())
        picture = await self._blobs.put(source.data)
        if isinstance(request, AlchemyRequest):
            return request.evolve(picture=picture)
        if isinstance(request, TextRequest):
            return request
        kept = replace(request.source or Source(picture=UNSTORED), picture=picture)
        if uploads.mask is not None:
            mask = await self._pictures.run(to_mask, await uploads.mask(), source.size)
            kept = replace(kept, mask=await self._blobs.put(mask))
        return request.evolve(source=kept)

    async def _renew_sources(self, request: Request) -> None:
        """Make sure that a request made again finds what it starts from, and goes on finding it."""
        for blob in sorted(request.sources):
            if not await self._blobs.renew(blob):
                raise InvalidRequest(SOURCE_GONE)


def _second(choice: Choice) -> Second | None:
    offer = choice.second
    if offer is None:
        return None
    return Second(
        provider=offer.provider,
        request=offer.request,
        price=offer.price,
        key_kind=offer.key_kind,
        is_automatic=choice.is_automatic,
        notes=offer.notes,
    )


def _with_sources(second: Second | None, request: Request) -> Second | None:
    """Let the second choice start from the same stored bytes as the first."""
    if second is None:
        return None
    return replace(second, request=with_sources_of(second.request, request))
