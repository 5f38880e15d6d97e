"""A job: one request on its way from accepted to delivered, as values and one table of moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NewType

from bot.domain.credits import NOTHING, AccountId, Microcredits
from bot.domain.keys import KeyKind, KeyOwner
from bot.domain.requests import BlobId, Request

JobId = NewType("JobId", str)
"""Made by the caller (the interaction's id, a hook's idempotency key): decimal digits, at most 20."""
UserId = NewType("UserId", int)


class JobState(StrEnum):
    """Where a job stands; each is written together with the facts that it promises."""

    ACCEPTED = "accepted"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTED = "collected"
    DELIVERED = "delivered"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_ENDS = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})

NEXT: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        # Past submitting where earlier parts were taken or brought results, and no more is asked for.
        JobState.ACCEPTED: frozenset({JobState.SUBMITTING, JobState.RUNNING, JobState.COLLECTED})
        | _ENDS,
        # Back to accepted when the provider refused: nothing arrived there, the intent is withdrawn;
        # or for the next part, where a request is sent in several.
        JobState.SUBMITTING: frozenset({JobState.RUNNING, JobState.ACCEPTED}) | _ENDS,
        JobState.RUNNING: frozenset({JobState.COLLECTED}) | _ENDS,
        JobState.COLLECTED: frozenset({JobState.DELIVERED}) | _ENDS,
        JobState.DELIVERED: frozenset({JobState.DONE}),
        JobState.DONE: frozenset(),
        JobState.FAILED: frozenset(),
        JobState.CANCELLED: frozenset(),
        JobState.EXPIRED: frozenset(),
    }
)
ENDS = _ENDS
"""Ends without delivery: the card still has to be told (`Job.told_at`)."""
WORKING = frozenset({JobState.ACCEPTED, JobState.SUBMITTING, JobState.RUNNING, JobState.COLLECTED})
"""States in which a member is still waiting and a reservation is still open."""


class FailureKind(StrEnum):
    """Whose fault an end was, for figures and for the sentence's tone."""

    INVALID = "invalid"
    CONTENT = "content"
    KEY = "key"
    OVERLOADED = "overloaded"
    BACKEND = "backend"
    TIMEOUT = "timeout"
    LOST = "lost"
    UNDELIVERABLE = "undeliverable"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job ended without its pictures; the sentence is plain text for the member."""

    kind: FailureKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the card lives: an interaction's answer, later reached as a channel message.

    `token` is a secret for 15 minutes and is stored sealed; it is dropped when the job is over.
    `file_bytes_max` is Discord's limit for one file there.
    """

    application_id: int
    channel_id: int
    message_id: int
    guild_id: int | None
    created_at: datetime
    file_bytes_max: int
    token: str | None = field(default=None, repr=False)
    is_ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """The provider's names for a job: everything needed to poll, cancel or collect it.

    `has_callback` tells that it was asked to call back, so that polling may take its time.
    `is_empty`: a place for the request and no more; nothing of it is in work there, or paid for.
    """

    id: str = field(repr=False)  # a capability: whoever knows it may read and cancel
    total: int
    submitted_at: datetime
    seed: int | None = None
    has_callback: bool = False
    is_empty: bool = False
    extras: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The newest honest word on a running job; None means "not known".

    `preview` (PNG, JPEG or WebP) and `text` are what there is of an unfinished result. They are
    shown and not stored: the next look brings newer ones.
    """

    is_queued: bool
    finished: int
    total: int
    place: int | None = None
    percent: float | None = None
    done_at: datetime | None = None
    is_possible: bool = True
    preview: bytes | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)

    @property
    def stored(self) -> "Progress":
        """Return what of it is kept."""
        return replace(self, preview=None, text=None)

    def after(self, before: "Progress | None") -> "Progress":
        """Return this word with its percent no further back than on the one before.

        Providers start a part anew, or leave out what they told a moment ago. A place in a queue
        may go up, and of pictures that were announced fewer may come: both are told as they are.
        """
        if before is None or before.percent is None:
            return self
        return replace(self, percent=max(self.percent or 0.0, before.percent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One stored picture; `item_id` is the provider's name for it, unique within the job."""

    item_id: str
    blob: BlobId
    mime: str
    width: int
    height: int
    size_bytes: int
    seed: str | None = None
    model: str | None = None
    is_flagged: bool = False


class PassageKind(StrEnum):
    """What a result in words is."""

    ANSWER = "answer"
    CAPTION = "caption"
    TAGS = "tags"
    NSFW = "nsfw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One result in words; `item_id` is the provider's name for it, unique within the job.

    Tags come with commas between them; a word on adult content is "yes" or "no".
    """

    item_id: str
    kind: PassageKind
    text: str = field(repr=False)
    model: str | None = None


ALT_CHARS_MAX = 1024  # Discord's limit for the description of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A picture ready to upload: a name of ours, bytes that fit the place, text for the blind."""

    name: str
    data: bytes = field(repr=False)
    alt: str
    is_spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """Words that are too many for a card, ready to upload."""

    name: str
    data: bytes = field(repr=False)
    alt: str


CardFile = PictureFile | TextFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCost:
    """What a job costs whoever's key it runs on, in the provider's own unit; estimated at first."""

    amount: float
    unit: str
    is_estimate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """Who is asked next when the first provider takes nothing, planned and priced beforehand.

    `is_automatic`: without asking the member, who was told when the job was accepted.
    """

    provider: str
    request: Request
    price: Microcredits
    key_kind: KeyKind
    is_automatic: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The whole life of one request; change is a new value (`to`, `evolve`)."""

    id: JobId
    owner_id: UserId
    request: Request
    target: Target
    provider: str
    price: Microcredits
    created_at: datetime
    changed_at: datetime
    state: JobState = JobState.ACCEPTED
    epoch: int = 1
    attempt: int = 0
    key_kind: KeyKind = KeyKind.SERVICE
    payer: AccountId | None = None
    """Whose credits pay; None where it is free, or on a key."""
    balance_before: Microcredits = NOTHING
    charged: Microcredits = NOTHING
    provider_cost: ProviderCost | None = None
    remote: Remote | None = None
    progress: Progress | None = None
    pictures: tuple[Picture, ...] = ()
    passages: tuple[Passage, ...] = ()
    withheld: int = 0
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    parent_id: JobId | None = None
    second: Second | None = None
    cancel_asked_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def came(self) -> int:
        """How many results are there, pictures and passages."""
        return len(self.pictures) + len(self.passages)

    @property
    def has_own_key(self) -> bool:
        """Whether the member's own key pays at the provider, so that no credits are taken."""
        return self.key_kind is KeyKind.MEMBER

    @property
    def key_owner(self) -> KeyOwner | None:
        """Who brought the key that this job runs on; None for the service's own."""
        guild_id = self.target.guild_id
        return KeyOwner.of(self.key_kind, member_id=self.owner_id, guild_id=guild_id)

    @property
    def refunded(self) -> Microcredits:
        """What was reserved and not charged; meaningful once the job is over."""
        return Microcredits(self.price - self.charged)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do for this job."""
        if self.state in ENDS:
            return self.told_at is None
        return self.state is not JobState.DONE

    def evolve(self, **changes: Any) -> "Job":
        """Return a copy with some facts changed, the state untouched."""
        assert "state" not in changes, "use Job.to: a change of state follows the table"
        return replace(self, **changes)

    def to(self, state: JobState, *, at: datetime, **changes: Any) -> "Job":
        """Return the job in its next state, with the facts that come with it."""
        assert state in NEXT[self.state], f"{self.state} may not become {state}"
        return replace(self, state=state, changed_at=at, **changes)
