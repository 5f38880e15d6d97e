"""One accepted request: its parts, its next step, and how it stands.

The steps keep the server's own oddities: a failed attempt counts as finished, so `done` can be
true while a part is still in work, or with nothing delivered at all.
"""

import time
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.scripts import Outcome, Script

ATTEMPTS_MAX = 3


class PartState(StrEnum):
    """Where one part of a request is."""

    WAITING = "waiting"
    PROCESSING = "processing"
    DELIVERED = "delivered"
    LOST = "lost"  # its attempts failed and nobody takes it up again
    DROPPED = "dropped"  # cancelled before anybody took it


class JobState(StrEnum):
    """How a whole request stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAULTED = "faulted"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(slots=True, kw_only=True)
class Part:
    """One of the things that a request asks for: a picture, a text, a form of alchemy."""

    part_id: str
    index: int
    fails: int = 0  # attempts that will fail before one succeeds
    lost: bool = False  # when they have failed, that was it
    censored: bool = False
    state: PartState = PartState.WAITING
    delivered_at_s: float | None = None  # the sandbox's clock
    delivered_monotonic_s: float | None = None  # `time.monotonic()`, for measuring


@dataclass(slots=True, kw_only=True)
class Job:
    """An accepted request of any kind. Reading it is fine; only the queue moves it."""

    remote_id: str
    number: int  # order of acceptance, among its kind
    account: Account
    shared_key: SharedKey | None
    payload: dict[str, object]  # as it was sent
    script: Script
    possible: bool
    accepted_at_s: float
    expires_at_s: float
    webhook: str = ""
    next_at_s: float | None = None
    restarted: int = 0
    charged: float = 0.0
    faulted: bool = False
    expired: bool = False
    cancelled: bool = False
    done_at_s: float | None = None
    done_monotonic_s: float | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that was asked for, in order."""
        raise NotImplementedError

    def cost(self, part: Part) -> float:
        """Return what the account pays when a part is delivered."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """The key it was submitted with."""
        return self.shared_key.shared_id if self.shared_key else self.account.key

    def count(self, state: PartState) -> int:
        """Return how many parts are in a state."""
        return sum(part.state is state for part in self.parts)

    @property
    def waiting(self) -> int:
        """Parts that nobody has taken up."""
        return self.count(PartState.WAITING)

    @property
    def processing(self) -> int:
        """Parts in work."""
        return self.count(PartState.PROCESSING)

    @property
    def finished(self) -> int:
        """Parts that exist."""
        return self.count(PartState.DELIVERED)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.faulted or self.expired or (self.waiting == 0 and self.processing == 0)

    @property
    def says_done(self) -> bool:
        """The wire's `done`, which counts failed attempts as finished ones."""
        wanted = len(self.parts) - self.count(PartState.DROPPED)
        return self.faulted or (self.waiting == 0 and self.finished + self.restarted >= wanted)

    @property
    def state(self) -> JobState:
        """How it stands, in one word."""
        if self.expired:
            return JobState.EXPIRED
        if self.faulted:
            return JobState.FAULTED
        if not self.is_over:
            return JobState.RUNNING if self.processing or self.finished else JobState.QUEUED
        return JobState.CANCELLED if self.cancelled else JobState.DONE

    def charge(self, kudos: float) -> None:
        """Make the account pay."""
        self.charged += kudos
        (self.shared_key or self.account).charge(kudos)

    def step(self, at_s: float) -> Part | None:
        """Do what comes next: take up a part, or end an attempt. Return what was delivered."""
        running = next((p for p in self.parts if p.state is PartState.PROCESSING), None)
        delivered = self._end_attempt(running, at_s) if running else None
        if not self.faulted and not self.processing:
            self._take_up(at_s)
        self._note_end(at_s)
        return delivered

    def cancel(self, at_s: float) -> None:
        """Drop what waits; what is in work is finished, charged and announced."""
        if self.is_over:
            return
        self.cancelled = True
        for part in self.parts:
            if part.state is PartState.WAITING:
                part.state = PartState.DROPPED
        self._note_end(at_s)

    def expire(self) -> None:
        """Forget it, as the sweeper does."""
        self.expired = True
        self.next_at_s = None

    def gives_up(self) -> bool:
        """Tell whether the failed attempts are the end of the whole request."""
        return self.restarted >= ATTEMPTS_MAX and self.script.outcome is Outcome.FAULTED

    def _note_end(self, at_s: float) -> None:
        if self.is_over and self.done_at_s is None:
            self.done_at_s, self.done_monotonic_s = at_s, time.monotonic()

    def _take_up(self, at_s: float) -> None:
        part = next((p for p in self.parts if p.state is PartState.WAITING), None)
        if part is None:
            self.next_at_s = None
            return
        part.state = PartState.PROCESSING
        self.next_at_s = at_s + self.script.seconds_per_picture

    def _end_attempt(self, part: Part, at_s: float) -> Part | None:
        self.next_at_s = None
        if part.fails == 0:
            return self._deliver(part, at_s)
        part.fails -= 1
        self.restarted += 1
        part.state = PartState.LOST if part.lost and not part.fails else PartState.WAITING
        self.faulted = self.gives_up()
        return None

    def _deliver(self, part: Part, at_s: float) -> Part:
        part.state = PartState.DELIVERED
        part.delivered_at_s, part.delivered_monotonic_s = at_s, time.monotonic()
        self.charge(self.cost(part))
        return part


def plan(job: Job) -> None:
    """Write the script's outcome into the parts."""
    parts = job.parts
    match job.script.outcome:
        case Outcome.FAULTED:
            parts[0].fails = ATTEMPTS_MAX
        case Outcome.EMPTY:
            for part in parts:
                part.fails, part.lost = 1, True
        case Outcome.PARTIAL:
            parts[-1].fails, parts[-1].lost = 1, True
        case Outcome.RESTARTED:
            parts[0].fails = 1
        case Outcome.CENSORED:
            for part in parts:
                part.censored = True
        case Outcome.PARTLY_CENSORED:
            parts[0].censored = True
        case Outcome.OK | Outcome.NEVER | Outcome.EXPIRED:
            pass
