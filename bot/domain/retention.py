"""How long what is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Results after a job is over, the words of its request, all of a server that was left."""

    results: timedelta
    words: timedelta
    left_servers: timedelta
