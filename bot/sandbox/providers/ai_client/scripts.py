"""What shall happen to one request in a thread."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the response holds, if one comes."""

    IMAGES = "images"  # a list of images
    OBJECT = "object"  # an object with a list of images in it
    TEXT = "text"  # an object with a role, as chats answer
    EMPTY = "empty"  # an empty list
    NULL = "null"
    ERROR = "error"  # `error` on the response
    REQUEST_ERROR = "request_error"  # `error` on the request, no response
    SILENT = "silent"  # waiting ends, and no response ever comes
    NEVER = "never"  # waits for ever


class Links(StrEnum):
    """Where the links of the pictures lead."""

    STORAGE = "storage"
    ELSEWHERE = "elsewhere"  # a host that is not the service's
    PRIVATE = "private"  # an address in a private network


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The life of one request, in seconds of the sandbox's clock; plain strings do for the enums."""

    outcome: str = Outcome.IMAGES
    seconds: float = 4.0  # until `waiting_response` turns false
    gap_s: float = 0.0  # from then until the response is listed
    held: bool = False  # nothing happens until `finish`
    error_text: str = "The engine failed to answer."
    no_error: str | None = None  # how "no error" is written: None, "None", "", "null"
    images_missing: int = 0  # fewer than were asked for
    has_wrong_sizes: bool = False  # `filesize` and `dimensions` of something else
    has_dates: bool = True  # older answers have no `created_at`
    has_strangers: bool = False  # fields and an entry of a type that nobody knows
    links: str = Links.STORAGE

    def __post_init__(self) -> None:
        """Let a mistyped name fail here, not in a handler."""
        Outcome(self.outcome)
        Links(self.links)

    @property
    def has_images(self) -> bool:
        """Whether pictures come, and credits go."""
        return self.outcome in {Outcome.IMAGES, Outcome.OBJECT}
