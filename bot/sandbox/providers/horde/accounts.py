"""Who may ask the sandbox Horde for pictures, and what they own."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sandbox.providers.horde.rules import ANONYMOUS_KEY

ANONYMOUS_CONCURRENCY = 500
CONCURRENCY = 30


@dataclass(slots=True, kw_only=True)
class Account:
    """A registered user, or the anonymous one that everybody shares."""

    key: str = field(repr=False)
    username: str  # "alias#id"
    kudos: float = 0.0
    concurrency: int = CONCURRENCY
    trusted: bool = False
    is_service: bool = False
    received_from: dict[str, float] = field(default_factory=dict)  # by user, the sandbox's clock
    gifted: float = 0.0
    received: float = 0.0
    requests: int = 0
    text_requests: int = 0
    alchemy_requests: int = 0
    tokens: int = 0
    spent: float = 0.0
    megapixelsteps: float = 0.0

    @property
    def user_id(self) -> int:
        """The number behind the alias."""
        return int(self.username.rpartition("#")[2])

    @property
    def is_anonymous(self) -> bool:
        """Whether this is the account of the public key."""
        return self.key == ANONYMOUS_KEY

    def charge(self, kudos: float) -> None:
        """Take kudos; the balance may fall below zero, as the anonymous one does."""
        self.kudos -= kudos
        self.spent += kudos


@dataclass(slots=True, kw_only=True)
class SharedKey:
    """A part of an account's kudos lent to others; its id works as a key for submits."""

    shared_id: str = field(repr=False)
    owner: Account
    name: str
    kudos: float  # left

    def charge(self, kudos: float) -> None:
        """Take kudos from what is lent and from its owner."""
        self.kudos -= kudos
        self.owner.charge(kudos)


class Accounts:
    """All accounts by key; the anonymous one always exists."""

    def __init__(self) -> None:
        self._by_key: dict[str, Account] = {}
        self._shared: dict[str, SharedKey] = {}
        self.add(ANONYMOUS_KEY, username="Anonymous#0", concurrency=ANONYMOUS_CONCURRENCY)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_key.values())

    def add(
        self,
        key: str,
        *,
        username: str,
        kudos: float = 0.0,
        concurrency: int = CONCURRENCY,
        trusted: bool = False,
        is_service: bool = False,
    ) -> Account:
        """Register a user under a key."""
        account = Account(
            key=key,
            username=username,
            kudos=kudos,
            concurrency=concurrency,
            trusted=trusted,
            is_service=is_service,
        )
        self._by_key[key] = account
        return account

    def share(self, key: str, *, shared_id: str, name: str, kudos: float) -> SharedKey:
        """Lend kudos of the key's account under another key."""
        shared = SharedKey(shared_id=shared_id, owner=self._by_key[key], name=name, kudos=kudos)
        self._shared[shared_id] = shared
        return shared

    def by_key(self, key: str) -> Account | None:
        """Return whose key this is; a shared key is its owner's."""
        shared = self._shared.get(key)
        return shared.owner if shared else self._by_key.get(key)

    def shared_key(self, key: str) -> SharedKey | None:
        """Return the loan behind a key, if it is one."""
        return self._shared.get(key)

    def shared_ids(self, account: Account) -> list[str]:
        """Return the ids of the keys that an account has shared."""
        return [shared.shared_id for shared in self._shared.values() if shared.owner is account]

    def by_name(self, username: str) -> Account | SharedKey | None:
        """Return who is meant as the receiver of a gift: "alias#id", or the id of a shared key."""
        if (shared := self._shared.get(username)) is not None:
            return shared
        return next((account for account in self if account.username == username), None)

    def by_id(self, user_id: str) -> Account | None:
        """Return the account with the number behind its alias."""
        return next((account for account in self if str(account.user_id) == user_id), None)
