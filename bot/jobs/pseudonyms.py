"""What a provider calls a member whom an account of the operator's asks for: a name that says nothing.

A service account may tell for whom it asks, so that the provider can tell members apart. The name
is the same for one member at one provider, and only the house can tell whose it is. A new master key
gives everybody a new one.
"""

import hmac

from bot.domain.jobs import UserId

KEY_LABEL = "pseudonyms"
NAME_BYTES = 16


class Pseudonyms:
    """Make names from a key that nobody else has."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, owner_id: UserId, *, provider: str) -> str:
        """Return a member's name at a provider: 32 hexadecimal digits."""
        told = f"{provider}\0{owner_id}".encode()
        return hmac.digest(self._key, told, "sha256")[:NAME_BYTES].hex()
