"""A result's bytes: fetched or taken from the answer, verified, and stored."""

import asyncio

from bot.domain.jobs import Job, Picture
from bot.domain.requests import BlobId
from bot.jobs.tools import Tools
from bot.media.ladder import REQUEST_BYTES_MAX
from bot.media.results import accept_result
from bot.media.verify import PictureInfo
from bot.providers.base import Item

FETCHES_AT_ONCE_MAX = 12  # pictures in memory at one time, whatever the number of jobs
FETCHES_OF_ONE_MAX = 8  # of one provider, so that a storage that is slow leaves room to the others


class Fetching:
    """Bring results home, a bounded number at a time."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._places = asyncio.Semaphore(FETCHES_AT_ONCE_MAX)
        self._of_one = {name: asyncio.Semaphore(FETCHES_OF_ONE_MAX) for name in tools.providers}

    async def picture(self, job: Job, item: Item) -> Picture:
        """Store an item's bytes and describe them.

        Raises `Transient`, `Permanent` and `UnreadablePicture`.
        """
        async with self._of_one[job.provider], self._places:
            data = await self._tools.providers[job.provider].fetch(item)
            info = await self._tools.pictures.run(accept_result, data, bytes_max=_room(job))
            blob = await self._tools.blobs.put(data)
        return _picture(item, info, blob=blob)


def _room(job: Job) -> int:
    """Return how large a picture of a job may be whatever the others are."""
    return min(job.target.file_bytes_max, REQUEST_BYTES_MAX // job.request.count)


def _picture(item: Item, info: PictureInfo, *, blob: BlobId) -> Picture:
    return Picture(
        item_id=item.id,
        blob=blob,
        mime=info.mime,
        width=info.width,
        height=info.height,
        size_bytes=info.size_bytes,
        seed=item.seed,
        model=item.model,
        is_flagged=item.is_flagged,
    )
