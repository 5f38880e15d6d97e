"""Whose key for a provider pays for a job: the operator's, the member's own, or the server's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

KEY_CHARS_MIN, KEY_CHARS_MAX = 4, 512


class KeyKind(StrEnum):
    """Whose key a job runs on."""

    SERVICE = "service"
    MEMBER = "member"
    SERVER = "server"


ON_KEY: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.SERVICE: "",
        KeyKind.MEMBER: "on your own key",
        KeyKind.SERVER: "on the server's key",
    }
)
"""How a job's key is told to its member; nothing is said of the service's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    """Who brought a key: a member or a server, by Discord's id.

    The kind counts as much as the id, which two kinds might share.
    """

    kind: KeyKind
    id: int

    def __post_init__(self) -> None:
        assert self.kind is not KeyKind.SERVICE, "the service's keys are settings"

    @classmethod
    def member(cls, user_id: int) -> "KeyOwner":
        """Return a member as the owner of their own key."""
        return cls(kind=KeyKind.MEMBER, id=user_id)

    @classmethod
    def server(cls, guild_id: int) -> "KeyOwner":
        """Return a server as the owner of a key that its admins lend to members."""
        return cls(kind=KeyKind.SERVER, id=guild_id)

    @classmethod
    def of(cls, kind: KeyKind, *, member_id: int, guild_id: int | None) -> "KeyOwner | None":
        """Return who brought the key that pays for a member's job; None for the service's own."""
        match kind:
            case KeyKind.SERVICE:
                return None
            case KeyKind.MEMBER:
                return cls.member(member_id)
            case KeyKind.SERVER:
                assert guild_id is not None, "a server's key is lent in that server"
                return cls.server(guild_id)


Payer = KeyOwner | None
"""Whose key pays; None for the service's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who a key belongs to at the provider, and what is left on it in the provider's own unit."""

    name: str
    balance: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """What may be shown of a key."""

    provider: str
    title: str
    last4: str
    holder: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTest:
    """What a provider says of a stored key now."""

    key: KeyInfo
    holder: Holder
