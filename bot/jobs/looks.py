"""Looks at running jobs, shared out: so many at once, and none while the provider says no.

A look that may not begin holds nothing: its job is told when to come again.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from bot.domain.jobs import Job, JobId
from bot.domain.keys import Payer
from bot.providers.base import Limits

AT_ONCE_MAX = 64
"""Looks of one provider that wait for its answers and what they bring; others' go on beside them."""

APART = timedelta(milliseconds=2)
"""Between two of all that wait at once, after a start or a pause; later `Schedule` spreads them."""

PATIENCE = timedelta(minutes=5)
"""No longer is nobody looked at, whatever a provider says: results are gone after half an hour."""

DOORS_KEPT = 256


class Looks:
    """The looks at all running jobs of one provider."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._watched: set[JobId] = set()
        self._under_way = 0
        self._shut: dict[Payer, datetime] = {}

    @property
    def watched(self) -> int:
        """How many jobs share the looks."""
        return len(self._watched)

    def watch(self, job_id: JobId) -> None:
        """Count a job among those that share the looks, until it is forgotten."""
        self._watched.add(job_id)

    def forget(self, job_id: JobId) -> None:
        """Let go of a job that is not looked at any more."""
        self._watched.discard(job_id)

    def begins_at(self, job: Job, *, now: datetime) -> datetime | None:
        """Return when to ask again for a look; None when it may begin."""
        shut_until = self._shut.get(self._door(job), now)
        if shut_until > now:
            return shut_until + self._spread(jitter(job.id))
        if self._under_way >= AT_ONCE_MAX:
            return now + self._spread((1 + jitter(job.id)) / 2)
        return None

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Count a look until the block ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def shut(self, job: Job, until: datetime, *, now: datetime) -> None:
        """Let nobody look before `until` who draws on the same limit as a job that was refused.

        Where each job has a limit of its own, the others are looked at as before.
        """
        if self._limits.looks_by_job:
            return
        door, until = self._door(job), min(until, now + PATIENCE)
        self._shut[door] = max(until, self._shut.get(door, until))
        if len(self._shut) > DOORS_KEPT:
            self._shut = {payer: end for payer, end in self._shut.items() if now < end}

    def _door(self, job: Job) -> Payer:
        return job.key_owner if self._limits.by_key else None

    def _spread(self, share: float) -> timedelta:
        return share * max(len(self._watched), AT_ONCE_MAX) * APART


def jitter(job_id: JobId) -> float:
    """Return a share of one that is a job's own."""
    return zlib.crc32(job_id.encode()) / 2**32
