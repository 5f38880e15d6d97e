"""Keeps every job's message up to date: newest state wins, one edit in flight, the last one sure.

Fits `bot.jobs.notifier.Notifier`. A line is what is remembered of one message; it is dropped when
the job's last state was taken. An edit in flight is never cancelled (`bot.ui.unbroken`).
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from discord import ui

from bot.domain.clock import Clock
from bot.domain.errors import BotError, CardDelayed, CardLost
from bot.domain.jobs import Job, JobId, JobState, PictureFile, Target
from bot.ui import copy
from bot.ui.cards import card
from bot.ui.recent import Recent
from bot.ui.unbroken import launch, unbroken

log = logging.getLogger(__name__)

RETRY_GAPS = (0.5, 1.0, 2.0, 4.0)  # in gaps between two edits
PATIENCE_S = 15.0  # a longer wait is left to the caller, who can do something else meanwhile
ETA_SLACK = timedelta(seconds=10)
FILE_BYTES_MIN = 64 * 1024  # no picture is worth posting below this
FINISHED_REMEMBERED = 4096


class FilesTooLarge(BotError):
    """Discord did not take files of this size; smaller ones may pass."""


class Album(Protocol):
    """Where a job's pictures are, ready to upload."""

    async def files(self, job: Job, *, bytes_max: int | None = None) -> tuple[PictureFile, ...]:
        """Load a job's pictures in order, each at most `bytes_max` or what its target takes."""
        ...


class Wire(Protocol):
    """Who speaks to Discord."""

    async def edit(
        self,
        target: Target,
        *,
        view: ui.LayoutView,
        files: Sequence[PictureFile],
        kept: Mapping[str, int],
    ) -> Mapping[str, int]:
        """Edit the message once; return its attachments, name to id.

        Files named in `kept` are there already and stay; attachments in neither go away.
        Raises `CardLost`, `CardDelayed` and `FilesTooLarge`.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What can be seen of a job; equal looks need no edit."""

    components: str
    pictures: tuple[str, ...]


@dataclass(slots=True)
class _Line:
    """What is remembered of one message while its job is open."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: Job | None = None
    is_followed: bool = False
    look: _Look | None = None
    ready_at: datetime | None = None
    edited_at: datetime | None = None
    files: tuple[PictureFile, ...] = ()  # without their bytes
    attachments: Mapping[str, int] = field(default_factory=dict)
    bytes_max: int | None = None


class Editor:
    """Show jobs on their messages, at most one edit per message and `edit_gap_s`."""

    def __init__(self, send: Wire, album: Album, clock: Clock, edit_gap_s: float) -> None:
        self._send = send
        self._album = album
        self._clock = clock
        self._gap = timedelta(seconds=edit_gap_s)
        self._lines: dict[JobId, _Line] = {}
        self._finished: Recent[JobId] = Recent(FINISHED_REMEMBERED)
        self._is_stopped = False

    def stop(self) -> None:
        """Begin no more progress edits; what is in flight lands (`unbroken.landed_all`)."""
        self._is_stopped = True

    def show(self, job: Job) -> None:
        """Bring the card up to date when there is room; the newest state wins. Returns at once."""
        if not self._may_show(job):
            return
        line = self._lines.setdefault(job.id, _Line())
        line.wanted = job
        if not line.is_followed:
            line.is_followed = True
            launch(self._follow(line))

    async def finish(self, job: Job) -> None:
        """Put the last state on the card and return once Discord has taken it.

        Raises `CardLost` when the card is gone for good and `CardDelayed` when it is worth
        another try later. States shown from now on are older and change nothing.
        """
        self._finished.add(job.id)
        line = self._lines.setdefault(job.id, _Line())
        try:
            await self._insist(line, job)
        except CardLost:
            self._lines.pop(job.id, None)
            raise
        self._lines.pop(job.id, None)

    def _may_show(self, job: Job) -> bool:
        return not self._is_stopped and job.id not in self._finished

    async def _follow(self, line: _Line) -> None:
        try:
            while (job := line.wanted) is not None and self._may_show(job):
                await self._room(line)
                async with line.lock:
                    await self._show_newest(line)
        finally:
            line.is_followed = False

    async def _room(self, line: _Line) -> None:
        """Wait until this message may be edited again.

        The place for a channel's budget, should Discord's own pacing of channel edits not do.
        """
        if line.edited_at is not None:
            wait = line.edited_at + self._gap - self._clock.now()
            if wait > timedelta():
                await self._clock.sleep(wait.total_seconds())

    async def _show_newest(self, line: _Line) -> None:
        job, line.wanted = line.wanted, None
        if job is None or not self._may_show(job):
            return
        try:
            await self._put(line, _steady(job, line))
        except CardLost as error:
            log.info("no more progress for a card", extra={"job": job.id, "why": str(error)})
            self._finished.add(job.id)
            self._lines.pop(job.id, None)
        except BotError as error:  # only progress: the next state comes soon
            log.info("progress was not shown", extra={"job": job.id, "why": str(error)})

    async def _insist(self, line: _Line, job: Job) -> None:
        for gaps in RETRY_GAPS:
            try:
                return await unbroken(self._put_alone(line, job))
            except CardDelayed as error:
                if error.retry_after_s > PATIENCE_S:
                    raise
                await self._clock.sleep(max(gaps * self._gap.total_seconds(), error.retry_after_s))
        return await unbroken(self._put_alone(line, job))

    async def _put_alone(self, line: _Line, job: Job) -> None:
        async with line.lock:
            await self._put(line, job)

    async def _put(self, line: _Line, job: Job) -> None:
        """Edit the message unless it looks like that already; smaller files when it must be."""
        look = _look(job)
        while look != line.look:
            files = await self._files(line, job)
            view = card(job, files=files)
            try:
                line.attachments = await self._send.edit(
                    job.target, view=view, files=files, kept=line.attachments
                )
            except FilesTooLarge:
                line.bytes_max = _halved(line, job, files)
                line.files, line.attachments = (), {}
                continue
            finally:
                line.edited_at = self._clock.now()
            line.files = tuple(replace(file, data=b"") for file in files)
            line.look, line.ready_at = look, _ready_at(job)

    async def _files(self, line: _Line, job: Job) -> tuple[PictureFile, ...]:
        """Return the job's pictures, with bytes only where something has to be uploaded."""
        if not _pictures(job):
            return ()
        is_same = line.look is not None and line.look.pictures == _pictures(job)
        if is_same and all(file.name in line.attachments for file in line.files):
            return line.files
        return await self._album.files(job, bytes_max=line.bytes_max)


def _look(job: Job) -> _Look:
    components: object = card(job).to_components()  # type: ignore[no-untyped-call]  # discord.py left it bare
    return _Look(json.dumps(components, ensure_ascii=False), _pictures(job))


def _pictures(job: Job) -> tuple[str, ...]:
    """Name what the card shows; of a failure nothing, as its credits went back."""
    if job.state is JobState.FAILED:
        return ()
    return tuple(picture.item_id for picture in job.pictures)


def _ready_at(job: Job) -> datetime | None:
    return job.progress.done_at if job.progress else None


def _steady(job: Job, line: _Line) -> Job:
    """Keep the time that is shown while a new estimate says about the same."""
    ready_at = _ready_at(job)
    if job.progress is None or ready_at is None or line.ready_at is None:
        return job
    if abs(ready_at - line.ready_at) > ETA_SLACK:
        return job
    return job.evolve(progress=replace(job.progress, done_at=line.ready_at))


def _halved(line: _Line, job: Job, files: Sequence[PictureFile]) -> int:
    limit = line.bytes_max or job.target.file_bytes_max
    biggest = max((len(file.data) for file in files), default=0)
    half = min(limit, biggest) // 2
    if half < FILE_BYTES_MIN:
        raise CardLost(copy.CARD_TOO_BIG)
    return half
