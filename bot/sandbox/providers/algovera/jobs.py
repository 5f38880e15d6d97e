"""One accepted job and the account that pays for it."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.providers.algovera.scripts import Outcome, Script
from bot.sandbox.providers.pictures import PictureWish


class JobState(StrEnum):
    """How a job stands, in the wire's words."""

    CREATED = "created"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Account:
    """Whose key it is; without a user, the key is known and nobody's."""

    key: str = field(repr=False)
    credits: int
    has_user: bool = True
    is_expired: bool = False


@dataclass(slots=True, kw_only=True)
class Job:
    """An accepted job; `charged` and the counters are the truth to compare a client with."""

    remote_id: str
    account: Account
    payload: dict[str, object]  # as it was sent, without the key
    wish: PictureWish
    script: Script
    charged: int
    ready_at_s: float | None  # None: held, or never
    status_calls: int = 0
    asset_calls: int = 0
    delivered: int = 0  # pictures handed out

    def state(self, now_s: float) -> JobState:
        """Return how it stands, whatever it says."""
        if self.ready_at_s is None or now_s < self.ready_at_s:
            return JobState.CREATED
        return JobState.FAILED if self.script.outcome == Outcome.FAILED else JobState.DONE

    def said(self, now_s: float) -> str:
        """Return what one more status call is told."""
        self.status_calls += 1
        if self.status_calls <= len(self.script.status_texts):
            return self.script.status_texts[self.status_calls - 1]
        return self.state(now_s)
