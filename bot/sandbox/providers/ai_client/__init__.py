"""An ai-client.com on loopback: threads, entries, and pictures on a host of their own."""

from bot.sandbox.providers.ai_client.ai_client import SandboxAiClient
from bot.sandbox.providers.ai_client.rules import AiClientRules

__all__ = ["AiClientRules", "SandboxAiClient"]
