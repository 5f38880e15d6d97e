"""What a request costs, known before it runs: a list of prices, of which the first that fits counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from fractions import Fraction
from math import ceil

from bot.domain.credits import CREDIT, NOTHING, Microcredits, credits_of
from bot.domain.requests import AlchemyRequest, Form, PictureRequest, Request, TextRequest

MEGAPIXEL = 2**20
TOKENS = 1000
_FIFTH, _ONE, _TEN = Microcredits(CREDIT // 5), credits_of(1), credits_of(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What some models of some providers cost, in microcredits; the defaults are the usual price.

    A picture costs `picture` and `megapixel_step` for each step of a megapixel, at least `least`,
    rounded up to a multiple of `round_up`; post-processors come on top. A text costs
    `text_tokens` for 1,000 tokens of the longest answer, with the same least and rounding.
    """

    provider: str = "*"
    model: str = "*"
    picture: Microcredits = NOTHING
    megapixel_step: Microcredits = _FIFTH
    hires_fix: Fraction = Fraction(3, 2)
    """Its second pass is about half the work of the first."""
    post_processor: Microcredits = _ONE
    text_tokens: Microcredits = _TEN
    form: Microcredits = _ONE
    """What alchemy costs, for each form that `forms` does not name."""
    forms: Mapping[Form, Microcredits] = field(default_factory=dict)
    least: Microcredits = _ONE
    round_up: Microcredits = _ONE
    estimate: Microcredits | None = None
    """For one unit of the provider's own estimate, which then takes the place of all others."""

    def fits(self, *, provider: str, model: str | None) -> bool:
        """Tell whether this price is for a model of a provider: by name or glob, in any case."""
        return _fits(self.provider, provider) and _fits(self.model, model or "")

    def of(self, request: Request) -> Microcredits:
        """Return the most that a planned request costs: sizes and steps, or the length, are set."""
        match request:
            case PictureRequest():
                return Microcredits(request.count * self._each(request))
            case TextRequest():
                assert request.length, "a price needs a planned request"
                return self._whole(Fraction(request.length * self.text_tokens, TOKENS))
            case AlchemyRequest():
                return Microcredits(sum(self.forms.get(form, self.form) for form in request.forms))

    def estimated(self, units: float) -> Microcredits:
        """Return the price for so many of the provider's own units."""
        assert self.estimate is not None, "asked only where the list says so"
        return self._whole(Fraction(units) * self.estimate)

    def _each(self, request: PictureRequest) -> int:
        width, height, steps = request.width, request.height, request.steps
        assert width, "a price needs a planned request"
        assert height, "a price needs a planned request"
        assert steps, "a price needs a planned request"
        passes = self.hires_fix if request.hires_fix else 1
        drawing = Fraction(width * height * steps * self.megapixel_step, MEGAPIXEL) * passes
        finishing = self.post_processor * len(request.post_processing)
        return self._whole(self.picture + drawing) + finishing

    def _whole(self, amount: Fraction) -> Microcredits:
        """Round up, and ask the least; what costs nothing at all stays free."""
        if not amount and not self.least:
            return NOTHING
        asked = max(amount, Fraction(self.least))
        return Microcredits(ceil(asked / self.round_up) * self.round_up)


def _fits(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or fnmatchcase(name, pattern)  # a name may look like a glob


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The operator's prices, in their order; where none fits, the usual price."""

    prices: tuple[Price, ...] = ()

    def price_for(self, *, provider: str, model: str | None) -> Price:
        """Return the first price that fits."""
        fitting = (price for price in self.prices if price.fits(provider=provider, model=model))
        return next(fitting, USUAL)

    def price(self, request: Request, *, provider: str) -> Microcredits:
        """Return the most that a planned request costs at a provider, by this list alone."""
        model = None if isinstance(request, AlchemyRequest) else request.model
        return self.price_for(provider=provider, model=model).of(request)


USUAL = Price()
