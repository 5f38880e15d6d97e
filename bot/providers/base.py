"""What a generator must be able to say: the interface, its values, and nothing of any provider.

A provider never sleeps, retries, stores or knows Discord; the key is an argument of every call.
Errors are those of `bot.domain.errors`: `UserError`, `Transient`, `Permanent`, `Ambiguous`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from bot.domain.capabilities import Capability
from bot.domain.jobs import PassageKind, Remote
from bot.domain.keys import Holder
from bot.domain.requests import Request
from bot.domain.styles import Style


class Makes(StrEnum):
    """What a backend model makes."""

    PICTURES = "pictures"
    TEXTS = "texts"
    LARGER = "larger pictures"
    FACES = "mended faces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A backend model as the provider describes it now."""

    name: str
    makes: Makes = Makes.PICTURES
    workers: int | None = None
    queued: int | None = None
    eta_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast a provider may be called; shared by all jobs of the process.

    `collect_gap_s` is the least time between two `collect` calls for one job while it runs.
    `by_key`: a limit is one key's affair; otherwise it holds for this address, whoever asks.
    `looks_by_job`: being asked too often about one job says nothing about others.
    `poll_gap_max_s`: looks may become rarer up to this as a job grows older, where it tells no time
    left. `patience_s`: nothing comes any more of a job that runs for longer; None where none is known.
    """

    submits_per_s: float
    submits_per_min: int
    poll_gap_s: float
    collect_gap_s: float
    by_key: bool = False
    looks_by_job: bool = False
    poll_gap_max_s: float = 0.0
    patience_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The request as it will be sent, every open choice made, and what the member is told of it.

    Where a seed is taken and none was asked for, the caller draws one and plans again.
    """

    request: Request
    notes: tuple[str, ...] = ()
    takes_seed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What goes along with a request: the bytes that it names, and where to call back.

    The bytes are PNG, JPEG or WebP, already verified; the address is a secret. `so_far` is what
    earlier calls for the same job were given, where a provider takes it in parts. `on_behalf_of`
    names the member to a provider that wants to know, without telling who it is.
    """

    source: bytes | None = field(default=None, repr=False)
    mask: bytes | None = field(default=None, repr=False)
    callback_url: str | None = field(default=None, repr=False)
    on_behalf_of: str | None = field(default=None, repr=False)
    so_far: Remote | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the work; notes are its warnings, in words for the member.

    Not complete: this part was taken and stored in `remote`, and another call has to follow (one
    picture per call, a thread before its entry). `finished` is there when the call itself brought
    the result.
    """

    remote: Remote
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    finished: "Finished | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One result at the provider: a link to fetch, the bytes themselves, or words.

    A withheld item was filtered by the provider and carries nothing to post; a flagged one is
    posted behind a cover. `size_px` is what the provider says of a picture.
    """

    id: str
    url: str | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    kind: PassageKind = PassageKind.ANSWER  # of words; a picture needs none
    seed: str | None = None
    model: str | None = None
    size_px: tuple[int, int] | None = None
    is_withheld: bool = False
    is_flagged: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """Still at it; `finished` results could be collected already.

    `items` are those results where the answer listed them; None where it only counted. `preview`
    is the newest picture of unfinished work, PNG, JPEG or WebP by its first bytes; `text` is what
    was said so far, from its beginning. `has_stopped`: the provider says that it is over, and shows
    nothing; that is about to come, or never will.
    """

    is_queued: bool
    finished: int
    total: int
    place: int | None = None
    eta_s: float | None = None
    percent: float | None = None
    is_possible: bool = True
    has_stopped: bool = False
    items: tuple[Item, ...] | None = None
    preview: bytes | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Nothing more will come; `items` may be fewer than asked, or none."""

    items: tuple[Item, ...]
    cost: float | None = None  # in the provider's own unit
    notes: tuple[str, ...] = ()


class Ending(StrEnum):
    """How a remote job ended without an answer."""

    EXPIRED = "expired"
    FAILED = "failed"
    REFUSED = "refused"  # for its content
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The remote job is over and has nothing; the reason is plain text for the member."""

    how: Ending
    reason: str


Observation = Working | Finished | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A call that a provider made to us, as it came; whoever signs its calls needs the headers."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackNews:
    """What a callback claims: this item of this remote job is there. A hint, never the truth.

    `extras` are those of the remote, as far as a callback tells them.
    """

    provider: str
    remote_id: str = field(repr=False)
    item: Item
    extras: Mapping[str, str] = field(default_factory=dict, repr=False)


class Once(Protocol):
    """Where one job's answers are kept that its provider gives once only.

    An answer is kept as it came, before anything is made of it, and read from here ever after.
    """

    async def names(self) -> Collection[str]:
        """Name the answers there have been. Asked before a call whose answer may be one of them."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return one of them; None when its bytes are gone."""
        ...

    async def keep(self, name: str, answer: bytes) -> None:
        """Return once an answer is durable."""
        ...


class Unkept:
    """Stands for `Once` where nothing is at stake."""

    async def names(self) -> Collection[str]:
        """Name none."""
        return ()

    async def get(self, name: str) -> bytes | None:
        """Return nothing."""
        return None

    async def keep(self, name: str, answer: bytes) -> None:
        """Keep nothing."""


UNKEPT = Unkept()


class Provider(Protocol):
    """A generator service; one object serves every member."""

    name: str  # the registry's key, e.g. "horde"
    title: str  # for members, e.g. "AI Horde"
    unit: str  # of costs and balances, e.g. "kudos"
    limits: Limits
    calls_back: bool  # whether `submit` passes `Inputs.callback_url` on
    draws_in_call: bool  # whether a submit lasts until its result is there: never sent twice
    repaints_black: bool  # whether the mask in `Inputs` marks what to draw anew in black

    def capability(self, model: str | None = None) -> Capability:
        """Tell what can be done with one model, or with one or another of them; from memory."""
        ...

    def plan(self, request: Request, *, models: Sequence[Model], has_own_key: bool) -> Plan:
        """Make every open choice; raise `InvalidRequest` for what this provider cannot do. Pure."""
        ...

    async def submit(
        self, request: Request, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request, or its next part, once.

        Raises `Ambiguous` when it may have arrived without an answer.
        """
        ...

    async def poll(
        self,
        remote: Remote,
        *,
        key: SecretStr,
        expects_end: bool = False,
        once: Once = UNKEPT,
    ) -> Observation:
        """Ask how far it is; `Finished` carries the items.

        `expects_end` spares the question whether there is anything where that is a call of its own.
        `once` is for a service that hands a result out once.
        """
        ...

    def read_callback(self, callback: Callback) -> CallbackNews | None:
        """Read a call made to `Inputs.callback_url`; None for what is no news, or not genuine."""
        ...

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the items that are there already, while others are still in work."""
        ...

    async def fetch(self, item: Item) -> bytes:
        """Return an item's bytes, capped, from an allowed host only."""
        ...

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Ask the provider to stop; harmless when it is over already."""
        ...

    async def find(
        self,
        request: Request,
        *,
        key: SecretStr,
        known: Collection[str],
        now: datetime,
        so_far: Remote | None = None,
    ) -> Remote | None:
        """Look for a submit that may have arrived; `known` are remote ids of other jobs.

        `so_far` is what earlier parts of the same job were given. Whatever is returned is gone on
        with, although it may be fewer parts than were asked for.
        """
        ...

    def find_lag_s(self, request: Request, *, key: SecretStr) -> float:
        """Tell how long after a submit `find` may still miss it; 0 where it never finds any."""
        ...

    async def models(self) -> tuple[Model, ...]:
        """List what can be asked for now; empty while the provider does not know yet."""
        ...

    async def styles(self, *, page: int) -> tuple[Style, ...]:
        """List what requests may name as their style, the most used first; empty past the end.

        Pages count from 1.
        """
        ...

    async def style(self, name: str) -> Style | None:
        """Look one up by its name, also one that no page lists."""
        ...

    async def estimate(self, request: Request, *, key: SecretStr, inputs: Inputs) -> float:
        """Return what the provider would charge, in its own unit, without running anything."""
        ...

    async def holder(self, key: SecretStr) -> Holder:
        """Tell whose key it is; `KeyRejected` when the provider does not know it."""
        ...
