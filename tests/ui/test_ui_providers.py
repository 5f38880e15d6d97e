from dataclasses import dataclass, field

from bot.domain.capabilities import Ability, Capability, Sight
from bot.domain.credits import credits_of
from bot.domain.keys import KeyKind
from bot.providers.registry import FACTORIES
from bot.ui.providers import PER, providers_card
from tests.ui.ui_fakes import texts_of

CARD_CHARS_MAX, COMPONENTS_MAX = 4000, 40
ALL = Capability(abilities=frozenset(Ability), sights=frozenset(Sight))


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A provider that can do everything, has a lot to say, and is away."""

    title: str = "A provider with quite a name"
    why_not: str = ""
    capability: Capability = ALL
    key_kind: KeyKind = KeyKind.SERVER
    models: int = 123_456
    prices: dict[Ability, int] = field(
        default_factory=lambda: dict.fromkeys(PER, credits_of(1_000_000))
    )
    wait_s: float | None = 12_345.0


def test_what_can_be_done_is_told_in_the_order_of_importance():
    [_, entry, _] = texts_of(providers_card([Somebody()]))

    first, second = entry.splitlines()
    assert first.startswith(
        "🟢 **A provider with quite a name** · pictures from text, pictures from"
    )
    assert first.endswith("background removal")
    assert "shows queue place, time left, percent" in second


def test_whoever_takes_nothing_now_says_why():
    [_, entry, _] = texts_of(providers_card([Somebody(why_not="It is *resting*.")]))

    assert entry.startswith("🔴")
    assert r"It is \*resting\*. · " in entry


def test_however_much_they_can_and_say_it_stays_within_one_card():
    many = [Somebody(why_not="*" * 4000)] * len(FACTORIES)

    view = providers_card(many)

    assert view.content_length() <= CARD_CHARS_MAX
    assert view.total_children_count <= COMPONENTS_MAX
