"""What the Horde's alchemists say of a picture, and make of it."""

from bot.providers.horde.alchemy.alchemy import Alchemy
from bot.providers.horde.alchemy.forms import MODELS, to_plan

__all__ = ["MODELS", "Alchemy", "to_plan"]
