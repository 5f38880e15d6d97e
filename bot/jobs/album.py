"""A job's pictures, ready to upload: read from the store, told how they were made, made to fit."""

import hashlib
import logging
from collections.abc import Sequence

from bot.domain.jobs import Job, Picture, PictureFile
from bot.domain.requests import PictureRequest, Request
from bot.media.a1111 import as_a1111
from bot.media.describe import alt_text, file_name, preview_name
from bot.media.ladder import REQUEST_BYTES_MAX, fit
from bot.media.pool import PictureWork
from bot.media.preview import SUFFIX, to_preview
from bot.media.verify import UnreadablePicture
from storage.blobs import BlobStore

log = logging.getLogger(__name__)

TOLD_BYTES = 32 * 1024  # what a file may say of how it was made, beside its pixels


class Album:
    """Load and fit pictures; nothing is kept in memory."""

    def __init__(self, blobs: BlobStore, pictures: PictureWork) -> None:
        self._blobs = blobs
        self._pictures = pictures

    async def files(self, job: Job, *, bytes_max: int | None = None) -> tuple[PictureFile, ...]:
        """Return a job's pictures in their order, each within the place's limit for one file.

        As they are stored where they fit: what the provider wrote beside the pixels goes, how each
        was made comes, unless the request is private. The store keeps the provider's own bytes.
        `bytes_max` lowers that limit, for a place that refused a size it had promised to take.
        """
        if not job.pictures:
            return ()
        limit = min(bytes_max or job.target.file_bytes_max, job.target.file_bytes_max)
        shares = _shares([picture.size_bytes for picture in job.pictures], limit)
        return tuple(
            [
                await self._file(job, number, picture, bytes_max=share)
                for number, (picture, share) in enumerate(
                    zip(job.pictures, shares, strict=True), start=1
                )
            ]
        )

    async def preview(self, job: Job) -> PictureFile | None:
        """Make a small picture of a job's unfinished one, which says nothing but what it shows.

        None for noise: a preview may fail, the job goes on. It is covered where the provider
        flagged or kept back a picture of the same job.
        """
        data = job.progress.preview if job.progress else None
        if data is None:
            return None
        try:
            small = await self._pictures.run(to_preview, data)
        except UnreadablePicture as error:
            log.info("preview not shown", extra={"job": job.id, "why": str(error)})
            return None
        return PictureFile(
            name=preview_name(job.id, hashlib.sha256(small).hexdigest(), SUFFIX),
            data=small,
            alt=alt_text(f"Unfinished: {job.request.prompt}"),
            is_spoiler=job.request.conduct.is_covered
            or job.withheld > 0
            or any(picture.is_flagged for picture in job.pictures),
        )

    async def _file(
        self, job: Job, number: int, picture: Picture, *, bytes_max: int
    ) -> PictureFile:
        data = await self._blobs.get(picture.blob)
        if data is None:
            raise LookupError(f"picture {number} of job {job.id} is not in the store any more")
        told = _told(job.request, picture)
        fitted = await self._pictures.run(fit, data, bytes_max, parameters=told)
        return PictureFile(
            name=file_name(job.id, number, picture.blob, fitted.suffix),
            data=fitted.data,
            alt=alt_text(job.request.prompt),
            is_spoiler=picture.is_flagged or job.request.conduct.is_covered,
        )


def _shares(sizes: Sequence[int], each_max: int) -> list[int]:
    """Share out a request among pictures of these sizes; what small ones leave is the large ones'."""
    shares, rest = [0] * len(sizes), REQUEST_BYTES_MAX
    by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for count, index in zip(range(len(sizes), 0, -1), by_size, strict=True):
        shares[index] = min(each_max, rest // count, sizes[index] + TOLD_BYTES)
        rest -= shares[index]
    return shares


def _told(request: Request, picture: Picture) -> str | None:
    """Return what the file shall say of how it was made; only what was drawn has such words."""
    match request:
        case PictureRequest(private=False):
            return as_a1111(request, picture)
        case _:
            return None
