"""Results that a provider announced by a callback: shown at once, kept only when it lists them.

Some announcements name results that never exist (AI Horde, contract of its webhooks), so nothing
here is durable: a picture becomes one of the job when an answer of the provider names it, without
a second download, and leaves the card again when an answer does not.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import ProviderError
from bot.domain.jobs import Job, JobId, Picture, Progress
from bot.jobs.fetching import Fetching
from bot.jobs.tools import Tools
from bot.media.verify import UnreadablePicture
from bot.providers.base import Item

log = logging.getLogger(__name__)

GATHERING = timedelta(milliseconds=150)


class Announced:
    """Remember what was announced for each job; None stands for what cannot be shown."""

    def __init__(self, tools: Tools, fetching: Fetching) -> None:
        self._tools = tools
        self._fetching = fetching
        self._heard: dict[JobId, dict[str, Picture | None]] = {}
        self._gathering: dict[JobId, datetime] = {}

    async def hear(self, job: Job) -> bool:
        """Fetch what was announced since the last time; True when there was anything."""
        have = {one.item_id for one in job.pictures} | {one.item_id for one in job.passages}
        news = self._tools.hearsay.take(job)
        items = [one.item for one in news if one.item.id not in have]
        if not items:
            return False
        heard = self._heard.setdefault(job.id, {})
        pictures = await asyncio.gather(*(self._fetched(job, item) for item in items))
        heard.update(zip((item.id for item in items), pictures, strict=True))
        return True

    def gathers_until(self, job: Job, *, now: datetime) -> datetime | None:
        """Let pictures that are announced together come onto the card together.

        Returns None when there is nothing to wait for: nothing new, everything there, or waited.
        """
        assert job.remote is not None
        waiting = self._tools.hearsay.waiting(job.id)
        came = job.came + job.withheld + len(self._heard.get(job.id, ())) + waiting
        if waiting and came < job.remote.total:
            until = self._gathering.setdefault(job.id, now + GATHERING)
            if now < until:
                return until
        self._gathering.pop(job.id, None)
        return None

    def is_complete(self, job: Job) -> bool:
        """Tell whether as much was announced or listed as the provider was asked for."""
        assert job.remote is not None
        came = job.came + job.withheld + len(self._heard.get(job.id, ()))
        return job.id in self._heard and came >= job.remote.total

    def is_on_card(self, job: Job) -> bool:
        """Tell whether the card shows anything that the provider has not listed yet."""
        return any(self._heard.get(job.id, {}).values())

    def on_card(self, job: Job) -> Job:
        """Return the job as it may be shown: with what was announced, never more than asked for."""
        shown = [picture for picture in self._heard.get(job.id, {}).values() if picture is not None]
        if not shown:
            return job
        pictures = (*job.pictures, *shown)[: job.request.count]
        before = job.progress or Progress(is_queued=False, finished=0, total=job.request.count)
        finished = max(before.finished, len(pictures))
        progress = replace(before, is_queued=False, place=None, finished=finished)
        return job.evolve(pictures=pictures, progress=progress)

    def in_order(self, job: Job, items: Sequence[Item]) -> list[Item]:
        """Return items with those shown already first, so that no picture on the card moves."""
        order = {item_id: number for number, item_id in enumerate(self._heard.get(job.id, ()))}
        return sorted(items, key=lambda item: order.get(item.id, len(order)))

    def take(self, job: Job, item: Item) -> Picture | None:
        """Hand over a picture that the provider has listed, as listed; None when it is not here."""
        picture = self._heard.get(job.id, {}).pop(item.id, None)
        if picture is None:
            return None
        is_flagged = picture.is_flagged or item.is_flagged
        return replace(picture, seed=item.seed, model=item.model, is_flagged=is_flagged)

    def drop(self, job_id: JobId) -> None:
        """Let go of what the provider did not list; the sweep takes bytes that no row names."""
        self._gathering.pop(job_id, None)
        unlisted = self._heard.pop(job_id, {})
        if any(unlisted.values()):
            log.info("announced, not listed", extra={"job": job_id, "count": len(unlisted)})

    async def _fetched(self, job: Job, item: Item) -> Picture | None:
        """Fetch a picture to be shown early; what fails now is fetched again once it is listed.

        Words are not shown early: the provider is asked at once, and lists them.
        """
        if item.is_withheld or item.text is not None:
            return None
        try:
            return await self._fetching.picture(job, item)
        except (ProviderError, UnreadablePicture) as error:
            log.info("announced, not fetched", extra={"job": job.id, "why": str(error)})
            return None
