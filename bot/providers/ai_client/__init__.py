"""AI Client (ai-client.com): pictures by threads, one request in each."""

from bot.providers.ai_client.provider import AiClient, open_ai_client

__all__ = ["AiClient", "open_ai_client"]
