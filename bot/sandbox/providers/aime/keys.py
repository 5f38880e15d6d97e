"""Who may use which endpoints: keys, and the sessions that a login makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

NOT_VALID = "Key not valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A key, and the endpoints it opens; None opens all of them."""

    key: str
    endpoints: tuple[str, ...] | None = None

    def opens(self, endpoint: str) -> bool:
        """Tell whether the key may be used there."""
        return self.endpoints is None or endpoint in self.endpoints


class Keys:
    """The keys, which outlive a restart, and the sessions, which do not."""

    def __init__(self) -> None:
        self._by_key: dict[str, Access] = {}
        self._by_session: dict[tuple[int, str], Access] = {}

    def add(self, key: str, *, endpoints: Sequence[str] | None = None) -> None:
        """Let a key in."""
        opened = None if endpoints is None else tuple(endpoints)
        self._by_key[key] = Access(key=key, endpoints=opened)

    def revoke(self, key: str) -> None:
        """Take a key back; its sessions go on, as they do at the real server."""
        del self._by_key[key]

    def by_key(self, key: object) -> Access | None:
        """Return what a key opens; None for one that is not known."""
        return self._by_key.get(str(key))

    def by_session(self, session: object, *, process: int) -> Access | None:
        """Return what a session opens; None for one that this process did not begin."""
        return self._by_session.get((process, str(session)))

    def log_in(self, access: Access, *, session: str, process: int) -> None:
        """Begin a session, which never ends by itself."""
        self._by_session[process, session] = access

    def forget_sessions(self) -> None:
        """Lose the sessions, as a restart does."""
        self._by_session.clear()
