"""An Algovera Flow API on loopback: what its document says, and what is likely beyond it."""

from bot.sandbox.providers.algovera.algovera import SandboxAlgovera
from bot.sandbox.providers.algovera.rules import AlgoveraRules

__all__ = ["AlgoveraRules", "SandboxAlgovera"]
