"""What admins did: one entry per act, kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.jobs import UserId

Fact = str | int | bool | None


class Act(StrEnum):
    """What was done; the value is stored, so it never changes its meaning."""

    EXPORTED = "exported"
    KEY_SET = "key set"
    KEY_FORGOTTEN = "key forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act of an admin in a server; `id` is made by the caller, such as the interaction's id.

    `actor_id` and `subject_id` (whom it was done to) are None where nobody is meant, and where
    somebody was forgotten. `facts` are what may be shown of it, in plain words and figures.
    """

    id: str
    guild_id: int
    actor_id: UserId | None
    act: str
    at: datetime
    subject_id: UserId | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    seq: int = 0
    """Its place in the trail, known once it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """Which part of a server's trail: acts by or on one member, or all; a place to go on from.

    With `before` come the entries just older than that place, with `after` those just newer.
    """

    guild_id: int
    member_id: UserId | None = None
    before: int | None = None
    after: int | None = None
