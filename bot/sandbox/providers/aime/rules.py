"""What the sandbox AIME server is set to: switches, and how long things last."""

from dataclasses import dataclass

from bot.sandbox.providers.aime.endpoints import Endpoint
from bot.sandbox.providers.aime.shipped import SHIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class AimeRules:
    """The switches. Times are seconds of the sandbox's clock."""

    speed: float = 1.0  # 0 stands still between `advance` calls
    seed: int | None = 0  # of ids and picture seeds; None: new ones in every run
    endpoints: tuple[Endpoint, ...] = SHIPPED
    blocking_timeout_s: float = 60.0  # what a call that waits for its result is given
    result_lifetime_s: float = 900.0
    inactivity_s: float = 360.0  # processing without an update for so long has lapsed
    silence_s: float = 120.0  # so has a job whose worker went away
    takes_media: bool = True  # False: no converter on the server, every picture is refused
    shows_workers: bool = True  # False: results do not say who made them
    is_older: bool = False  # previews under `images`, bare base64, progress beside the result
    process_count: int = 1  # calls go round among so many processes that share nothing
