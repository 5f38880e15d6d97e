"""Nebula Block: pictures by the call, from a service of several models."""

from bot.providers.nebula.provider import Nebula, open_nebula

__all__ = ["Nebula", "open_nebula"]
