"""What a request would become and cost."""

from dataclasses import dataclass

from bot.domain.askers import Asker
from bot.domain.credits import AccountId, Microcredits
from bot.domain.jobs import Second
from bot.domain.keys import KeyKind
from bot.domain.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a request would become and cost, before anything is held or sent."""

    request: Request
    asker: Asker
    provider: str
    provider_title: str
    price: Microcredits
    key_kind: KeyKind
    payer: AccountId | None
    available: Microcredits | None
    is_price_open: bool = False
    """Whether the provider is asked for its price, so that `price` is not to be told yet."""
    notes: tuple[str, ...] = ()
    second: Second | None = None
