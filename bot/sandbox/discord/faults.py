"""Faults on demand: for chosen requests, for the gateway's sockets, and for deliveries."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class Cut(StrEnum):
    """Where a connection breaks: before the request counts, after it did, or amid the answer."""

    BEFORE = "before"
    AFTER = "after"
    BODY = "body"


class SocketFault(StrEnum):
    """What may befall the gateway's sockets."""

    CUT = "cut"  # the connection drops without a close frame
    SILENCE = "silence"  # it stays open and nothing comes any more
    PARTIAL = "partial"  # every message comes in two frames
    RECONNECT = "reconnect"  # op 7
    INVALIDATE = "invalidate"  # op 9, not resumable


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFault:
    """What happens to a request: a delay first, then a status (with a code) or a cut.

    `says` is the whole body in place of Discord's own words, as a page unless `headers` tell
    another type: whoever stands in front of Discord may say anything.
    """

    status: int | None = None
    code: int = 0
    says: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: Cut | None = None


@dataclass(slots=True)
class _Armed:
    method: str
    pattern: str
    fault: RequestFault
    left: int


class RequestFaults:
    """Armed faults, oldest first; each fires `times` times."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def arm(self, method: str, pattern: str, fault: RequestFault, *, times: int) -> None:
        """Wait for requests whose method and path match (`*` matches anything, also slashes)."""
        self._armed.append(_Armed(method, pattern, fault, times))

    def next_for(self, method: str, path: str) -> RequestFault | None:
        """Return the fault for this request and count it."""
        for armed in self._armed:
            if armed.method in {method, "*"} and fnmatchcase(path, armed.pattern):
                armed.left -= 1
                if armed.left <= 0:
                    self._armed.remove(armed)
                return armed.fault
        return None

    def clear(self) -> None:
        """Disarm everything."""
        self._armed.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an interaction reaches the bot."""

    copies: int = 1
    delay_s: float = 0.0


NORMAL_DELIVERY = Delivery()


class Deliveries:
    """How the next interactions are delivered; normal once the plan has run out."""

    def __init__(self) -> None:
        self._plan: list[Delivery] = []
        self.under_way: set[asyncio.Task[None]] = set()

    def plan(self, delivery: Delivery, *, times: int) -> None:
        """Deliver the next `times` interactions so."""
        self._plan += [delivery] * times

    def clear(self) -> None:
        """Deliver the coming ones as usual."""
        self._plan.clear()

    def take(self) -> Delivery:
        """Return how to deliver this one."""
        return self._plan.pop(0) if self._plan else NORMAL_DELIVERY
