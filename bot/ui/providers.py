"""Who works here, on one ephemeral card: up or not, what for, for how much, how long."""

from collections.abc import Sequence

from discord import ui

from bot.domain.capabilities import Ability, Capability, Sight
from bot.domain.keys import ON_KEY, KeyKind
from bot.domain.standings import ProviderStanding
from bot.ui import copy, texts
from bot.ui.boxes import small_card

WHY_CHARS_MAX = 100
PER = {
    Ability.TEXT_TO_PICTURE: "a picture",
    Ability.TEXT: "a text of 200 tokens",
    Ability.CAPTION: "a caption",
    Ability.UPSCALE: "an upscaling",
}
"""What the prices of `bot.jobs.overview` are for."""


def providers_card(standings: Sequence[ProviderStanding]) -> ui.LayoutView:
    """List the providers in the operator's order."""
    return small_card(copy.WHO_WORKS, *map(_entry, standings), copy.small(copy.WHO_WORKS_HINT))


def _entry(standing: ProviderStanding) -> str:
    abilities = ", ".join(one for one in Ability if one in standing.capability.abilities)
    why_not = texts.inline(standing.why_not, chars_max=WHY_CHARS_MAX)
    lines = [
        f"{copy.STANDING[not why_not]} **{texts.inline(standing.title)}** · {abilities}",
        copy.small(
            why_not or None,
            _prices(standing),
            None if standing.wait_s is None else f"wait about {texts.span(standing.wait_s)}",
            copy.models(standing.models),
            _sights(standing.capability),
        ),
    ]
    return "\n".join(lines)


def _prices(standing: ProviderStanding) -> str | None:
    if standing.key_kind is KeyKind.MEMBER:
        return ON_KEY[standing.key_kind]
    return ", ".join(
        f"{texts.in_credits(price)} for {PER[ability]}"
        for ability, price in standing.prices.items()
    )


def _sights(capability: Capability) -> str | None:
    told = [one for one in Sight if one in capability.sights]
    return f"shows {', '.join(told)}" if told else None
