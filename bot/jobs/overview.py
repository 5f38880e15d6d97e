"""Who works here and how well it goes, for `/providers`: from memory, nobody is called."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.accounts.keys import KeyRing
from bot.domain.askers import Asker
from bot.domain.capabilities import Ability
from bot.domain.choice import Offer
from bot.domain.requests import UNSTORED, AlchemyRequest, Form, PictureRequest, Request, TextRequest
from bot.domain.standings import ProviderStanding
from bot.jobs.catalogue import Catalogue
from bot.jobs.offers import Offers
from bot.providers.base import Makes, Provider

SAMPLE_TOKENS = 200

MODELS = frozenset({Makes.PICTURES, Makes.TEXTS})
"""What counts as a model; upscalers and their like are tools."""

SAMPLES: Mapping[Ability, Request] = MappingProxyType(
    {
        Ability.TEXT_TO_PICTURE: PictureRequest(prompt="a picture"),
        Ability.TEXT: TextRequest(prompt="a text", length=SAMPLE_TOKENS),
        Ability.CAPTION: AlchemyRequest(picture=UNSTORED, forms=(Form.CAPTION,)),
        Ability.UPSCALE: AlchemyRequest(picture=UNSTORED, forms=(Form.UPSCALE,)),
    }
)
"""What a price is told for: one of each kind, with every choice left to the provider."""


class Overview:
    """Look at every provider with a member's eyes."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        offers: Offers,
        keys: KeyRing,
        catalogue: Catalogue,
    ) -> None:
        self._providers = providers
        self._offers = offers
        self._keys = keys
        self._catalogue = catalogue

    def of(self, asker: Asker) -> tuple[ProviderStanding, ...]:
        """Return how every provider stands, in the operator's order."""
        made: dict[str, dict[Ability, Offer]] = {name: {} for name in self._providers}
        refused: dict[str, str] = {}
        for ability, sample in SAMPLES.items():
            for answer in self._offers.of(sample, asker=asker):
                if isinstance(answer, Offer):
                    made[answer.provider][ability] = answer
                elif ability in self._providers[answer.provider].capability().abilities:
                    refused.setdefault(answer.provider, answer.sentence)
        return tuple(
            self._standing(name, asker, offers, refused=refused.get(name, ""))
            for name, offers in made.items()
        )

    def _standing(
        self, name: str, asker: Asker, offers: Mapping[Ability, Offer], *, refused: str
    ) -> ProviderStanding:
        provider = self._providers[name]
        why_down = self._offers.why_down(name, asker=asker)
        waits = [offer.eta_s for offer in offers.values() if offer.eta_s is not None]
        return ProviderStanding(
            title=provider.title,
            why_not=why_down if offers else refused or why_down,
            capability=provider.capability(),
            key_kind=self._keys.kind_for(asker, name),
            models=sum(model.makes in MODELS for model in self._catalogue.models(name)),
            prices={ability: offer.price for ability, offer in offers.items()},
            wait_s=waits[0] if waits else None,
        )
