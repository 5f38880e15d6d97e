"""Algovera Flow API: Stable Diffusion by the picture, from a server of that protocol."""

from bot.providers.algovera.provider import Algovera, open_algovera

__all__ = ["Algovera", "open_algovera"]
