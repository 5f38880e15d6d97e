"""What a server allows its members: limits of credits and of jobs, and pauses between jobs.

Every budget that concerns a member holds at once, so the tightest wins: who is refused is told of
the one that lifts last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NewType

from bot.domain.askers import Asker
from bot.domain.credits import Microcredits
from bot.domain.jobs import UserId

BudgetId = NewType("BudgetId", str)
"""What it is about, as text: the same for a new amount, so that it takes the place of the old."""

EVERYBODY = UserId(0)
"""Stands where a member's id could, for what all members of a server used together."""


class Whom(StrEnum):
    """Whom a budget is for; the value is stored."""

    SERVER = "server"  # all members together
    EACH = "each"  # each member for themselves
    ROLE = "role"  # each member who has a role
    MEMBER = "member"  # one member


class Measure(StrEnum):
    """What a budget counts; the value is stored."""

    CREDITS = "credits"
    JOBS = "jobs"
    PAUSE = "pause"  # seconds between two jobs of one member


class Period(StrEnum):
    """How long a budget lasts until it is full again, by the calendar in UTC; stored."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"

    def start(self, now: datetime) -> datetime:
        """Return when the present one began."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        day = hour.replace(hour=0)
        match self:
            case Period.HOUR:
                return hour
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)

    def end(self, now: datetime) -> datetime:
        """Return when the next one begins."""
        start = self.start(now)
        match self:
            case Period.HOUR:
                return start + timedelta(hours=1)
            case Period.DAY:
                return start + timedelta(days=1)
            case Period.WEEK:
                return start + timedelta(weeks=1)
            case Period.MONTH:
                return (start + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit of a server: `amount` is microcredits, jobs, or seconds, as `measure` says.

    `subject_id` is the role or the member that it is for, else 0. Who has a role of
    `except_role_ids` is not concerned. A pause has no period.
    """

    guild_id: int
    whom: Whom
    measure: Measure
    amount: int
    period: Period | None = None
    subject_id: int = 0
    except_role_ids: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        assert (self.measure is Measure.PAUSE) == (self.period is None)
        assert (self.whom in {Whom.ROLE, Whom.MEMBER}) == (self.subject_id != 0)
        assert self.whom is not Whom.SERVER or self.measure is not Measure.PAUSE

    @property
    def id(self) -> BudgetId:
        """Return what it is about."""
        return BudgetId(f"{self.whom}:{self.subject_id}:{self.measure}:{self.period or '-'}")

    def concerns(self, asker: Asker) -> bool:
        """Tell whether a member has to keep it."""
        if asker.guild_id != self.guild_id or self.except_role_ids & asker.role_ids:
            return False
        match self.whom:
            case Whom.SERVER | Whom.EACH:
                return True
            case Whom.ROLE:
                return self.subject_id in asker.role_ids
            case Whom.MEMBER:
                return self.subject_id == asker.id

    def payer(self, asker: Asker) -> UserId:
        """Return whose use counts: the member's, or everybody's."""
        return EVERYBODY if self.whom is Whom.SERVER else asker.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What somebody used of a period, in microcredits and in jobs."""

    credits: Microcredits
    jobs: int

    def of(self, measure: Measure) -> int:
        """Return what a budget of this measure counts."""
        return self.jobs if measure is Measure.JOBS else self.credits


Usage = Mapping[tuple[UserId, Period], Used]
"""What was used by a member and by everybody, in each period that a budget asks about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one budget stands for a member."""

    budget: Budget
    used: int
    lifts_at: datetime | None
    """When it is full again; None for a request that is too big for it at any time."""

    @property
    def left(self) -> int:
        """Return what may still be used."""
        return max(0, self.budget.amount - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Tell whether more was used than it allows."""
        return self.used > self.budget.amount


def standings(
    budgets: Iterable[Budget], usage: Usage, *, asker: Asker, now: datetime
) -> tuple[Standing, ...]:
    """Return how each budget stands that concerns a member and has a period."""
    return tuple(
        Standing(
            budget=budget,
            used=usage[budget.payer(asker), budget.period].of(budget.measure),
            lifts_at=budget.period.end(now),
        )
        for budget in budgets
        if budget.period is not None and budget.concerns(asker)
    )


def refusal(standings: Iterable[Standing], *, price: Microcredits) -> Standing | None:
    """Return the budget that a request exceeds, which is counted as used already; None when none.

    Of several it is the one that lifts last: whoever waits for it has waited for all.
    """
    exceeded = [
        _for_ever(standing) if _is_too_big(standing.budget, price) else standing
        for standing in standings
        if standing.is_exceeded
    ]
    return max(exceeded, key=_lifts_last, default=None)


def longest_pause(budgets: Iterable[Budget], *, asker: Asker) -> Budget | None:
    """Return the longest pause that a member has to make between two jobs; None when none."""
    pauses = [
        budget for budget in budgets if budget.measure is Measure.PAUSE and budget.concerns(asker)
    ]
    return max(pauses, key=lambda budget: budget.amount, default=None)


def _is_too_big(budget: Budget, price: Microcredits) -> bool:
    return (price if budget.measure is Measure.CREDITS else 1) > budget.amount


def _for_ever(standing: Standing) -> Standing:
    return Standing(budget=standing.budget, used=standing.used, lifts_at=None)


def _lifts_last(standing: Standing) -> tuple[bool, float]:
    lifts_at = standing.lifts_at
    return (lifts_at is None, 0 if lifts_at is None else lifts_at.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """What members of a server used together on one UTC day."""

    day: date
    credits: Microcredits
    jobs: int
