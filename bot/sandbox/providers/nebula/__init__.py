"""A Nebula Block on loopback: what its document says, and what is likely beyond it."""

from bot.sandbox.providers.nebula.models import ModelRow
from bot.sandbox.providers.nebula.nebula import SandboxNebula
from bot.sandbox.providers.nebula.rules import NebulaRules

__all__ = ["ModelRow", "NebulaRules", "SandboxNebula"]
