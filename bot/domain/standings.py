"""How a provider stands, as a member finds it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.capabilities import Ability, Capability
from bot.domain.credits import Microcredits
from bot.domain.keys import KeyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStanding:
    """One provider as a member finds it now; `wait_s` is for the model that draws by default.

    `why_not` says what keeps it from taking anything now; empty when nothing does.
    """

    title: str
    why_not: str
    capability: Capability
    key_kind: KeyKind
    models: int
    prices: Mapping[Ability, Microcredits]
    wait_s: float | None
