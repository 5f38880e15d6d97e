"""What is remembered of one message while its job is open, and what can be seen of a job."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.jobs import Job, PictureFile
from bot.ui.cards import card

ETA_SLACK = timedelta(seconds=10)
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a job; equal looks need no edit."""

    components: bytes  # their digest: there may be ten thousand lines
    pictures: tuple[str, ...]


@dataclass(slots=True)
class Line:
    """What is remembered of one message; `wanted` is the newest state that is not on its way yet."""

    wanted: Job | None = None
    turn: asyncio.Future[asyncio.Task[None]] | None = None
    look: Look | None = None
    ready_at: datetime | None = None
    files: tuple[PictureFile, ...] = ()  # without their bytes
    attachments: Mapping[str, int] = field(default_factory=dict)
    bytes_max: int | None = None

    def shows_pictures_of(self, job: Job) -> bool:
        """Tell whether a job's pictures are on the message already: nothing has to be uploaded."""
        is_same = self.look is not None and self.look.pictures == _pictures(job)
        return is_same and all(file.name in self.attachments for file in self.files)

    def shown(self, job: Job, look: Look, files: Sequence[PictureFile]) -> None:
        """Remember what Discord has taken."""
        self.files = tuple(replace(file, data=b"") for file in files)
        self.look, self.ready_at = look, _ready_at(job)

    def steady(self, job: Job) -> Job:
        """Keep the time that is shown while a new estimate says about the same."""
        ready_at = _ready_at(job)
        if job.progress is None or ready_at is None or self.ready_at is None:
            return job
        if abs(ready_at - self.ready_at) > ETA_SLACK:
            return job
        return job.evolve(progress=replace(job.progress, done_at=self.ready_at))


def look_of(job: Job) -> Look:
    """Return what can be seen of a job."""
    components: object = card(job).to_components()  # type: ignore[no-untyped-call]  # discord.py left it bare
    written = json.dumps(components, ensure_ascii=False).encode()
    digest = hashlib.blake2b(written, digest_size=_DIGEST_BYTES).digest()
    return Look(digest, _pictures(job))


def _pictures(job: Job) -> tuple[str, ...]:
    return tuple(picture.item_id for picture in job.pictures)


def _ready_at(job: Job) -> datetime | None:
    return job.progress.done_at if job.progress else None
