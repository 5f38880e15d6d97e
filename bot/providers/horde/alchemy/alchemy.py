"""Alchemy at the Horde: short calls, everything else is a pure function."""

from datetime import datetime

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.domain.requests import AlchemyRequest
from bot.providers.base import Accepted, Inputs, Item, Observation
from bot.providers.horde import answers, wire
from bot.providers.horde.alchemy.answers import FORMS, to_items, to_observation
from bot.providers.horde.alchemy.forms import to_names, to_payload
from bot.providers.horde.calls import EXPIRED, Calls
from bot.providers.horde.kinds import ALCHEMY, marked

SUBMIT, STATUS = "interrogate/async", "interrogate/status"


class Alchemy:
    """The life of a request for alchemy: one submit, whatever the number of forms."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def submit(
        self, request: AlchemyRequest, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request once (`POST /interrogate/async`)."""
        body = to_payload(request, inputs)
        submitted = await self._calls.submit(SUBMIT, body, key=key, inputs=inputs)
        extras = marked(ALCHEMY, **{FORMS: ",".join(to_names(request))})
        remote = Remote(id=submitted.id, total=request.count, submitted_at=now, extras=extras)
        return answers.to_accepted(submitted, remote)

    async def poll(self, remote: Remote, *, key: SecretStr, expects_end: bool) -> Observation:
        """Ask how each form stands; the results that are there come with it."""
        del expects_end
        status = await self._calls.look(wire.AlchemyStatus, STATUS, remote, key=key)
        return EXPIRED if status is None else to_observation(status, remote)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the results that are there already."""
        status = await self._calls.look(wire.AlchemyStatus, STATUS, remote, key=key)
        return () if status is None else to_items(status, remote)

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Drop the forms that nobody has taken yet."""
        await self._calls.cancel(STATUS, remote, key=key)
