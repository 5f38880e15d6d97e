"""The styles that requests may name, of every provider: kept in memory, read page by page behind."""

import logging
from collections.abc import Mapping

from bot.domain.clock import Clock
from bot.domain.errors import ProviderError
from bot.domain.styles import Leaf, Listed, Style
from bot.providers.base import Provider

log = logging.getLogger(__name__)

PAGE_S = 20.0  # one page at a time: the Horde answers two such calls a second
ROUND_S = 600.0
PAGES_MAX = 8
SHOWN_AT_ONCE = 5
LISTED_MAX = 500


class StyleShelf:
    """Answer questions about styles from memory."""

    def __init__(self, providers: Mapping[str, Provider], *, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock
        self._styles: dict[tuple[str, str], Style] = {}
        self._page = 0

    def found(self, typed: str, *, may_be_adult: bool) -> tuple[Listed, ...]:
        """Return the styles that fit what was typed, the most used first."""
        words = typed.casefold().split()
        fitting = [
            Listed(provider=provider, title=self._providers[provider].title, style=style)
            for (provider, _), style in self._styles.items()
            if (may_be_adult or not style.is_adult) and _fits(style, words)
        ]
        return tuple(sorted(fitting, key=lambda one: -(one.style.uses or 0)))

    def leaf(self, typed: str, *, number: int, may_be_adult: bool) -> Leaf:
        """Return a page of what fits; a number that is too high means the last."""
        found = self.found(typed, may_be_adult=may_be_adult)
        count = max(1, -(-len(found) // SHOWN_AT_ONCE))
        number = min(max(number, 1), count)
        start = (number - 1) * SHOWN_AT_ONCE
        return Leaf(
            listed=found[start : start + SHOWN_AT_ONCE],
            number=number,
            count=count,
            total=len(found),
        )

    async def look_up(self, name: str) -> bool:
        """Ask every provider for a style by its exact name; True when somebody has it."""
        was_found = False
        for provider in self._providers:
            try:
                style = await self._providers[provider].style(name)
            except ProviderError as error:
                log.info("style not looked up", extra={"provider": provider, "why": str(error)})
                continue
            if style is not None:
                self._keep(provider, style)
                was_found = True
        return was_found

    async def refresh(self) -> bool:
        """Read the next page of every provider; True when there may be another one after it."""
        self._page += 1
        was_any = False
        for provider in self._providers:
            try:
                styles = await self._providers[provider].styles(page=self._page)
            except ProviderError as error:
                log.info("styles not refreshed", extra={"provider": provider, "why": str(error)})
                continue
            for style in styles:
                self._keep(provider, style)
            was_any = was_any or bool(styles)
        if was_any and self._page < PAGES_MAX:
            return True
        self._page = 0
        return False

    async def run(self) -> None:
        """Refresh for ever."""
        while True:
            has_more = await self.refresh()
            await self._clock.sleep(PAGE_S if has_more else ROUND_S)

    def _keep(self, provider: str, style: Style) -> None:
        self._styles.pop((provider, style.name), None)
        self._styles[provider, style.name] = style
        while len(self._styles) > LISTED_MAX:
            del self._styles[next(iter(self._styles))]


def _fits(style: Style, words: list[str]) -> bool:
    told = (style.name, style.title, style.about, style.prompt, style.model or "", *style.tags)
    text = " ".join(told).casefold()
    return all(word in text for word in words)
