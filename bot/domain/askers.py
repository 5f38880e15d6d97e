"""Who asks, and where: what rules about people and places look at, read once from an interaction."""

from dataclasses import dataclass

from bot.domain.jobs import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A member at a place; `guild_id` is None in a direct message, where nobody has a role.

    `parent_id` is the channel that a thread hangs on. `may_manage` tells Discord's permission to
    manage the server, as the interaction carries it.
    """

    id: UserId
    guild_id: int | None
    channel_id: int
    parent_channel_id: int | None = None
    """The channel that a thread belongs to."""
    role_ids: frozenset[int] = frozenset()
    is_age_restricted: bool = False
    may_manage: bool = False
