"""The door to the cards: every edit of a job's message, by one scheduler for the whole process.

Fits `bot.jobs.notifier.Notifier`. What comes next is decided in `bot.ui.edit_queue`; here is what
waits, loads and sends. Newest state wins, one edit in flight for each message, none that changes
nothing, and none is ever cut off (`bot.ui.unbroken`).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from discord import ui

from bot.domain.clock import Clock
from bot.domain.errors import BotError, CardDelayed, CardLost, FilesRefused
from bot.domain.jobs import CardFile, Job, JobId, PictureFile, Target
from bot.ui import copy
from bot.ui.cards import Drawing, drawn, view_of
from bot.ui.edit_budgets import EditBudgets, Place
from bot.ui.edit_queue import Ask, Edit, EditQueue
from bot.ui.lines import Line, Look, digest_of, is_at_work, look_of
from bot.ui.recent import Recent
from bot.ui.strange_answers import PATIENCE_S
from bot.ui.unbroken import launch, started

log = logging.getLogger(__name__)

RETRY_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
FILE_BYTES_MIN = 64 * 1024  # no picture is worth posting below this
PREVIEWS_WAITING_BYTES_MAX = 32 * 1024 * 1024
FINISHED_REMEMBERED = 4096
WAITS_REMEMBERED = 1024


class FilesTooLarge(BotError):
    """Discord did not take files of this size; smaller ones may pass."""


class Album(Protocol):
    """Where a job's pictures are, ready to upload."""

    async def files(self, job: Job, *, bytes_max: int | None = None) -> tuple[PictureFile, ...]:
        """Load a job's pictures in order, each at most `bytes_max` or what its target takes."""
        ...

    async def preview(self, job: Job) -> PictureFile | None:
        """Make a small picture of a job's unfinished one; None when there is nothing to see."""
        ...


class Wire(Protocol):
    """Who speaks to Discord."""

    def place(self, target: Target) -> Place:
        """Return where an edit of this message would count now."""
        ...

    async def edit(
        self,
        target: Target,
        *,
        view: ui.LayoutView,
        files: Sequence[CardFile],
        kept: Mapping[str, int],
        is_last: bool,
    ) -> Mapping[str, int]:
        """Edit the message once; return its attachments, name to id.

        Files named in `kept` are there already and stay; attachments in neither go away. A last
        edit may open a thread again that was closed meanwhile.
        Raises `CardLost`, `CardDelayed` and `FilesTooLarge`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the scheduler has done since the start, for benches and the curious."""

    sent: int
    """Edits that Discord has taken."""
    invisible: int
    """Edits left out because nobody would have seen a difference."""
    superseded: int
    """Wishes that waited until a newer one took their place."""
    waiting: int
    in_flight: int
    finals_waited_s: tuple[float, ...]
    """How long the newest last edits waited for their turn, oldest first."""


class Editor:
    """Show jobs on their messages, as fast as Discord has room and no oftener than `edit_gap_s`."""

    def __init__(
        self, send: Wire, album: Album, clock: Clock, *, budgets: EditBudgets, edit_gap_s: float
    ) -> None:
        self._send = send
        self._album = album
        self._clock = clock
        self._queue = EditQueue(budgets, send.place, gap_s=edit_gap_s)
        self._lines: dict[JobId, Line] = {}
        self._finished: Recent[JobId] = Recent(FINISHED_REMEMBERED)
        self._is_stopped = False
        self._alarm = _Alarm(clock, self._start_due)
        self._sent = self._invisible = self._superseded = 0
        self._previews_bytes = 0
        self._finals_waited_s: deque[float] = deque(maxlen=WAITS_REMEMBERED)

    def stop(self) -> None:
        """Begin no more progress edits; what is in flight lands (`unbroken.landed_all`)."""
        self._is_stopped = True
        self._queue.withdraw_progress()
        self._start_due()

    def show(self, job: Job) -> None:
        """Bring the card up to date when there is room; the newest state wins. Returns at once."""
        if self._is_stopped or job.id in self._finished:
            return
        self._ask(job, is_final=False)
        self._start_due()

    async def finish(self, job: Job) -> None:
        """Put the last state on the card and return once Discord has taken it.

        Raises `CardLost` when the card is gone for good and `CardDelayed` when it is worth
        another try later. States shown from now on are older and change nothing.
        """
        self._finished.add(job.id)
        try:
            await self._insist(job)
        except CardLost:
            self._forget(job.id)
            raise
        self._forget(job.id)

    def figures(self) -> Figures:
        """Return the counts so far."""
        return Figures(
            sent=self._sent,
            invisible=self._invisible,
            superseded=self._superseded,
            waiting=self._queue.waiting,
            in_flight=self._queue.in_flight,
            finals_waited_s=tuple(self._finals_waited_s),
        )

    # ------------------------------------------------------------ who is next

    def _ask(self, job: Job, *, is_final: bool) -> Line:
        line = self._lines.setdefault(job.id, Line())
        job = self._want(line, job)
        to_upload = () if line.shows_pictures_of(job) else job.pictures
        self._superseded += self._queue.ask(
            Ask(
                job_id=job.id,
                owner_id=job.owner_id,
                target=job.target,
                asked_at=self._clock.now(),
                is_final=is_final,
                size_bytes=sum(picture.size_bytes for picture in to_upload) + _preview_bytes(job),
            )
        )
        return line

    def _want(self, line: Line, job: Job) -> Job:
        """Let a line wait for its newest state; without the preview, where too many wait."""
        self._take(line)
        if self._previews_bytes + _preview_bytes(job) > PREVIEWS_WAITING_BYTES_MAX:
            assert job.progress is not None, "it has a preview"
            job = job.evolve(progress=replace(job.progress, preview=None))
        self._previews_bytes += _preview_bytes(job)
        line.wanted = job
        return job

    def _take(self, line: Line) -> Job | None:
        """Return what a line waits for; from now on it waits for nothing."""
        job, line.wanted = line.wanted, None
        if job is not None:
            self._previews_bytes -= _preview_bytes(job)
        return job

    def _start_due(self) -> None:
        """Begin every edit that may go now, and come back when the next one may."""
        now = self._clock.now()
        while (edit := self._queue.next(now)) is not None:
            line = self._lines[edit.ask.job_id]
            job = self._take(line)
            assert job is not None, "what waits is wanted"
            if edit.ask.is_final:
                assert line.turn is not None, "somebody waits for a last edit"
                self._finals_waited_s.append((now - edit.ask.asked_at).total_seconds())
                line.turn.set_result(started(self._fly(edit, line, job)))
            else:
                launch(self._show_progress(edit, line, job))
        self._alarm.set(self._queue.look_again_at())

    def _forget(self, job_id: JobId) -> None:
        line = self._lines.pop(job_id, None)
        if line is not None:
            self._take(line)
        self._queue.forget(job_id)

    # ------------------------------------------------------------ on the way

    async def _insist(self, job: Job) -> None:
        for pause_s in RETRY_PAUSES_S:
            try:
                return await self._edit_last(job)
            except CardDelayed as error:
                if error.retry_after_s > PATIENCE_S:
                    raise
                await self._clock.sleep(max(pause_s, error.retry_after_s))
        return await self._edit_last(job)

    async def _edit_last(self, job: Job) -> None:
        """Wait for a turn, then for the edit; who stops waiting gives back only the turn."""
        before = self._lines.get(job.id)
        is_free = before is None or before.turn is None or before.turn.done()
        assert is_free, "one step of a job at a time waits for its last edit"
        line = self._ask(job, is_final=True)
        line.turn = asyncio.get_running_loop().create_future()
        self._start_due()
        try:
            flight = await line.turn
        except asyncio.CancelledError:
            self._queue.withdraw(job.id)
            raise
        await asyncio.shield(flight)

    async def _show_progress(self, edit: Edit, line: Line, job: Job) -> None:
        try:
            await self._fly(edit, line, line.steady(job))
        except CardLost as error:
            log.info("no more progress for a card", extra={"job": job.id, "why": str(error)})
            self._finished.add(job.id)
            if line.turn is None:  # else its last edit finds out by itself
                self._forget(job.id)
        except BotError as error:  # only progress: the next state comes soon
            log.info("progress was not shown", extra={"job": job.id, "why": str(error)})

    async def _fly(self, edit: Edit, line: Line, job: Job) -> None:
        """Edit the message unless it looks like that already, and let the next one go."""
        was_sent = True
        try:
            await self._keep_preview(line, job)
            drawing = drawn(job)
            look = look_of(job, drawing, line.extras_of(job))
            was_sent = look != line.look
            if was_sent:
                await self._put(line, job, drawing, look, is_last=edit.ask.is_final)
            else:
                self._invisible += 1
        finally:
            self._queue.ended(edit, now=self._clock.now(), was_sent=was_sent)
            self._start_due()

    async def _keep_preview(self, line: Line, job: Job) -> None:
        """Make the newest preview ready, where there is one that is not known yet.

        What cannot be shown, or was not sent with this state, leaves the one before in its place.
        """
        line.let_go_of_old_preview(job)
        data = job.progress.preview if job.progress else None
        if data is None or not is_at_work(job) or (digest := digest_of(data)) == line.previewed:
            return
        line.previewed = digest
        line.preview = await self._album.preview(job) or line.preview

    async def _put(
        self, line: Line, job: Job, drawing: Drawing, look: Look, *, is_last: bool
    ) -> None:
        """Send the newest look; smaller files when it must be."""
        files = await self._files(line, job)
        line.look = None  # should the answer be lost, nobody knows what the message shows …
        while True:
            line.keep_only(files)  # … but that these are there in any case
            view = view_of(drawing, files=files)
            try:
                line.attachments = await self._send.edit(
                    job.target, view=view, files=files, kept=line.attachments, is_last=is_last
                )
            except FilesTooLarge:
                line.bytes_max = _halved(line, job, files)
                line.pictures, line.attachments = (), {}
                files = await self._files(line, job)
            else:
                break
        self._sent += 1
        line.shown(job, look, files)

    async def _files(self, line: Line, job: Job) -> tuple[CardFile, ...]:
        """Return what belongs on the card, with bytes only where something has to be uploaded."""
        pictures = line.pictures
        if not line.shows_pictures_of(job):
            pictures = await self._album.files(job, bytes_max=line.bytes_max)
        return (*pictures, *line.extras_of(job))


class _Alarm:
    """Calls back at one moment; setting it again moves it."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def set(self, at: datetime | None) -> None:
        if at == self._at:
            return
        if self._task is not None:
            self._task.cancel()
        self._at, self._task = at, None if at is None else launch(self._wait(at))

    async def _wait(self, at: datetime) -> None:
        await self._clock.sleep(max(0.0, (at - self._clock.now()).total_seconds()))
        self._at = self._task = None
        self._ring()


def _preview_bytes(job: Job) -> int:
    """Count what a waiting state holds in memory beside itself."""
    return len(job.progress.preview or b"") if job.progress else 0


def _halved(line: Line, job: Job, files: Sequence[CardFile]) -> int:
    limit = line.bytes_max or job.target.file_bytes_max
    biggest = max((len(file.data) for file in files), default=0)
    half = min(limit, biggest) // 2
    if half < FILE_BYTES_MIN:
        raise FilesRefused(copy.CARD_TOO_BIG)
    return half
