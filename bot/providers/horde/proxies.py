"""For whom a service account asks: told where the Horde wants to know, and nowhere else.

Everybody else's request is refused when it names somebody (`OnlyServiceAccountProxy`), so the
account is asked what it is, and asked again after a while.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.domain.errors import ProviderError
from bot.providers.base import Inputs
from bot.providers.horde.calls import Calls, is_anonymous

KNOWN_FOR = timedelta(hours=1)
UNKNOWN_FOR = timedelta(minutes=1)


class Proxies:
    """Remember which keys belong to service accounts, by their hash."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[bytes, tuple[bool, datetime]] = {}

    async def told(self, inputs: Inputs, *, key: SecretStr, now: datetime) -> Inputs:
        """Return the inputs with the member's name only where the account may give it."""
        if inputs.on_behalf_of is None or await self._is_service(key, now=now):
            return inputs
        return replace(inputs, on_behalf_of=None)

    def forget(self, key: SecretStr) -> None:
        """Ask again what an account is: it was refused what only a service account may do."""
        self._known.pop(_digest(key), None)

    async def _is_service(self, key: SecretStr, *, now: datetime) -> bool:
        if is_anonymous(key):
            return False
        is_service, until = self._known.get(_digest(key), (False, now))
        if now < until:
            return is_service
        try:
            is_service = (await self._calls.account(key)).service
            until = now + KNOWN_FOR
        except ProviderError:  # the submit itself will tell what is wrong
            is_service, until = False, now + UNKNOWN_FOR
        self._known[_digest(key)] = is_service, until
        return is_service


def _digest(key: SecretStr) -> bytes:
    return hashlib.sha256(key.get_secret_value().encode()).digest()
