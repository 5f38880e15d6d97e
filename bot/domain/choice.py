"""Who gets a request: the best of those who can, and who takes over if nothing was accepted.

Pure. Whoever cannot do what was asked is out before anything is held or sent; among the others
counts, in this order: whether the provider is up, how little of the request is lost there, whether
it is free for the member, and the operator's order. Where the operator prefers prices, what a
megapixel costs (providers that draw smaller are not cheaper for it) and the wait in whole minutes
come before that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.capabilities import Ability, Capability, needs
from bot.domain.credits import NOTHING, Microcredits
from bot.domain.errors import InvalidRequest, QuotaExceeded, UserError
from bot.domain.keys import KeyKind
from bot.domain.pricing import MEGAPIXEL
from bot.domain.requests import PictureRequest, Request

MINUTE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a provider would make of a request, and for how much."""

    provider: str
    title: str
    request: Request
    price: Microcredits
    key_kind: KeyKind
    notes: tuple[str, ...] = ()
    lost: int = 0
    """How much of the request it would leave out or change: the notes that it makes of it."""
    eta_s: float | None = None
    is_up: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a provider is out; `retry_at` where it is only for now."""

    provider: str
    title: str
    sentence: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The offer that is taken, and the next best.

    `is_automatic`: the second takes over by itself when nobody accepted the first; otherwise the
    member is asked.
    """

    first: Offer
    second: Offer | None = None
    is_automatic: bool = False


def missing(request: Request, capability: Capability) -> tuple[Ability, ...]:
    """Return what a request needs and a provider cannot do."""
    return tuple(sorted(needs(request) - capability.abilities))


def cannot(title: str, lacking: Sequence[Ability]) -> str:
    """Say what a provider cannot do."""
    return f"{title} does not offer {', '.join(lacking)}."


def choose(
    answers: Sequence[Offer | Refusal], *, wish: str | None, by_price: bool = False
) -> Choice:
    """Return who is asked, and who is asked after that; `wish` names the one that a member wants.

    `answers` are in the operator's order.

    Raises:
        InvalidRequest: nobody can, or not the one that was wished for; says who can.
        QuotaExceeded: nobody can for now.
    """
    offers = sorted(
        (answer for answer in answers if isinstance(answer, Offer)),
        key=_by_price if by_price else _by_order,
    )  # sorted keeps the operator's order among equals
    wanted = [offer for offer in offers if wish in {None, offer.provider}]
    if not wanted:
        raise _nobody(answers, offers, wish=wish)
    first = wanted[0]
    others = [one for one in offers if one is not first]
    if wish is None:
        for one in others:
            if _may_follow(first, one):
                return Choice(first=first, second=one, is_automatic=True)
    return Choice(first=first, second=others[0] if others else None)


def _by_order(offer: Offer) -> tuple[bool, int, bool]:
    return (not offer.is_up, offer.lost, offer.price > NOTHING)


def _by_price(offer: Offer) -> tuple[bool, int, int, int]:
    wait = 0 if offer.eta_s is None else int(offer.eta_s // MINUTE_S)
    return (not offer.is_up, offer.lost, _rate(offer), wait)


def _rate(offer: Offer) -> int:
    """Return what a megapixel costs, or the whole of what has no size; in microcredits."""
    match offer.request:
        case PictureRequest(width=int(width), height=int(height), count=count):
            return offer.price * MEGAPIXEL // (width * height * count)
        case _:
            return offer.price


def _may_follow(first: Offer, other: Offer) -> bool:
    """Tell whether one offer may take another's place unasked: never dearer, never a strange key.

    A job that is paid for with credits stays so, and one on a member's own key as well: what is
    held, and whose money it is, was said before the run.
    """
    is_same_purse = (first.key_kind is KeyKind.MEMBER) == (other.key_kind is KeyKind.MEMBER)
    return is_same_purse and NOTHING <= other.price <= first.price


def _nobody(
    answers: Sequence[Offer | Refusal], offers: Sequence[Offer], *, wish: str | None
) -> UserError:
    """Say why it cannot be done, and who can; what passes by itself comes before what does not."""
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    meant = [one for one in refusals if wish in {None, one.provider}]
    passing = next((one for one in meant if one.retry_at is not None), None)
    reason = passing or next(iter(meant), None)
    sentence = reason.sentence if reason else "Nobody here can do this."
    if offers:
        sentence = f"{sentence} {_listed([offer.title for offer in offers])} can."
    if passing:
        return QuotaExceeded(sentence, retry_at=passing.retry_at)
    return InvalidRequest(sentence)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
