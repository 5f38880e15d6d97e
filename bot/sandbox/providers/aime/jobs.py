"""One accepted request: its next step, when it lapses, and what a client has got of it."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.providers.aime.endpoints import Endpoint
from bot.sandbox.providers.aime.parameters import Values
from bot.sandbox.providers.aime.rules import AimeRules
from bot.sandbox.providers.aime.scripts import Outcome, Script
from bot.sandbox.providers.pictures import PictureWish

SIDE_PX = 1024  # of endpoints that take no size
COUNTS = ("num_samples", "n_samples")
PROMPTS = ("prompt", "text")


class JobState(StrEnum):
    """The wire's states, and that the server no longer knows the job."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    LAPSED = "lapsed"
    FORGOTTEN = "forgotten"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """An accepted request. Reading it is fine; only the queue moves it."""

    remote_id: str
    number: int  # order of acceptance
    endpoint: Endpoint  # as it was when the request came
    process: int  # the one that knows it
    key: str
    values: Values  # effective, conversions and defaults done
    seed: int
    source: bytes | None
    script: Script
    accepted_at_s: float
    state: JobState = JobState.QUEUED
    has_lapsed: bool = False  # still true once it is forgotten
    held: bool = False
    next_at_s: float | None = None  # of the work; None while it waits or is held
    lapses_at_s: float = math.inf
    forgotten_at_s: float = math.inf
    started_at_s: float | None = None
    done_at_s: float | None = None
    done_monotonic_s: float | None = None  # `time.monotonic()`, for measuring
    updates: int = 0  # that the worker has sent
    handed_out_at_s: float | None = None  # the result went into an answer, whoever asked
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked on."""
        return self.state in {JobState.QUEUED, JobState.PROCESSING}

    @property
    def may_start(self) -> bool:
        """Whether a worker would take it up."""
        return not self.held and self.script.outcome is not Outcome.NEVER

    @property
    def ready_at_s(self) -> float:
        """When a worker may take it up at the earliest."""
        return self.accepted_at_s + self.script.queue_s

    @property
    def percent(self) -> int:
        """How much is done, as of the worker's last update."""
        return round(100 * self.updates / (self.script.updates + 1))

    @property
    def claimed_percent(self) -> int:
        """The worker's own figure, which may be less than it was."""
        claims = self.script.percents
        return claims[min(self.updates, len(claims)) - 1] if claims else self.percent

    @property
    def prompt(self) -> str:
        """What is to be drawn."""
        return next((str(self.values[name]) for name in PROMPTS if self.values.get(name)), "")

    @property
    def wishes(self) -> list[PictureWish]:
        """What to draw, one for each picture."""
        count = next((self.values[name] for name in COUNTS if name in self.values), 1)
        assert isinstance(count, int)
        return [
            PictureWish(
                prompt=self.prompt,
                seed=self.seed,
                width=self._side("width"),
                height=self._side("height"),
                index=index,
            )
            for index in range(count)
        ]

    @property
    def wants_previews(self) -> bool:
        """Whether pictures shall come with the progress."""
        return self.values.get("provide_progress_images", "none") not in {"none", "None"}

    def start(self, at_s: float, rules: AimeRules) -> None:
        """Be taken up by a worker."""
        self.state, self.started_at_s = JobState.PROCESSING, at_s
        self.lapses_at_s = at_s + rules.inactivity_s
        if self.script.outcome is not Outcome.STUCK:
            self.next_at_s = at_s + self._pause_s

    def work(self, at_s: float, rules: AimeRules) -> None:
        """Send the next update, or the result."""
        if self.updates < self.script.updates:
            self.updates += 1
            self.next_at_s = at_s + self._pause_s
            self.lapses_at_s = at_s + rules.inactivity_s
        else:
            self._end(JobState.DONE, at_s, rules)

    def lapse(self, at_s: float, rules: AimeRules) -> None:
        """Be given up."""
        self.has_lapsed = True
        self._end(JobState.LAPSED, at_s, rules)

    def forget(self) -> None:
        """Be unknown from now on."""
        self.state, self.next_at_s = JobState.FORGOTTEN, None
        self.over.set()

    def _end(self, state: JobState, at_s: float, rules: AimeRules) -> None:
        self.state, self.next_at_s, self.lapses_at_s = state, None, math.inf
        self.done_at_s, self.done_monotonic_s = at_s, time.monotonic()
        self.forgotten_at_s = at_s + rules.result_lifetime_s
        if self.script.outcome is Outcome.LOST:
            self.forgotten_at_s = at_s
        self.over.set()

    @property
    def _pause_s(self) -> float:
        return self.script.seconds / (self.script.updates + 1)

    def _side(self, name: str) -> int:
        side_px = self.values.get(name, SIDE_PX)
        assert isinstance(side_px, int)
        return side_px
