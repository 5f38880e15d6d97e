"""How the service hears of finished pictures: by looking, or by being called."""

from enum import StrEnum

from bot.bench.free_ports import LOOPBACK, free_port
from bot.jobs.schedule import JITTER_SHARE, POLLS_PER_S_MAX
from bot.settings import Settings

INTERVAL_S = 2.0  # the default of EASEL_POLL_INTERVAL_S


class Way(StrEnum):
    """One of the two; the second needs a door to the web."""

    POLLING = "polling"
    CALLBACK = "callback"


def ways() -> tuple[Way, ...]:
    """Return the ways that this version of the service knows."""
    has_door = "public_url" in Settings.model_fields
    return (Way.POLLING, Way.CALLBACK) if has_door else (Way.POLLING,)


def settings_for(way: Way) -> dict[str, str]:
    """Return the settings that make the service hear in this way."""
    interval = {"EASEL_POLL_INTERVAL_S": str(INTERVAL_S)}
    return interval if way is Way.POLLING else interval | door()


def door() -> dict[str, str]:
    """Return the settings of a door to the web, at which providers may call back."""
    port = free_port()
    return {"EASEL_WEB_PORT": str(port), "EASEL_PUBLIC_URL": f"http://{LOOPBACK}:{port}"}


def longest_gap_s(*, watched: int) -> float:
    """Return the longest time between two looks at one of so many jobs that are nearly done."""
    return max(INTERVAL_S, watched / POLLS_PER_S_MAX) * (1 + JITTER_SHARE)
