"""Times that the service grants the real providers, cut down to the speed of the small ones.

Nobody can set these: they say how long a service outside takes to show a submit, to finish, to be
called slow, and how often it may be asked where it does not tell.
"""

from types import ModuleType

from bot import provider_setup
from bot.jobs import running
from bot.providers.ai_client import provider as ai_client
from bot.providers.algovera import provider as algovera
from bot.providers.horde import provider as horde

LASTING: tuple[tuple[ModuleType, str], ...] = (
    (horde, "FIND_LAG_S"),
    (ai_client, "FIND_LAG_S"),
    (ai_client, "PATIENCE_S"),
    (ai_client, "POLL_GAP_MAX_S"),
    (algovera, "PATIENCE_S"),
    (algovera, "POLL_GAP_MAX_S"),
    (running, "STALLED_MAX"),
)
FREQUENT: tuple[tuple[ModuleType, str], ...] = (
    (provider_setup, "QUIET_SUBMITS_PER_S"),
    (provider_setup, "QUIET_SUBMITS_PER_MIN"),
)


def hurry(speed: float) -> None:
    """Let this process expect everything so many times sooner, and ask so many times as often."""
    for module, name in LASTING:
        setattr(module, name, getattr(module, name) / speed)
    for module, name in FREQUENT:
        setattr(module, name, round(getattr(module, name) * speed))
