"""What shall happen to submitted requests: nothing is left to chance."""

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypedDict, Unpack


class Outcome(StrEnum):
    """How a request ends."""

    OK = "ok"
    FAULTED = "faulted"  # three failed attempts: `faulted` with `done:true` and a waiting picture
    EMPTY = "empty"  # `done:true`, nobody faulted, no generations
    PARTIAL = "partial"  # the last picture is missing
    RESTARTED = "restarted"  # the first attempt fails; `done` may be true while one is still drawn
    CENSORED = "censored"
    PARTLY_CENSORED = "partly_censored"  # only the first picture
    NEVER = "never"  # nobody can serve it: waits until it expires
    EXPIRED = "expired"  # gone (404) once its queue time is over


class Webhooks(StrEnum):
    """How faithfully the pictures of a request are announced."""

    NORMAL = "normal"
    NEVER = "never"
    TWICE = "twice"
    STRAY = "stray"  # one more, for a generation that never appears in the status
    EARLY = "early"  # everything is drawn and announced before the submit is answered
    REVERSED = "reversed"  # all at the end, last picture first


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The life of one request, in seconds of the sandbox's clock."""

    outcome: Outcome = Outcome.OK
    queue_s: float = 1.0
    seconds_per_picture: float = 2.0
    held: bool = False  # nothing happens until `step`, `release` or `finish`
    webhooks: Webhooks = Webhooks.NORMAL
    webhook_delay_s: float = 0.0
    warnings: tuple[str, ...] = ()  # codes in the answer to the submit
    metadata: tuple[tuple[str, str], ...] = ()  # (type, value) notes on each picture or text
    text: str = ""  # what is written, or said of a picture; "" has the sandbox make something up
    is_nsfw: bool = False  # what alchemy says of a picture


class Wishes(TypedDict, total=False):
    """What `next` and `default` take; see `Script`."""

    outcome: str
    queue_s: float
    seconds_per_picture: float
    held: bool
    webhooks: str
    webhook_delay_s: float
    warnings: tuple[str, ...]
    metadata: tuple[tuple[str, str], ...]
    text: str
    is_nsfw: bool


class Scripts:
    """The scripts of the coming requests, and the one for all others."""

    def __init__(self) -> None:
        self._default = Script()
        self._next: deque[Script] = deque()

    def default(self, **wishes: Unpack[Wishes]) -> None:
        """Change what happens to requests without a script of their own."""
        self._default = _changed(self._default, wishes)

    def next(self, **wishes: Unpack[Wishes]) -> None:
        """Script the next request that has none yet; call it again for the one after."""
        self._next.append(_changed(self._default, wishes))

    def take(self) -> Script:
        """Return the script of a request that has just been accepted."""
        return self._next.popleft() if self._next else self._default


def _changed(script: Script, wishes: Wishes) -> Script:
    script = replace(script, **wishes)  # type: ignore[arg-type]  # plain strings become members below
    return replace(script, outcome=Outcome(script.outcome), webhooks=Webhooks(script.webhooks))
