"""Threads and what was asked in them; a response tells nobody which request it belongs to."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.providers.ai_client.form import Wish
from bot.sandbox.providers.ai_client.scripts import Outcome, Script
from bot.sandbox.providers.pictures import PictureWish


@dataclass(slots=True, kw_only=True)
class Account:
    """Whose token it is."""

    key: str = field(repr=False)
    credits: int
    is_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture of a response, and its thumbnail."""

    name: str  # a uuid
    full: PictureWish
    thumbnail: PictureWish


@dataclass(slots=True, kw_only=True)
class Request:
    """One request entry and the response that it gets."""

    guid: str
    response_guid: str
    wish: Wish
    script: Script
    images: tuple[Image, ...]
    credits: int  # charged for the response
    asked_at: datetime
    ready_at_s: float | None  # None: held, or never

    def is_waiting(self, now_s: float) -> bool:
        """Whether `waiting_response` is true."""
        return self.ready_at_s is None or now_s < self.ready_at_s

    def response_at_s(self, now_s: float) -> float | None:
        """Return since when the response is listed; None while, or because, there is none."""
        if self.script.outcome in {Outcome.REQUEST_ERROR, Outcome.SILENT}:
            return None
        if self.ready_at_s is None or now_s < self.ready_at_s + self.script.gap_s:
            return None
        return self.ready_at_s + self.script.gap_s


@dataclass(slots=True, kw_only=True)
class Thread:
    """One conversation; `requests` is the truth to compare a client with."""

    guid: str
    account: Account
    created_at: datetime
    requests: list[Request] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    _by_guid: dict[str, Thread] = field(default_factory=dict)

    @property
    def threads(self) -> tuple[Thread, ...]:
        """Every thread, in the order of creation."""
        return tuple(self._by_guid.values())

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that was taken, thread by thread."""
        return tuple(request for thread in self.threads for request in thread.requests)

    @property
    def charged(self) -> int:
        """Credits taken for all responses."""
        return sum(request.credits for request in self.requests)

    def add(self, thread: Thread) -> None:
        """Note a thread."""
        self._by_guid[thread.guid] = thread

    def thread(self, guid: str) -> Thread:
        """Return a thread by its guid; KeyError if there never was one."""
        return self._by_guid[guid]
