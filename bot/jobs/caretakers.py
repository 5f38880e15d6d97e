"""Who answers for members' data, in one value."""

from dataclasses import dataclass

from bot.domain.retention import Retention
from bot.jobs.departures import Departures
from bot.jobs.erasure import Eraser
from bot.jobs.exports import Exports
from bot.jobs.reports import ReportDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Caretakers:
    """Those who hand out, forget and let go what is stored, and how long what is kept."""

    retention: Retention
    eraser: Eraser
    exports: Exports
    departures: Departures
    reports: ReportDesk

    @property
    def keepers(self) -> tuple[Eraser, Departures, ReportDesk]:
        """Return those who work for as long as the service runs."""
        return (self.eraser, self.departures, self.reports)
