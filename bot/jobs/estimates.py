"""What a provider itself says that a request will cost, where the operator's price list wants that.

Asked after the first answer to the member and before anything is held. Whoever cannot be asked in
time, or says nothing of use, is charged by the list.
"""

import asyncio
import logging
from dataclasses import replace
from math import isfinite

from bot.domain.credits import Microcredits
from bot.domain.errors import BotError
from bot.domain.jobs import Job
from bot.domain.keys import KeyKind
from bot.domain.pricing import Price, PriceList
from bot.domain.requests import AlchemyRequest, Request
from bot.jobs.inputs import inputs_of
from bot.jobs.tools import Tools

log = logging.getLogger(__name__)

ANSWER_S = 10.0
PATIENCE_S = 5.0  # for a place in the provider's budget of calls
UNITS_MAX = 1e9


class Estimates:
    """Ask providers for prices."""

    def __init__(self, tools: Tools, prices: PriceList) -> None:
        self._tools = tools
        self._prices = prices

    def asks(self, request: Request, *, provider: str, key_kind: KeyKind) -> bool:
        """Tell from memory whether the provider is asked, so that the price is open until then."""
        listed = self._listed(request, provider)
        return key_kind is not KeyKind.MEMBER and listed.estimate is not None

    async def priced(self, job: Job) -> Job:
        """Return a job at its provider's own price, or as it was."""
        if not self.asks(job.request, provider=job.provider, key_kind=job.key_kind):
            return job
        units = await self._units(job)
        if units is None:
            return job
        price = self._listed(job.request, job.provider).estimated(units)
        return _at(job, price)

    def _listed(self, request: Request, provider: str) -> Price:
        model = None if isinstance(request, AlchemyRequest) else request.model
        return self._prices.price_for(provider=provider, model=model)

    async def _units(self, job: Job) -> float | None:
        tools = self._tools
        turns = tools.turns[job.provider]
        if turns.waiting:
            return None  # its calls are all spoken for
        now = tools.clock.now()
        wait_s = (turns.paces.next(job.key_owner, now) - now).total_seconds()
        if wait_s > PATIENCE_S:
            return None
        turns.paces.book(job.key_owner, now)  # asking counts as a submit
        await tools.clock.sleep(max(0.0, wait_s))
        try:
            async with asyncio.timeout(ANSWER_S):
                units = await tools.providers[job.provider].estimate(
                    job.request,
                    key=await tools.keys.to_submit(job),
                    inputs=await inputs_of(tools, job),
                )
        except (BotError, TimeoutError) as error:
            log.info("no estimate", extra={"job": job.id, "why": str(error)})
            return None
        return units if isfinite(units) and 0 <= units <= UNITS_MAX else None


def _at(job: Job, price: Microcredits) -> Job:
    """Return a job at another price; a second choice that is dearer now waits to be asked for."""
    second = job.second
    if second is not None and second.price > price:
        second = replace(second, is_automatic=False)
    return job.evolve(price=price, second=second)
