"""Who was forgotten is known by a mark alone: a number below zero, made of their id with a secret.

It names nobody. Whoever comes back leads to it again, and so do their bans and what they used.
"""

import hmac

from bot.domain.jobs import UserId

MARK_BYTES = 8


def mark_of(owner_id: UserId, *, key: bytes) -> int:
    """Return a member's mark: 63 bits, below zero."""
    digest = hmac.digest(key, str(owner_id).encode(), "sha256")
    return -1 - (int.from_bytes(digest[:MARK_BYTES]) >> 1)
