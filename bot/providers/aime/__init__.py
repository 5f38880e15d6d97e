"""AIME API server: pictures and chat from an operator's own machines."""

from bot.providers.aime.provider import Aime, open_aime

__all__ = ["Aime", "open_aime"]
