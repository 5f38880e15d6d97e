"""Texts from the Horde's scribes."""

from bot.providers.horde.texts.answers import to_models
from bot.providers.horde.texts.plan import to_plan
from bot.providers.horde.texts.texts import Texts

__all__ = ["Texts", "to_models", "to_plan"]
