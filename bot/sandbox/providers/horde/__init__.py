"""An AI Horde on loopback, to the letter of what was observed of the real one."""

from bot.sandbox.providers.horde.horde import SandboxHorde
from bot.sandbox.providers.horde.rules import Baseline, HordeRules, Model

__all__ = ["Baseline", "HordeRules", "Model", "SandboxHorde"]
