"""A job's pictures, ready to upload: read from the store, told how they were made, made to fit."""

from bot.domain.jobs import Job, Picture, PictureFile
from bot.domain.requests import PictureRequest, Request
from bot.media.a1111 import as_a1111
from bot.media.describe import alt_text, file_name
from bot.media.ladder import fit
from bot.media.pool import PictureWork
from storage.blobs import BlobStore

REQUEST_BYTES_MAX = 24 * 1024 * 1024  # Discord takes 25 MiB in one request; the rest is wrapping


class Album:
    """Load and fit pictures; nothing is kept in memory."""

    def __init__(self, blobs: BlobStore, pictures: PictureWork) -> None:
        self._blobs = blobs
        self._pictures = pictures

    async def files(self, job: Job, *, bytes_max: int | None = None) -> tuple[PictureFile, ...]:
        """Return a job's pictures in their order, each within the place's limit for one file.

        What the provider wrote beside the pixels goes; how each was made comes, unless the
        request is private. The store keeps the provider's own bytes.
        `bytes_max` lowers that limit, for a place that refused a size it had promised to take.
        """
        if not job.pictures:
            return ()
        each = min(
            bytes_max or job.target.file_bytes_max,
            job.target.file_bytes_max,
            REQUEST_BYTES_MAX // len(job.pictures),
        )
        return tuple(
            [
                await self._file(job, number, picture, bytes_max=each)
                for number, picture in enumerate(job.pictures, start=1)
            ]
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
            is_spoiler=picture.is_flagged,
        )


def _told(request: Request, picture: Picture) -> str | None:
    """Return what the file shall say of how it was made; only what was drawn has such words."""
    match request:
        case PictureRequest(private=False):
            return as_a1111(request, picture)
        case _:
            return None
