"""One accepted request: its pictures, its next step, and what it looks like from outside.

The steps keep the server's own oddities: a failed attempt counts as finished, so `done` can be
true while a picture is still being drawn, or with no picture at all.
"""

import time
from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.prices import PICTURE_TAX
from bot.sandbox.providers.horde.scripts import Outcome, Script
from bot.sandbox.providers.horde.wish import Wish
from bot.sandbox.providers.pictures import PictureWish

ATTEMPTS_MAX = 3


class PictureState(StrEnum):
    """Where one picture of a request is."""

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
class Picture:
    """One picture of a request."""

    picture_id: str
    index: int
    seed: int
    fails: int = 0  # attempts that will fail before one succeeds
    lost: bool = False  # when they have failed, that was it
    censored: bool = False
    state: PictureState = PictureState.WAITING
    delivered_at_s: float | None = None  # the sandbox's clock
    delivered_monotonic_s: float | None = None  # `time.monotonic()`, for measuring


@dataclass(slots=True, kw_only=True)
class Job:
    """An accepted request. Reading it is fine; only the queue moves it."""

    remote_id: str
    number: int  # order of acceptance
    account: Account
    shared_key: SharedKey | None
    wish: Wish
    payload: dict[str, object]  # as it was sent
    model: str  # the one that draws it
    price: float  # of one picture, without taxes
    script: Script
    possible: bool
    accepted_at_s: float
    expires_at_s: float
    pictures: list[Picture] = field(default_factory=list)
    next_at_s: float | None = None
    restarted: int = 0
    charged: float = 0.0
    faulted: bool = False
    expired: bool = False
    cancelled: bool = False
    done_at_s: float | None = None
    done_monotonic_s: float | None = None

    @property
    def key(self) -> str:
        """The key it was submitted with."""
        return self.shared_key.shared_id if self.shared_key else self.account.key

    def count(self, state: PictureState) -> int:
        """Return how many pictures are in a state."""
        return sum(picture.state is state for picture in self.pictures)

    @property
    def waiting(self) -> int:
        """Pictures that nobody has taken up."""
        return self.count(PictureState.WAITING)

    @property
    def processing(self) -> int:
        """Pictures being drawn."""
        return self.count(PictureState.PROCESSING)

    @property
    def delivered(self) -> list[Picture]:
        """The pictures that exist, in the arbitrary order of their ids, as the status lists them."""
        found = [picture for picture in self.pictures if picture.state is PictureState.DELIVERED]
        return sorted(found, key=lambda picture: picture.picture_id)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.faulted or self.expired or (self.waiting == 0 and self.processing == 0)

    @property
    def says_done(self) -> bool:
        """The wire's `done`, which counts failed attempts as finished ones."""
        wanted = len(self.pictures) - self.count(PictureState.DROPPED)
        finished = len(self.delivered) + self.restarted
        return self.faulted or (self.waiting == 0 and finished >= wanted)

    @property
    def state(self) -> JobState:
        """How it stands, in one word."""
        if self.expired:
            return JobState.EXPIRED
        if self.faulted:
            return JobState.FAULTED
        if not self.is_over:
            return JobState.QUEUED if not (self.processing or self.delivered) else JobState.RUNNING
        return JobState.CANCELLED if self.cancelled else JobState.DONE

    def picture_wish(self, picture: Picture) -> PictureWish:
        """Return what to draw."""
        return PictureWish(
            prompt=self.wish.prompt,
            seed=picture.seed,
            width=self.wish.width,
            height=self.wish.height,
            index=picture.index,
            censored=picture.censored,
        )

    def charge(self, kudos: float) -> None:
        """Make the account pay."""
        self.charged += kudos
        (self.shared_key or self.account).charge(kudos)

    def step(self, at_s: float) -> Picture | None:
        """Do what comes next: take up a picture, or end an attempt. Return what was delivered."""
        running = next((p for p in self.pictures if p.state is PictureState.PROCESSING), None)
        delivered = self._end_attempt(running, at_s) if running else None
        if not self.faulted and not self.processing:
            self._take_up(at_s)
        self._note_end(at_s)
        return delivered

    def cancel(self, at_s: float) -> None:
        """Drop what waits; what is being drawn is finished, charged and announced."""
        if self.is_over:
            return
        self.cancelled = True
        for picture in self.pictures:
            if picture.state is PictureState.WAITING:
                picture.state = PictureState.DROPPED
        self._note_end(at_s)

    def expire(self) -> None:
        """Forget it, as the sweeper does."""
        self.expired = True
        self.next_at_s = None

    def _note_end(self, at_s: float) -> None:
        if self.is_over and self.done_at_s is None:
            self.done_at_s, self.done_monotonic_s = at_s, time.monotonic()

    def _take_up(self, at_s: float) -> None:
        picture = next((p for p in self.pictures if p.state is PictureState.WAITING), None)
        if picture is None:
            self.next_at_s = None
            return
        picture.state = PictureState.PROCESSING
        self.next_at_s = at_s + self.script.seconds_per_picture

    def _end_attempt(self, picture: Picture, at_s: float) -> Picture | None:
        self.next_at_s = None
        if picture.fails == 0:
            return self._deliver(picture, at_s)
        picture.fails -= 1
        self.restarted += 1
        picture.state = (
            PictureState.LOST if picture.lost and not picture.fails else PictureState.WAITING
        )
        self.faulted = self.restarted >= ATTEMPTS_MAX and self.script.outcome is Outcome.FAULTED
        return None

    def _deliver(self, picture: Picture, at_s: float) -> Picture:
        picture.state = PictureState.DELIVERED
        picture.delivered_at_s, picture.delivered_monotonic_s = at_s, time.monotonic()
        self.charge(PICTURE_TAX + (0.0 if picture.censored else self.price))
        return picture


def plan(job: Job) -> None:
    """Write the script's outcome into the pictures."""
    match job.script.outcome:
        case Outcome.FAULTED:
            job.pictures[0].fails = ATTEMPTS_MAX
        case Outcome.EMPTY:
            for picture in job.pictures:
                picture.fails, picture.lost = 1, True
        case Outcome.PARTIAL:
            job.pictures[-1].fails, job.pictures[-1].lost = 1, True
        case Outcome.RESTARTED:
            job.pictures[0].fails = 1
        case Outcome.CENSORED:
            for picture in job.pictures:
                picture.censored = True
        case Outcome.PARTLY_CENSORED:
            job.pictures[0].censored = True
        case Outcome.OK | Outcome.NEVER | Outcome.EXPIRED:
            pass
