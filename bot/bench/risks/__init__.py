"""What may befall each provider in a chaos run: one value for each."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.bench.risks.ai_client import AI_CLIENT
from bot.bench.risks.aime import AIME
from bot.bench.risks.algovera import ALGOVERA
from bot.bench.risks.base import Risks
from bot.bench.risks.horde import HORDE
from bot.bench.risks.nebula import NEBULA

RISKS: Mapping[str, Risks] = MappingProxyType(
    {risks.name: risks for risks in (HORDE, AIME, ALGOVERA, AI_CLIENT, NEBULA)}
)
"""By the names that the service uses, in the order in which it asks where nobody is named."""
