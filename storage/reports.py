"""Reports of members: kept until they are handled, whatever becomes of the channel for them."""

from datetime import datetime

from bot.domain.jobs import UserId
from bot.domain.reports import Report, ReportId
from storage.executor import Executor, Row
from storage.moments import from_text, from_text_or_none, to_text


class Reports:
    """The reports of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def add(self, report: Report) -> bool:
        """Keep a report; False when its id is known."""
        changed = await self._db.change(
            """
            INSERT INTO reports (id, owner_id, guild_id, job_id, link, words, created_at)
            VALUES (:id, :owner_id, :guild_id, :job_id, :link, :words, :created_at)
            ON CONFLICT (id) DO NOTHING
            """,
            id=report.id,
            owner_id=report.owner_id,
            guild_id=report.guild_id,
            job_id=report.job_id,
            link=report.link,
            words=report.words,
            created_at=to_text(report.created_at),
        )
        return changed == 1

    async def get(self, report_id: ReportId) -> Report | None:
        """Return a report, or None."""
        row = await self._db.row("SELECT * FROM reports WHERE id = :id", id=report_id)
        return None if row is None else _report_of(row)

    async def since(self, owner_id: UserId, moment: datetime) -> tuple[datetime, ...]:
        """Return when a member reported anything after a moment, the first first."""
        rows = await self._db.rows(
            """
            SELECT created_at FROM reports WHERE owner_id = :owner_id AND created_at > :moment
            ORDER BY created_at
            """,
            owner_id=owner_id,
            moment=to_text(moment),
        )
        return tuple(from_text(row["created_at"]) for row in rows)

    async def unposted(self, *, limit: int) -> tuple[Report, ...]:
        """Return reports that no channel has seen and nobody has handled, the oldest first."""
        rows = await self._db.rows(
            """
            SELECT * FROM reports WHERE posted_at IS NULL AND handled_at IS NULL
            ORDER BY created_at, id LIMIT :limit
            """,
            limit=limit,
        )
        return tuple(map(_report_of, rows))

    async def waiting(self, guild_id: int | None, *, limit: int) -> tuple[Report, ...]:
        """Return a server's reports that nobody has handled, the oldest first; None: of nowhere."""
        where = "guild_id IS NULL" if guild_id is None else "guild_id = :guild_id"
        values = {} if guild_id is None else {"guild_id": guild_id}
        rows = await self._db.rows(
            f"""
            SELECT * FROM reports WHERE {where} AND handled_at IS NULL
            ORDER BY created_at, id LIMIT :limit
            """,  # noqa: S608 - a constant of ours
            limit=limit,
            **values,
        )
        return tuple(map(_report_of, rows))

    async def count_unposted(self) -> int:
        """Count the reports that wait for a channel."""
        row = await self._db.row(
            "SELECT COUNT(*) AS many FROM reports WHERE posted_at IS NULL AND handled_at IS NULL"
        )
        return 0 if row is None else int(row["many"])

    async def note_posted(self, report_id: ReportId, *, at: datetime) -> None:
        """Note that a channel shows a report."""
        await self._db.change(
            "UPDATE reports SET posted_at = :at WHERE id = :id AND posted_at IS NULL",
            id=report_id,
            at=to_text(at),
        )

    async def handle(self, report_id: ReportId, *, by: UserId, at: datetime) -> bool:
        """Note that somebody has handled a report; False when somebody did before."""
        changed = await self._db.change(
            """
            UPDATE reports SET handled_at = :at, handler_id = :by
            WHERE id = :id AND handled_at IS NULL
            """,
            id=report_id,
            by=by,
            at=to_text(at),
        )
        return changed == 1

    async def has_handled(self, before: datetime) -> bool:
        """Tell whether any report was handled before a moment."""
        row = await self._db.row(
            "SELECT 1 FROM reports WHERE handled_at <= :before LIMIT 1", before=to_text(before)
        )
        return row is not None

    async def forget(self, before: datetime) -> int:
        """Delete reports that were handled before a moment."""
        return await self._db.change(
            "DELETE FROM reports WHERE handled_at <= :before", before=to_text(before)
        )

    async def forget_member(self, owner_id: UserId) -> None:
        """Take a person out; what they reported stays until it is handled, what is handled goes."""
        await self._db.change(
            "DELETE FROM reports WHERE owner_id = :owner_id AND handled_at IS NOT NULL",
            owner_id=owner_id,
        )
        await self._db.change(
            "UPDATE reports SET owner_id = NULL WHERE owner_id = :owner_id", owner_id=owner_id
        )
        await self._db.change(
            "UPDATE reports SET handler_id = NULL WHERE handler_id = :owner_id", owner_id=owner_id
        )
        await self._db.change(
            """
            UPDATE reports SET job_id = NULL
            WHERE job_id IN (SELECT id FROM jobs WHERE owner_id = :owner_id)
            """,
            owner_id=owner_id,
        )


def _report_of(row: Row) -> Report:
    return Report(
        id=ReportId(row["id"]),
        owner_id=row["owner_id"],
        guild_id=row["guild_id"],
        job_id=row["job_id"],
        link=row["link"],
        words=row["words"],
        created_at=from_text(row["created_at"]),
        handled_at=from_text_or_none(row["handled_at"]),
        handler_id=row["handler_id"],
    )
