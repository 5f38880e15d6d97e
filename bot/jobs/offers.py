"""What every provider would make of a request, planned and priced from memory alone."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.domain.askers import Asker
from bot.domain.choice import Choice, Offer, Refusal, cannot, choose, missing
from bot.domain.credits import NOTHING, Microcredits
from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.keys import KeyKind, KeyOwner
from bot.domain.moderation import check_model, check_provider, models_here
from bot.domain.pricing import PriceList
from bot.domain.requests import DRAWN_SEED_MAX, AlchemyRequest, Request
from bot.jobs.catalogue import Catalogue
from bot.jobs.health import Health
from bot.providers.base import Model, Plan, Provider


class Offers:
    """Ask every provider here; none of them is called."""

    def __init__(  # noqa: PLR0913 — wired once, by the composition root
        self,
        providers: Mapping[str, Provider],
        *,
        prices: PriceList,
        keys: KeyRing,
        house: HouseBook,
        catalogue: Catalogue,
        health: Health,
        by_price: bool = False,
        draw_seed: Callable[[], int] = lambda: secrets.randbelow(DRAWN_SEED_MAX + 1),
    ) -> None:
        self._providers = providers
        self._prices = prices
        self._keys = keys
        self._house = house
        self._catalogue = catalogue
        self._health = health
        self._by_price = by_price
        self._draw_seed = draw_seed

    def choice(self, request: Request, *, asker: Asker, wish: str | None) -> Choice:
        """Return who is asked, and who after that; raises what `bot.domain.choice.choose` does."""
        return choose(self.of(request, asker=asker), wish=wish, by_price=self._by_price)

    def of(self, request: Request, *, asker: Asker) -> tuple[Offer | Refusal, ...]:
        """Return everybody's answer, in the operator's order; all draw from the same seed."""
        seed = self._draw_seed()
        return tuple(self._answer(name, request, asker, seed) for name in self._providers)

    def _answer(self, name: str, request: Request, asker: Asker, seed: int) -> Offer | Refusal:
        provider, rules = self._providers[name], self._house.rules(asker.guild_id)
        if (shut_until := self._health.shut_until(name)) is not None:
            return Refusal(
                provider=name,
                title=provider.title,
                sentence=self._health.why_down(name),
                retry_at=shut_until,
            )
        lacking = missing(request, provider.capability(request.model))
        if lacking:
            sentence = _told_by_plan(provider, request) or cannot(provider.title, lacking)
            return Refusal(provider=name, title=provider.title, sentence=sentence)
        kind = self._keys.kind_for(asker, name)
        has_own_key = kind is not KeyKind.SERVICE
        try:
            check_provider(name, title=provider.title, rules=rules)
            known = self._catalogue.models(name)
            models = models_here(known, request, rules=rules, title=provider.title)
            plan = _planned(provider, request, models, has_own_key=has_own_key, seed=seed)
            check_model(plan.request, title=provider.title, rules=rules)
        except (InvalidRequest, NotAllowed) as error:
            return Refusal(provider=name, title=provider.title, sentence=str(error))
        model = next((one for one in models if one.name == plan.request.model), None)
        is_strange_model = request.model is not None and model is None
        return Offer(
            provider=name,
            title=provider.title,
            request=plan.request,
            price=self._price(plan.request, name, kind),
            key_kind=kind,
            notes=plan.notes,
            lost=len(plan.notes) + is_strange_model,
            eta_s=None if model is None else model.eta_s,
            is_up=self.is_up(name, asker=asker),
        )

    def check(self, planned: Request, *, provider: str, asker: Asker) -> None:
        """Raise `NotAllowed` for what the server has blocked since it was planned."""
        rules = self._house.rules(asker.guild_id)
        title = self._providers[provider].title
        check_provider(provider, title=title, rules=rules)
        check_model(planned, title=title, rules=rules)

    def is_up(self, provider: str, *, asker: Asker) -> bool:
        """Tell whether a request of this member would have a chance there, as far as is known."""
        if not self._catalogue.is_reachable(provider):
            return False
        kind = self._keys.kind_for(asker, provider)
        owner = KeyOwner.of(kind, member_id=asker.id, guild_id=asker.guild_id)
        return self._health.is_up(provider, owner)

    def why_down(self, provider: str, *, asker: Asker) -> str:
        """Say what keeps a request of this member from having a chance there; empty when nothing does."""
        title = self._providers[provider].title
        if not self._catalogue.is_reachable(provider):
            return f"{title} does not answer."
        kind = self._keys.kind_for(asker, provider)
        owner = KeyOwner.of(kind, member_id=asker.id, guild_id=asker.guild_id)
        return self._health.why_down(provider, owner)

    def _price(self, request: Request, provider: str, kind: KeyKind) -> Microcredits:
        """Return the most a request costs; on a member's own key it costs no credits.

        On a server's key it does: credits are what shares that key out among the members.
        """
        if kind is KeyKind.MEMBER:
            return NOTHING
        return self._prices.price(request, provider=provider)


def _told_by_plan(provider: Provider, request: Request) -> str | None:
    """Return what a provider itself says of a model that cannot do what its others can."""
    if missing(request, provider.capability()):
        return None
    try:
        provider.plan(request, models=(), has_own_key=False)
    except InvalidRequest as error:
        return str(error)
    return None


def _planned(
    provider: Provider, request: Request, models: Sequence[Model], *, has_own_key: bool, seed: int
) -> Plan:
    """Plan a request; where a seed is taken and none was asked for, with the one that was drawn."""
    plan = provider.plan(request, models=models, has_own_key=has_own_key)
    if isinstance(request, AlchemyRequest) or request.seed is not None or not plan.takes_seed:
        return plan
    seeded = request.evolve(seed=seed)
    return provider.plan(seeded, models=models, has_own_key=has_own_key)
