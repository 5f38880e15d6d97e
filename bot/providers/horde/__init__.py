"""AI Horde: pictures from volunteers' machines, with the operator's key, a member's, or none."""

from bot.providers.horde.provider import Horde, open_horde

__all__ = ["Horde", "open_horde"]
