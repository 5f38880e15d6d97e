"""What most services have in common, and what is answered for what a service does not have.

Adapters override what is different with theirs.
"""

from collections.abc import Collection
from datetime import datetime

from pydantic import SecretStr

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest, Request
from bot.domain.styles import Style
from bot.providers.base import Callback, CallbackNews, Item, Limits
from bot.providers.config import ProviderConfig
from bot.providers.downloads import Downloads


class Defaults:
    """A service that does not call back, cannot be told to stop, and cannot be searched."""

    _downloads: Downloads

    calls_back = False
    draws_in_call = False
    repaints_black = False

    def read_callback(self, callback: Callback) -> CallbackNews | None:
        """Read nothing: this service does not call."""
        return None

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return nothing: whatever is there came with the answer that told of it."""
        return ()

    async def fetch(self, item: Item) -> bytes:
        """Return a picture's bytes, no key along: those that came, or those behind its link."""
        return await self._downloads.bytes_of(item)

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Do nothing: what was taken is worked on to its end, and paid for."""

    async def find(
        self,
        request: Request,
        *,
        key: SecretStr,
        known: Collection[str],
        now: datetime,
        so_far: Remote | None = None,
    ) -> Remote | None:
        """Go on with the parts that are certain; the one in doubt cannot be looked for."""
        return None if so_far is not None and so_far.is_empty else so_far

    async def styles(self, *, page: int) -> tuple[Style, ...]:
        """List none."""
        return ()

    async def style(self, name: str) -> Style | None:
        """Find none."""
        return None

    def find_lag_s(self, request: Request, *, key: SecretStr) -> float:
        """Tell that waiting brings nothing to light."""
        return 0.0


def limits_of(
    config: ProviderConfig,
    *,
    collect_gap_s: float,
    by_key: bool = False,
    looks_by_job: bool = False,
    poll_gap_max_s: float = 0.0,
    patience_s: float | None = None,
) -> Limits:
    """Return how fast a provider may be called, as the settings say."""
    return Limits(
        submits_per_s=config.submits_per_s,
        submits_per_min=config.submits_per_min,
        poll_gap_s=config.poll_gap_s,
        collect_gap_s=collect_gap_s,
        by_key=by_key,
        looks_by_job=looks_by_job,
        poll_gap_max_s=poll_gap_max_s,
        patience_s=patience_s,
    )


def pictures_only(request: Request, *, title: str) -> PictureRequest:
    """Return a request for pictures; raise `InvalidRequest` where a service knows nothing else."""
    if not isinstance(request, PictureRequest):
        raise InvalidRequest(f"{title} draws pictures and nothing else.")
    return request
