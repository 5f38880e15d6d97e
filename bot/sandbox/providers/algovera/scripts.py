"""What shall happen to one job of the sandbox Algovera."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a job ends."""

    DONE = "done"
    FAILED = "failed"
    NEVER = "never"  # stays `created` for ever


class AssetFault(StrEnum):
    """What `getAsset` says instead of a picture that is done."""

    MISSING = "missing"  # 404
    BROKEN = "broken"  # 500
    JSON = "json"  # 200, but not a picture
    EMPTY = "empty"  # 200 and no bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The life of one job, in seconds of the sandbox's clock; plain strings do for the enums."""

    outcome: str = Outcome.DONE
    seconds: float = 2.0  # from the submit to the end; a queue is not told apart
    held: bool = False  # nothing happens until `finish`
    status_texts: tuple[str, ...] = ()  # said by the first status calls instead of the truth
    asset_faults: int = 0  # so many `getAsset` calls fail first
    asset_fault: str = AssetFault.MISSING

    def __post_init__(self) -> None:
        """Let a mistyped name fail here, not in a handler."""
        Outcome(self.outcome)
        AssetFault(self.asset_fault)
