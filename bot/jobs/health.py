"""Circuit breakers: a provider that fails again and again is left alone for a while.

One for each provider and payer, because a key that is out of credits says nothing about others'.
Closed lets everybody through; open nobody; after a pause that doubles with each time, one submit
is let through as a trial, and how it ends decides. Kept in memory: a restart asks anew.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import KeyEmpty, KeyRejected, Permanent, ProtocolBroken, TurnedAway
from bot.domain.jobs import Job, JobId
from bot.domain.keys import Payer

log = logging.getLogger(__name__)

FAILURES_MAX = 3
PAUSE, PAUSES_MAX = timedelta(seconds=15), 20
CIRCUITS_KEPT = 1024  # of keys that fail; one that is forgotten is tried anew
TRIAL_LIFE = timedelta(minutes=4)  # a trial that never ended does not hold everybody up for ever


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    trips: int = 0
    open_until: datetime | None = None
    trial: JobId | None = None
    trial_since: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Shut:
    until: datetime
    why: str


class Health:
    """Remember how submits went; nothing here waits or calls."""

    def __init__(self, clock: Clock, *, pause: timedelta = PAUSE) -> None:
        self._clock = clock
        self._pause = pause
        self._circuits: OrderedDict[tuple[str, Payer], _Circuit] = OrderedDict()
        self._shut: dict[str, _Shut] = {}

    def is_up(self, provider: str, payer: Payer = None) -> bool:
        """Tell whether a submit has a chance, as far as is known."""
        if self.shut_until(provider) is not None:
            return False
        circuit = self._circuits.get((provider, payer))
        if circuit is None or circuit.open_until is None:
            return True
        now = self._clock.now()
        return now >= circuit.open_until and not _is_tried(circuit, now)

    def why_down(self, provider: str, payer: Payer = None) -> str:
        """Return what went wrong last while a circuit is open; empty when it is not."""
        if self.shut_until(provider) is not None:
            return self._shut[provider].why
        return "" if self.is_up(provider, payer) else self._circuits[provider, payer].why

    def shut_until(self, provider: str) -> datetime | None:
        """Return until when a provider takes nothing from anybody here; None when it does."""
        shut = self._shut.get(provider)
        return shut.until if shut is not None and self._clock.now() < shut.until else None

    def shut_out(self, provider: str, why: str, *, until: datetime) -> None:
        """Note that a provider takes nothing from this address for a while."""
        self._shut[provider] = _Shut(until, why)
        log.warning("shut out by a provider", extra={"provider": provider, "until": str(until)})

    def blocked_until(self, job: Job) -> datetime | None:
        """Claim a submit: None when it may go; otherwise when to ask again."""
        if (shut_until := self.shut_until(job.provider)) is not None:
            return shut_until
        now = self._clock.now()
        circuit = self._circuits.get(_of(job))
        if circuit is None or circuit.open_until is None:
            return None
        if now < circuit.open_until:
            return circuit.open_until
        if _is_tried(circuit, now) and circuit.trial != job.id:
            return now + self._pause
        circuit.trial, circuit.trial_since = job.id, now
        return None

    def let_go(self, job_id: JobId) -> None:
        """Let another job try where this one was to and did not."""
        for circuit in self._circuits.values():
            if circuit.trial == job_id:
                circuit.trial = circuit.trial_since = None

    def renew(self, provider: str, payer: Payer) -> None:
        """Forget what was known of a key: its owner has brought another."""
        self._circuits.pop((provider, payer), None)

    def worked(self, job: Job) -> None:
        """Note that a provider took a job, or refused it in a way that shows that it is well."""
        if self._circuits.pop(_of(job), None):
            log.info("provider works", extra={"provider": job.provider})

    def refused(self, job: Job, error: Permanent) -> None:
        """Note that a submit was refused for good; what is wrong with one request closes nothing."""
        match error:
            case KeyRejected():
                self.failed(job, str(error), is_final=True)
            case KeyEmpty() | TurnedAway() | ProtocolBroken():
                self.failed(job, str(error))
            case _:
                self.worked(job)

    def failed(self, job: Job, why: str, *, is_final: bool = False) -> None:
        """Note that a submit did not get through; a final failure opens the circuit at once."""
        circuit = self._circuits.setdefault(_of(job), _Circuit())
        self._circuits.move_to_end(_of(job))
        if len(self._circuits) > CIRCUITS_KEPT:
            self._circuits.popitem(last=False)
        circuit.failures += FAILURES_MAX if is_final else 1
        circuit.why = why
        if circuit.failures < FAILURES_MAX:
            return
        is_trip = circuit.open_until is None or circuit.trial_since is not None
        circuit.trial = circuit.trial_since = None
        if not is_trip:
            return  # others were on their way when it opened
        pause = min(2**circuit.trips, PAUSES_MAX) * self._pause
        circuit.trips += 1
        circuit.open_until = self._clock.now() + pause
        log.warning(
            "provider left alone for a while",
            extra={"provider": job.provider, "seconds": pause.total_seconds(), "why": why},
        )


def _of(job: Job) -> tuple[str, Payer]:
    return job.provider, job.key_owner


def _is_tried(circuit: _Circuit, now: datetime) -> bool:
    return circuit.trial_since is not None and now - circuit.trial_since < TRIAL_LIFE
