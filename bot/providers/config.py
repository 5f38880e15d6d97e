"""What a provider is told at start-up: values, so that no adapter ever reads settings."""

from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one HTTP call may take; `read_s` is the longest silence between two bytes."""

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where a provider is, how this bot names itself there, and how fast it may ask.

    `download_hosts` are host names; a leading `*.` stands for every host below.
    `has_house_account` tells that jobs without a member's key run on an account of the operator,
    not on the provider's anonymous access. `has_sessions`: log in and show the session, where a
    service takes either that or the key with every call.
    `list_key` reads lists that need a key and are the same for everybody. `submit_timeouts` are those
    of a service that draws while it is asked. `models` are those of a service that lists none, the
    usual one first. `may_ask_by_query` lets fields stand in a query, for the logs on the way to see,
    where something drops the body of a GET. `repaints_black` tells that black parts of a mask are
    drawn anew there, not white ones.
    """

    url: str
    client_name: str
    download_hosts: tuple[str, ...]
    submits_per_s: float
    submits_per_min: int
    poll_gap_s: float
    allow_private_hosts: bool = False
    has_house_account: bool = False
    has_sessions: bool = False
    list_key: SecretStr | None = None
    models: tuple[str, ...] = ()
    may_ask_by_query: bool = False
    repaints_black: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    submit_timeouts: Timeouts | None = None
