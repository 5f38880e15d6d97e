"""What shall happen to one request of the sandbox AIME server."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a request ends."""

    OK = "ok"
    ERROR = "error"  # done, with nothing but `job_result.error`
    ERROR_AND_PICTURE = "error_and_picture"  # the same beside a picture that means nothing
    EMPTY = "empty"  # done, with an empty list of pictures or an empty text
    NEVER = "never"  # no worker takes it up: lapses in the queue
    STUCK = "stuck"  # taken up and never heard of again: lapses by inactivity
    LOST = "lost"  # unknown from one moment to the next, as after a restart


class Dress(StrEnum):
    """How pictures are written into results."""

    NORMAL = "normal"  # a data URI with the subtype in upper case
    WRONG_MIME = "wrong_mime"  # the label says PNG, the bytes are JPEG
    BARE = "bare"  # base64 without a prefix
    BROKEN = "broken"  # base64 that cannot be decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The life of one request, in seconds of the sandbox's clock."""

    outcome: Outcome = Outcome.OK
    queue_s: float = 0.0  # waits at least so long, even for an idle worker
    seconds: float = 3.0  # of work
    updates: int = 4  # sent by the worker while it works
    held: bool = False  # nothing happens until `step`, `release` or `finish`
    error: str = "sandbox worker: out of memory"
    text: str = ""  # of a chat; empty: the worker repeats what it was told
    dress: Dress = Dress.NORMAL
    preview_bytes_extra: int = 0  # blanks behind each preview, to make it huge
    preview_dress: Dress = Dress.NORMAL
    percents: tuple[int, ...] = ()  # what the worker claims with each update; empty: what is true

    def __post_init__(self) -> None:
        """Take plain strings for the enums; a mistyped one fails here, not in a handler."""
        object.__setattr__(self, "outcome", Outcome(self.outcome))
        object.__setattr__(self, "dress", Dress(self.dress))
        object.__setattr__(self, "preview_dress", Dress(self.preview_dress))
