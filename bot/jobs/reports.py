"""Members' reports on their way to whoever handles them: a channel of the server, or the operator's.

A report is a row first and a message second. A channel that is gone, closed or not named changes
nothing: the report waits, `/admin reports` shows it, and every few minutes it is tried again.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from bot.domain.audit_trail import Act, Deed
from bot.domain.clock import Clock
from bot.domain.errors import (
    CardDelayed,
    CardLost,
    InvalidRequest,
    NotAllowed,
    QuotaExceeded,
    StorageUnavailable,
)
from bot.domain.jobs import Job
from bot.domain.reports import Filed, Report, ReportId
from storage.database import Database, Tx

log = logging.getLogger(__name__)

REPORTS_MAX, WINDOW = 3, timedelta(hours=1)
RETRY_S = 300.0
AT_ONCE_MAX = 50
SHOWN_MAX = 5
HANDLED_LIFE = timedelta(days=30)

TOO_MANY = "You have reported a lot in a short time; those are safe with us."
UNKNOWN = "I don't know this report any more."
NOT_YOURS = "Only members who may manage messages where this was reported can do that."


class Poster(Protocol):
    """Who writes a report into a channel."""

    async def post(self, filed: Filed, *, channel_id: int) -> None:
        """Post a report, once however often it is called; raise `CardLost` or `CardDelayed`."""
        ...


class ReportDesk:
    """Take reports in and hand them on."""

    def __init__(
        self,
        database: Database,
        *,
        poster: Poster,
        channel_of: Callable[[int | None], int | None],
        operators_channel: int | None,
        clock: Clock,
    ) -> None:
        """`channel_of` names a server's own channel for reports, if it has one."""
        self._database = database
        self._poster = poster
        self._channel_of = channel_of
        self._operators_channel = operators_channel
        self._clock = clock
        self._bell = asyncio.Event()

    async def file(self, report: Report) -> None:
        """Keep a report and see to it that it is posted; raise `QuotaExceeded` for too many."""

        async def keep(tx: Tx) -> None:
            assert report.owner_id is not None, "somebody reports"
            recent = await tx.reports.since(report.owner_id, report.created_at - WINDOW)
            if len(recent) >= REPORTS_MAX:
                raise QuotaExceeded(TOO_MANY, retry_at=recent[-REPORTS_MAX] + WINDOW)
            job = None if report.job_id is None else await tx.jobs.get(report.job_id)
            await tx.reports.add(report if _is_theirs_to_see(job, report) else _jobless(report))

        await self._database.write(keep)
        log.info("a report came in")
        self._bell.set()

    async def filed(self, report_id: ReportId) -> Filed:
        """Return a report; raise `InvalidRequest` when it is not known any more."""
        report = await self._database.read(lambda tx: tx.reports.get(report_id))
        if report is None:
            raise InvalidRequest(UNKNOWN)
        return await self._with_job(report)

    async def handle(self, report_id: ReportId, *, deed: Deed, channel_id: int) -> Filed:
        """Note that a report was handled, by somebody who may where it is shown.

        Raises `NotAllowed` for another server's, unless this is the operator's channel.
        """
        report = (await self.filed(report_id)).report
        if report.guild_id != deed.guild_id and channel_id != self._operators_channel:
            raise NotAllowed(NOT_YOURS)
        now = self._clock.now()

        async def handle(tx: Tx) -> None:
            if await tx.reports.handle(report_id, by=deed.by, at=now):
                facts = {"report": report_id}
                await tx.audit_trail.add(deed.entry(Act.REPORT_HANDLED, at=now, facts=facts))

        await self._database.write(handle)
        return await self.filed(report_id)

    async def waiting(self, guild_id: int) -> tuple[Filed, ...]:
        """Return the oldest reports of a server that nobody has handled."""
        reports = await self._database.read(
            lambda tx: tx.reports.waiting(guild_id, limit=SHOWN_MAX)
        )
        return tuple([await self._with_job(report) for report in reports])

    async def run(self) -> None:
        """Post what is not posted yet, for ever."""
        while True:
            self._bell.clear()
            try:
                await self.look()
            except StorageUnavailable as error:
                log.warning("reports are put off", extra={"why": str(error)})
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._bell.wait()

    async def look(self) -> None:
        """Post what is not posted yet, and let go of what was handled long ago."""
        unposted = await self._database.read(lambda tx: tx.reports.unposted(limit=AT_ONCE_MAX))
        left = [report for report in unposted if not await self._posted(report)]
        if left:
            log.warning("reports wait for a channel", extra={"count": len(left)})
        before = self._clock.now() - HANDLED_LIFE
        if await self._database.read(lambda tx: tx.reports.has_handled(before)):
            await self._database.write(lambda tx: tx.reports.forget(before))

    async def _posted(self, report: Report) -> bool:
        filed = await self._with_job(report)
        for channel_id in self._channels(report):
            try:
                await self._poster.post(filed, channel_id=channel_id)
            except (CardLost, CardDelayed) as error:
                log.info("a report could not be posted", extra={"why": str(error)})
                continue
            await self._note_posted(report)
            return True
        return False

    async def _note_posted(self, report: Report) -> None:
        now = self._clock.now()
        await self._database.write(lambda tx: tx.reports.note_posted(report.id, at=now))

    def _channels(self, report: Report) -> tuple[int, ...]:
        own = self._channel_of(report.guild_id)
        return tuple(channel for channel in (own, self._operators_channel) if channel is not None)

    async def _with_job(self, report: Report) -> Filed:
        job_id = report.job_id
        if job_id is None:
            return Filed(report=report, job=None)
        return Filed(report=report, job=await self._database.read(lambda tx: tx.jobs.get(job_id)))


def _is_theirs_to_see(job: Job | None, report: Report) -> bool:
    """Tell whether whoever handles a report may see a job: a form's id can be made up."""
    if job is None:
        return False
    if report.guild_id is None:
        return job.owner_id == report.owner_id
    return job.target.guild_id == report.guild_id


def _jobless(report: Report) -> Report:
    return replace(report, job_id=None)
