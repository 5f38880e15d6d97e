"""Every provider by name; written by hand, compared with the folder by a test."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from bot.providers.ai_client import open_ai_client
from bot.providers.aime import open_aime
from bot.providers.algovera import open_algovera
from bot.providers.base import Provider
from bot.providers.config import ProviderConfig
from bot.providers.horde import open_horde
from bot.providers.nebula import open_nebula

Factory = Callable[[ProviderConfig], AbstractAsyncContextManager[Provider]]
"""Opens a provider's connections and closes them with the block."""

FACTORIES: Mapping[str, Factory] = MappingProxyType(
    {
        "ai_client": open_ai_client,
        "aime": open_aime,
        "algovera": open_algovera,
        "horde": open_horde,
        "nebula": open_nebula,
    }
)
