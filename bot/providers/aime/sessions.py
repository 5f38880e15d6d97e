"""How a key is shown to the server: with every call, or once for a session that stands for it.

Sessions live in the memory of one server process: a restart loses them, and the server answers 401
to whoever comes with an old one (server 0.9.6). Then a new one is opened, once per call.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from pydantic import SecretStr

SESSIONS_MAX = 256  # keys with an open session; the rest log in again when they come

LogIn = Callable[[str, SecretStr], Awaitable[SecretStr]]
"""Opens a session for a key, at an endpoint by its name."""


class Credentials(Protocol):
    """What a call shows of a key."""

    async def of(self, key: SecretStr, *, endpoint: str) -> dict[str, str]:
        """Return the fields that prove a key."""
        ...

    def at_hand(self, key: SecretStr) -> dict[str, str]:
        """Return what to show where hardly any server looks: nothing that has to be fetched."""
        ...

    def secrets(self, key: SecretStr) -> tuple[SecretStr, ...]:
        """Return everything that must not be repeated of an answer."""
        ...

    def forget(self, key: SecretStr, shown: dict[str, str]) -> bool:
        """Drop what was refused; True when it is worth another try."""
        ...


class KeyEachTime:
    """The key goes along with every call: nothing to lose, nothing to renew."""

    async def of(self, key: SecretStr, *, endpoint: str) -> dict[str, str]:
        """Return the key itself."""
        return {"key": key.get_secret_value()}

    def at_hand(self, key: SecretStr) -> dict[str, str]:
        """Show nothing: whoever shows a key gains nothing by it."""
        return {}

    def secrets(self, key: SecretStr) -> tuple[SecretStr, ...]:
        """Return the key."""
        return (key,)

    def forget(self, key: SecretStr, shown: dict[str, str]) -> bool:
        """Know nothing to try again: a key that was refused is refused."""
        return False


class Sessions:
    """One session for each key, opened when it is needed first; sessions are bound to no endpoint."""

    _FIELD = "client_session_auth_key"

    def __init__(self, log_in: LogIn) -> None:
        self._log_in = log_in
        self._opened: OrderedDict[SecretStr, SecretStr] = OrderedDict()
        self._opening = asyncio.Lock()  # ten jobs at once log in once

    async def of(self, key: SecretStr, *, endpoint: str) -> dict[str, str]:
        """Return the session of a key; opens one where there is none."""
        async with self._opening:
            session = self._opened.get(key)
            if session is None:
                session = self._opened[key] = await self._log_in(endpoint, key)
                if len(self._opened) > SESSIONS_MAX:
                    self._opened.popitem(last=False)
        return self._shown(session)

    def at_hand(self, key: SecretStr) -> dict[str, str]:
        """Return the session of a key, if there is one; the older document asks for it."""
        session = self._opened.get(key)
        return {} if session is None else self._shown(session)

    def secrets(self, key: SecretStr) -> tuple[SecretStr, ...]:
        """Return the key and its session."""
        session = self._opened.get(key)
        return (key,) if session is None else (key, session)

    def forget(self, key: SecretStr, shown: dict[str, str]) -> bool:
        """Drop a session that the server does not know; not one that was opened since."""
        if self.at_hand(key) == shown:
            self._opened.pop(key, None)
        return True

    def _shown(self, session: SecretStr) -> dict[str, str]:
        return {self._FIELD: session.get_secret_value()}
