"""An AIME API server on loopback, to the letter of what was observed of the real one."""

from bot.sandbox.providers.aime.aime import SandboxAime
from bot.sandbox.providers.aime.endpoints import Endpoint, Kind
from bot.sandbox.providers.aime.rules import AimeRules

__all__ = ["AimeRules", "Endpoint", "Kind", "SandboxAime"]
