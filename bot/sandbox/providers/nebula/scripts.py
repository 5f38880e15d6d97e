"""What shall happen to one request for pictures at the sandbox Nebula Block."""

from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.providers.nebula.refusals import CODES


class Outcome(StrEnum):
    """What the call is answered with, once its time is over."""

    DONE = "done"
    FAILED = "failed"  # 200, and `status` says otherwise
    EMPTY = "empty"  # 200 and `success`, without any picture
    MISSING = "missing"  # an entry without `b64_json`
    BROKEN = "broken"  # no base64
    NO_PICTURE = "no_picture"  # base64 of something else
    REFUSED = "refused"  # an error answer with `code`


class Coding(StrEnum):
    """How the pictures are written."""

    PLAIN = "plain"
    DATA_URI = "data_uri"
    UNPADDED = "unpadded"
    WRAPPED = "wrapped"  # lines of 76 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The life of one call, in seconds of the sandbox's clock; plain strings do for the enums."""

    outcome: str = Outcome.DONE
    seconds: float = 3.0  # the call lasts so long
    held: bool = False  # or until `finish`
    pictures: int = 1  # entries of the answer
    shuffled: bool = False  # entries not in the order of their indexes
    coding: str = Coding.PLAIN
    bytes_each: int = 0  # padded to this size, whatever was drawn
    code: str = "internal_error"  # of a refusal
    message: str = ""  # instead of the usual one

    def __post_init__(self) -> None:
        """Let a mistyped name fail here, not in a handler."""
        Outcome(self.outcome)
        Coding(self.coding)
        assert self.code in CODES, self.code
