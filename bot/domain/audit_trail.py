"""What admins did: one entry per act, kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.domain.jobs import UserId

Fact = str | int | bool | None
NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


class Act(StrEnum):
    """What was done; the value is stored, so it never changes its meaning."""

    EXPORTED = "exported"
    GRANTED = "granted"
    REVOKED = "revoked"
    FUNDED = "funded"
    BUDGET_SET = "budget set"
    BUDGET_REMOVED = "budget removed"
    PAYER_SET = "payer set"
    KEY_SET = "key set"
    KEY_FORGOTTEN = "key forgotten"
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNLISTED = "unlisted"
    RULED = "ruled"
    BANNED = "banned"
    UNBANNED = "unbanned"
    PAUSED = "paused"
    RESUMED = "resumed"
    REPORT_HANDLED = "report handled"


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
class Deed:
    """What an admin is about to do: who, in which server, and by which interaction.

    `id` is the interaction's, so that a deed that is noted already was done, and is not repeated.
    """

    id: str
    by: UserId
    guild_id: int

    def entry(
        self,
        act: Act,
        *,
        at: datetime,
        facts: Mapping[str, Fact] = NO_FACTS,
        subject_id: UserId | None = None,
    ) -> AuditEntry:
        """Return it as the trail keeps it."""
        return AuditEntry(
            id=self.id,
            guild_id=self.guild_id,
            actor_id=self.by,
            act=act,
            subject_id=subject_id,
            facts=facts,
            at=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """Which part of a server's trail: acts by or on one member, or all; a place to go on from.

    With `before` come the entries just older than that place, with `after` those just newer.
    """

    guild_id: int
    member_id: UserId | None = None
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some entries, the newest first, and whether there are more on either side."""

    view: AuditView
    entries: tuple[AuditEntry, ...]
    has_older: bool
    has_newer: bool
