"""What is remembered of one message while its job is open, and what can be seen of a job."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.jobs import CardFile, Job, JobState, PictureFile
from bot.ui.cards import Drawing, long_text

ETA_SLACK = timedelta(seconds=10)
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a job; equal looks need no edit."""

    drawing: bytes  # its digest: there may be ten thousand lines
    pictures: tuple[tuple[str, bool], ...]  # and whether each is covered
    extras: tuple[str, ...] = ()  # names of the files beside them


@dataclass(slots=True)
class Line:
    """What is remembered of one message; `wanted` is the newest state that is not on its way yet.

    `preview` is what shows the work under way; its bytes go once Discord has them.
    """

    wanted: Job | None = None
    turn: asyncio.Future[asyncio.Task[None]] | None = None
    look: Look | None = None
    ready_at: datetime | None = None
    pictures: tuple[PictureFile, ...] = ()  # without their bytes
    attachments: Mapping[str, int] = field(default_factory=dict)
    bytes_max: int | None = None
    preview: PictureFile | None = None
    previewed: bytes = b""  # the digest of what it was made from …
    previewed_after: int = 0  # … and how many pictures had come by then
    text: str | None = None

    def shows_pictures_of(self, job: Job) -> bool:
        """Tell whether a job's pictures are on the message already: nothing has to be uploaded."""
        is_same = self.look is not None and self.look.pictures == _pictures(job)
        return is_same and all(file.name in self.attachments for file in self.pictures)

    def extras_of(self, job: Job) -> tuple[CardFile, ...]:
        """Return what is attached beside a job's pictures: a preview, words that are too many."""
        preview, text = self.preview, long_text(job)
        if preview is not None and not preview.data and preview.name not in self.attachments:
            preview = None  # Discord has let go of it
        return tuple(file for file in (preview, text) if file is not None)

    def let_go_of_old_preview(self, job: Job) -> None:
        """Drop a preview whose picture has come, or whose job is not at work any more."""
        if not is_at_work(job) or len(job.pictures) != self.previewed_after:
            self.preview, self.previewed = None, b""
        self.previewed_after = len(job.pictures)

    def keep_only(self, files: Sequence[CardFile]) -> None:
        """Forget the attachments that an edit with these files takes away, if it arrives."""
        names = {file.name for file in files}
        self.attachments = {name: id_ for name, id_ in self.attachments.items() if name in names}

    def shown(self, job: Job, look: Look, files: Sequence[CardFile]) -> None:
        """Remember what Discord has taken."""
        bare = [_without_bytes(file) for file in files if isinstance(file, PictureFile)]
        self.pictures = tuple(file for file in bare if not self._is_preview(file))
        self.preview = next(filter(self._is_preview, bare), None)
        self.look, self.ready_at = look, _ready_at(job)
        self.text = job.progress.text if job.progress else None

    def steady(self, job: Job) -> Job:
        """Keep what a state of the same work does not tell anew: words, and about the same time."""
        if job.progress is None or job.state is not JobState.RUNNING:
            return job
        progress, ready_at = job.progress, _ready_at(job)
        if progress.text is None and not progress.is_queued:
            progress = replace(progress, text=self.text)
        if ready_at is not None and self.ready_at is not None:
            is_about_the_same = abs(ready_at - self.ready_at) <= ETA_SLACK
            progress = replace(progress, done_at=self.ready_at if is_about_the_same else ready_at)
        return job.evolve(progress=progress)

    def _is_preview(self, file: PictureFile) -> bool:
        return self.preview is not None and file.name == self.preview.name


def is_at_work(job: Job) -> bool:
    """Tell whether a picture of a job is being drawn just now."""
    is_running = job.state is JobState.RUNNING and job.cancel_asked_at is None
    is_queued = job.progress is None or job.progress.is_queued
    return is_running and not is_queued and len(job.pictures) < job.request.count


def digest_of(data: bytes) -> bytes:
    """Return what tells one preview from another."""
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()


def look_of(job: Job, drawing: Drawing, extras: Sequence[CardFile] = ()) -> Look:
    """Return what can be seen of a job that is drawn like this."""
    digest = digest_of(repr(drawing).encode(errors="surrogatepass"))
    return Look(digest, _pictures(job), tuple(file.name for file in extras))


def _without_bytes(file: PictureFile) -> PictureFile:
    return replace(file, data=b"")


def _pictures(job: Job) -> tuple[tuple[str, bool], ...]:
    return tuple((picture.item_id, picture.is_flagged) for picture in job.pictures)


def _ready_at(job: Job) -> datetime | None:
    return job.progress.done_at if job.progress else None
