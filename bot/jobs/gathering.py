"""Results brought home: each stored once, in the card's order, tried again where that may help."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from bot.domain.errors import Permanent, Transient
from bot.domain.jobs import Job, JobId, Passage, Picture
from bot.jobs.announced import Announced
from bot.jobs.fetching import Fetching
from bot.media.verify import UnreadablePicture
from bot.providers.base import Finished, Item

log = logging.getLogger(__name__)

FETCHES_FAILED_MAX = 5


class Gathering:
    """Fetch and store what a provider lists; the caller writes the job with it."""

    def __init__(self, fetching: Fetching, announced: Announced) -> None:
        self._fetching = fetching
        self._announced = announced
        self._failed: Counter[tuple[JobId, str]] = Counter()

    def forget(self, job_id: JobId) -> None:
        """Let go of what is remembered for a job."""
        for known in [pair for pair in self._failed if pair[0] == job_id]:
            del self._failed[known]

    async def bring(self, job: Job, finished: Finished) -> Job:
        """Store what came with the answer to a submit; its rows are written with the caller's move.

        So a kill leaves either the whole answer or none of it. What cannot be read is left out.
        """
        new = self._new(job, finished.items)
        kept = await asyncio.gather(*(self._brought(job, one) for one in new if one.text is None))
        return job.evolve(
            pictures=job.pictures + tuple(picture for picture in kept if picture is not None),
            passages=job.passages + _passages([one for one in new if one.text is not None]),
        )

    async def _brought(self, job: Job, item: Item) -> Picture | None:
        try:
            return await self._fetching.picture(job, item)
        except (Transient, Permanent, UnreadablePicture) as error:
            log.warning("picture not kept", extra={"job": job.id, "why": str(error)})
            return None

    async def held(self, job: Job, items: Sequence[Item]) -> tuple[Job, list[Item]]:
        """Bring every item home that is not there yet; return the job with them, and what is missing.

        The caller writes the job: all that came with one look is one transaction.
        """
        new = self._new(job, items)
        words = _passages([item for item in new if item.text is not None])
        wanted = [item for item in new if item.text is None]
        came = await asyncio.gather(*(self._brought_home(job, item) for item in wanted))
        pictures = tuple(picture for picture in came if picture is not None)
        missing = [item for item, picture in zip(wanted, came, strict=True) if picture is None]
        held = job.evolve(
            pictures=job.pictures + pictures,
            passages=job.passages + words,
            withheld=max(job.withheld, sum(item.is_withheld for item in items)),
        )
        return held, missing

    def failures(self, job: Job, missing: Sequence[Item]) -> int:
        """Return how often one of the missing items failed that is worth another try; 0 for none."""
        tries = (self._failed[job.id, item.id] for item in missing)
        return max((count for count in tries if count < FETCHES_FAILED_MAX), default=0)

    def _new(self, job: Job, items: Sequence[Item]) -> list[Item]:
        """Return the items that are wanted and not stored yet, in the card's order."""
        have = {one.item_id for one in job.pictures} | {one.item_id for one in job.passages}
        new = [item for item in items if not item.is_withheld and item.id not in have]
        return self._announced.in_order(job, new)[: job.request.count - len(have)]

    async def _brought_home(self, job: Job, item: Item) -> Picture | None:
        try:
            return self._announced.take(job, item) or await self._fetching.picture(job, item)
        except Transient as error:
            self._failed[job.id, item.id] += 1
            log.info("picture not fetched", extra={"job": job.id, "why": str(error)})
            return None
        except (Permanent, UnreadablePicture) as error:
            self._failed[job.id, item.id] = FETCHES_FAILED_MAX
            log.warning("picture unreadable", extra={"job": job.id, "why": str(error)})
            return None


def of_another_size(job: Job, items: Sequence[Item]) -> int:
    """Count the pictures that are not what the provider says, such as thumbnails."""
    told = {item.id: item.size_px for item in items if item.size_px is not None}
    return sum(
        told.get(one.item_id, (one.width, one.height)) != (one.width, one.height)
        for one in job.pictures
    )


def _passages(items: Sequence[Item]) -> tuple[Passage, ...]:
    return tuple(
        Passage(item_id=item.id, kind=item.kind, text=item.text or "", model=item.model)
        for item in items
    )
