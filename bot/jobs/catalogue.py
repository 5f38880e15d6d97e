"""What can be asked for now: every provider's models, kept in memory and refreshed behind."""

import asyncio
import difflib
import logging
from collections.abc import Callable, Mapping

from bot.domain.clock import Clock
from bot.domain.errors import ProviderError
from bot.providers.base import Makes, Model, Provider

log = logging.getLogger(__name__)

REFRESH_S = 60.0
RETRY_S = 10.0
CLOSENESS_MIN = 0.5
MODELS_MAX = 5000  # of one provider: every key that a member presses looks through them


class Catalogue:
    """Answer questions about models from memory."""

    def __init__(self, providers: Mapping[str, Provider], *, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock
        self._unreachable: set[str] = set()
        self._models: dict[str, tuple[Model, ...]] = {}

    def models(self, provider: str) -> tuple[Model, ...]:
        """Return the models last seen, the most served first; empty while unknown."""
        return self._models.get(provider, ())

    def is_reachable(self, provider: str) -> bool:
        """Tell whether the last refresh got an answer; before the first one that is assumed."""
        return provider not in self._unreachable

    def suggest(
        self,
        typed: str,
        *,
        makes: Makes = Makes.PICTURES,
        permits: Callable[[str], bool] = lambda _: True,
        limit: int = 25,
    ) -> tuple[Model, ...]:
        """Return models whose names fit what was typed so far, the most served first.

        `permits` tells of a name whether it may be used where it is typed.
        """
        every = [
            model
            for models in self._models.values()
            for model in models
            if model.makes is makes and permits(model.name)
        ]
        words = typed.casefold().split()
        found = [model for model in every if all(word in model.name.casefold() for word in words)]
        if not found:
            names = {model.name.casefold(): model for model in every}
            close = difflib.get_close_matches(
                typed.casefold(), names, n=limit, cutoff=CLOSENESS_MIN
            )
            found = [names[name] for name in close]
        return tuple(found[:limit])

    async def refresh(self) -> bool:
        """Ask every provider once; True when all of them answered with something."""
        return all(await asyncio.gather(*map(self._refresh, self._providers)))

    async def _refresh(self, name: str) -> bool:
        """Ask one provider; True when it answered with something."""
        try:
            models = await self._providers[name].models()
        except ProviderError as error:
            log.warning("models not refreshed", extra={"provider": name, "why": str(error)})
            self._unreachable.add(name)
            return False
        self._unreachable.discard(name)
        if models:  # an empty list is a provider still warming up: keep what we know
            most_served = sorted(models, key=lambda model: (-(model.workers or 0), model.name))
            self._models[name] = tuple(most_served[:MODELS_MAX])
        return bool(models)

    async def run(self) -> None:
        """Refresh for ever; more often while a provider does not answer."""
        while True:
            complete = await self.refresh()
            await self._clock.sleep(REFRESH_S if complete else RETRY_S)
