"""When to look again: pure decisions about time; the dispatcher does the waiting."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.providers.base import Limits, Working

POLLS_PER_S_MAX = 20.0  # of one provider by all jobs of the process
LINE_LOOKS_PER_S_MAX = 10.0  # at jobs in one line, which only tell their place
LINE_LOOK_MIN_S, LINE_LOOK_MAX_S = 5.0, 300.0
LOOK_RETRY_S_MAX = 300.0  # results are gone after half an hour, whatever a provider asks for
JITTER_SHARE = 0.2  # spreads jobs that began together
ETA_SHARE = 0.2  # look five times on the way to the provider's own estimate …
AGE_SHARE = 0.1  # where nobody estimates, a look comes at most so much later than it could
ETA_PATIENCE = 2.0  # twice the estimate without a callback: time to ask
STRETCH_MAX = 5.0  # … but never wait longer than this many intervals: estimates are rough
BACKOFF_FACTOR_MAX = 2**5
DRAWING_MIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often to look and how long to go on; `interval_s` is the shortest poll interval."""

    interval_s: float
    deadline: timedelta
    retry_s: float = 2.0
    slow_s: float = 30.0
    """The longest poll interval of a job whose provider calls back: what a lost call costs."""
    submits_max: int = 8
    """Refused submits (nothing accepted) before a job is given up."""
    reads_failed_max: int = 40
    """Failed looks in a row before a running job is given up; about twenty minutes."""

    def next_poll(
        self,
        seen: Working,
        *,
        limits: Limits,
        now: datetime,
        since: datetime,
        watched: int,
        jitter: float,
    ) -> datetime:
        """Return when to poll again: sooner as the end comes near, within everybody's limits.

        `watched` jobs share the provider's polls, so many wait longer each; `jitter` is 0…1 and
        stays the same for a job, which began at `since`.
        """
        shortest = max(self.interval_s, limits.poll_gap_s)
        age_s = (now - since).total_seconds()
        wait_s = max(shortest, min(age_s * AGE_SHARE, limits.poll_gap_max_s))
        if seen.eta_s is not None:
            wait_s = min(max(seen.eta_s * ETA_SHARE, shortest), shortest * STRETCH_MAX)
        wait_s = max(wait_s, watched / POLLS_PER_S_MAX) * (1 + JITTER_SHARE * jitter)
        return now + timedelta(seconds=wait_s)

    def first_poll(self, submitted_at: datetime, *, now: datetime) -> datetime:
        """Return when to look at a job first: it may be over by then.

        A job from the future was sent before the machine's clock was put back: look now.
        """
        return now if submitted_at > now else submitted_at + timedelta(seconds=self.interval_s)

    def next_slow_poll(
        self, seen: Working, *, limits: Limits, now: datetime, watched: int, jitter: float
    ) -> datetime:
        """Return when to look again in case no callback comes: soon after one would have come."""
        wait_s = self.slow_s
        if seen.eta_s is not None:
            wait_s = min(wait_s, seen.eta_s * ETA_PATIENCE)
        wait_s = max(wait_s, self.interval_s, limits.poll_gap_s, watched / POLLS_PER_S_MAX)
        return now + timedelta(seconds=wait_s * (1 + JITTER_SHARE * jitter))

    def next_line_look(
        self, place: int, *, submits_per_s: float, waiting: int, now: datetime
    ) -> datetime:
        """Return when to tell a job in line its place again: after half of the expected time.

        Its turn wakes it earlier. `waiting` jobs stand in that line and share the looks.
        """
        wait_s = min(max(place / submits_per_s / 2, LINE_LOOK_MIN_S), LINE_LOOK_MAX_S)
        return now + timedelta(seconds=max(wait_s, waiting / LINE_LOOKS_PER_S_MAX))

    def heard_by(self, since: datetime) -> datetime:
        """Return until when a callback may tell that a submit without an answer has arrived."""
        return since + timedelta(seconds=self.slow_s * 2)

    def retry(self, failures: int, *, now: datetime, at_least_s: float | None = None) -> datetime:
        """Return when to try again after `failures` (≥ 1) in a row: doubling, then level."""
        wait_s = self.retry_s * min(2 ** (failures - 1), BACKOFF_FACTOR_MAX)
        return now + timedelta(seconds=max(wait_s, at_least_s or 0))

    def retry_look(
        self, failures: int, *, now: datetime, created_at: datetime, at_least_s: float | None
    ) -> datetime:
        """Return when to look again at a job after looks failed; not long after its deadline."""
        at_least_s = min(at_least_s or 0, LOOK_RETRY_S_MAX)
        soon = self.retry(failures, now=now)
        at = self.retry(failures, now=now, at_least_s=at_least_s)
        return max(soon, min(at, created_at + self.deadline))

    def is_too_late(self, created_at: datetime, *, begins_at: datetime) -> bool:
        """Tell whether a job that is sent no earlier would be given up before anything came."""
        return self.is_overdue(created_at, now=begins_at + DRAWING_MIN)

    def is_overdue(self, created_at: datetime, *, now: datetime) -> bool:
        """Tell whether a job has waited longer than anybody should."""
        return now - created_at > self.deadline
