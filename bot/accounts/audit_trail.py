"""The audit trail as admins read it: page by page, or all of it as a table."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.domain.audit_trail import Act, AuditEntry, AuditPage, AuditView, Deed
from bot.domain.clock import Clock
from bot.domain.csv_text import Cell, to_csv
from bot.domain.jobs import UserId
from storage.database import Database

PAGE_ENTRIES = 10
EXPORTED_MAX = 20_000

HEADER = ("number", "at", "who", "did", "to", "facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file for the admin who asked for it."""

    csv: bytes
    rows: int


class AuditBook:
    """Answer what was done in a server."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, view: AuditView) -> AuditPage:
        """Return the entries of one page."""
        found = await self._database.read(lambda tx: tx.audit_trail.page(view, limit=LOOKED_AT))
        if view.after is not None:
            if len(found) < LOOKED_AT:  # that reaches the newest: show a whole page of it
                return await self.page(replace(view, after=None))
            return AuditPage(view=view, entries=found[1:], has_older=True, has_newer=True)
        return AuditPage(
            view=view,
            entries=found[:PAGE_ENTRIES],
            has_older=len(found) == LOOKED_AT,
            has_newer=view.before is not None,
        )

    async def exported(self, what: str, *, deed: Deed, subject_id: UserId | None = None) -> None:
        """Note that an admin took something out of the house as a file."""
        taken = deed.entry(
            Act.EXPORTED, at=self._clock.now(), facts={"what": what}, subject_id=subject_id
        )
        await self._database.write(lambda tx: tx.audit_trail.add(taken))

    async def table(self, view: AuditView, *, deed: Deed) -> Table:
        """Return the newest entries as CSV, and note who took them out of the house."""
        await self.exported("audit trail", deed=deed)
        whole = replace(view, before=None, after=None)
        entries = await self._database.read(
            lambda tx: tx.audit_trail.page(whole, limit=EXPORTED_MAX)
        )
        csv = await asyncio.to_thread(to_csv, HEADER, _rows(entries))
        return Table(csv=csv, rows=len(entries))


LOOKED_AT = PAGE_ENTRIES + 1


def _rows(entries: Sequence[AuditEntry]) -> Iterator[Sequence[Cell]]:
    for entry in entries:
        yield (
            entry.seq,
            entry.at.isoformat(timespec="seconds"),
            _id(entry.actor_id),
            entry.act,
            _id(entry.subject_id),
            "; ".join(f"{name}: {value}" for name, value in entry.facts.items()),
        )


def _id(user_id: UserId | None) -> str | None:
    return None if user_id is None else str(user_id)
