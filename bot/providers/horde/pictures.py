"""Requests for pictures at the Horde: short calls, everything else is a pure function."""

from collections.abc import Collection
from datetime import datetime

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.base import Accepted, Inputs, Item, Observation
from bot.providers.horde import answers, wire
from bot.providers.horde.calls import EXPIRED, Calls, is_anonymous
from bot.providers.horde.payload import to_payload

SUBMIT, CHECK, STATUS = "generate/async", "generate/check", "generate/status"
CANDIDATES_MAX = 30  # an account's concurrency, and so the longest list of running requests


class Pictures:
    """The life of a request for pictures."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def submit(
        self, request: PictureRequest, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request once (`POST /generate/async`)."""
        body = to_payload(request, inputs)
        submitted = await self._calls.submit(SUBMIT, body, key=key, inputs=inputs)
        remote = Remote(id=submitted.id, total=request.count, submitted_at=now, seed=request.seed)
        return answers.to_accepted(submitted, remote)

    async def poll(self, remote: Remote, *, key: SecretStr, expects_end: bool) -> Observation:
        """Ask `/generate/check`, and `/generate/status` once that says it is over.

        Whoever expects the end asks the status at once: the check may be a second old.
        """
        if not expects_end:
            check = await self._calls.look(wire.Check, CHECK, remote, key=key)
            if check is None:
                return EXPIRED
            if not answers.is_over(check):
                return answers.to_progress(check, total=remote.total)
        status = await self._calls.look(wire.Status, STATUS, remote, key=key)
        return EXPIRED if status is None else answers.to_observation(status, remote)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the pictures that are there already; none of a request that is not ours."""
        status = await self._calls.look(wire.Status, STATUS, remote, key=key)
        items = () if status is None else answers.to_items(status)
        return () if answers.is_foreign(items, remote) else items

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Drop what waits; what is running already finishes and is charged."""
        await self._calls.cancel(STATUS, remote, key=key)

    async def find(
        self, request: PictureRequest, *, key: SecretStr, known: Collection[str], now: datetime
    ) -> Remote | None:
        """Look for a lost submit among the account's running requests.

        None before `find_lag_s` proves nothing. The anonymous account belongs to everybody and
        shows none.
        """
        if is_anonymous(key):
            return None
        account = await self._calls.account(key)
        strangers = [id_ for id_ in account.active_generations.image if id_ not in known]
        candidates = [_adopted(id_, request, now=now) for id_ in strangers[:CANDIDATES_MAX]]
        fitting = [one for one in candidates if await self._size(one, key=key) == request.count]
        return fitting[0] if len(fitting) == 1 else None

    async def estimate(self, request: PictureRequest, *, key: SecretStr, inputs: Inputs) -> float:
        """Return the kudos for the whole request."""
        body = to_payload(request, inputs, is_dry_run=True)
        return await self._calls.estimate(SUBMIT, body, key=key)

    async def _size(self, remote: Remote, *, key: SecretStr) -> int | None:
        """Return how many pictures a running request is for; None when it is gone."""
        check = await self._calls.look(wire.Check, CHECK, remote, key=key)
        return None if check is None else check.waiting + check.processing + check.finished


def _adopted(remote_id: str, request: PictureRequest, *, now: datetime) -> Remote:
    return Remote(
        id=remote_id,
        total=request.count,
        submitted_at=now,
        seed=request.seed,
        extras={answers.ADOPTED: "by size"},
    )
