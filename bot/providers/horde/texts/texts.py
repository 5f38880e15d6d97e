"""Requests for texts at the Horde: short calls, everything else is a pure function."""

from datetime import datetime

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.domain.requests import TextRequest
from bot.providers.base import Accepted, Inputs, Item, Observation
from bot.providers.horde import answers, wire
from bot.providers.horde.calls import EXPIRED, Calls
from bot.providers.horde.kinds import TEXT, marked
from bot.providers.horde.texts.answers import to_items, to_observation
from bot.providers.horde.texts.plan import to_payload

SUBMIT, STATUS = "generate/text/async", "generate/text/status"


class Texts:
    """The life of a request for a text."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def submit(
        self, request: TextRequest, *, key: SecretStr, inputs: Inputs, now: datetime
    ) -> Accepted:
        """Send a planned request once (`POST /generate/text/async`)."""
        body = to_payload(request, inputs)
        submitted = await self._calls.submit(SUBMIT, body, key=key, inputs=inputs)
        remote = Remote(id=submitted.id, total=1, submitted_at=now, extras=marked(TEXT))
        return answers.to_accepted(submitted, remote)

    async def poll(self, remote: Remote, *, key: SecretStr, expects_end: bool) -> Observation:
        """Ask for the status: the Horde has no check for texts, so it is the same at every look."""
        del expects_end
        status = await self._calls.look(wire.TextStatus, STATUS, remote, key=key)
        return EXPIRED if status is None else to_observation(status, remote)

    async def collect(self, remote: Remote, *, key: SecretStr) -> tuple[Item, ...]:
        """Return the text, if it is there already."""
        status = await self._calls.look(wire.TextStatus, STATUS, remote, key=key)
        return () if status is None else to_items(status)

    async def cancel(self, remote: Remote, *, key: SecretStr) -> None:
        """Drop it while it waits; what is being written already is finished and charged."""
        await self._calls.cancel(STATUS, remote, key=key)

    async def estimate(self, request: TextRequest, *, key: SecretStr, inputs: Inputs) -> float:
        """Return the kudos for the text."""
        return await self._calls.estimate(
            SUBMIT, to_payload(request, inputs, is_dry_run=True), key=key
        )
