"""One decision before anything is held or sent: whether this person may ask for this here.

Pure: it looks at the request, at who asks and where, and at the rules of that server. The sentences
say whose rule it was, and never repeat what was blocked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from bot.domain.askers import Asker
from bot.domain.errors import ContentRefused, NotAllowed
from bot.domain.house_rules import HouseRules, NsfwRule
from bot.domain.patterns import TooMuchWork
from bot.domain.requests import AlchemyRequest, PictureRequest, Request, Role, TextRequest

PAUSED = "Easel is paused in this server. Whoever runs the server can resume it."
BANNED = "Those who run this server do not let you use Easel here."
ROLES = "In this server only members with certain roles may use Easel, and you have none of them."
CHANNEL = "This server does not let Easel be used in this channel."
NEVER_ADULT = "This server allows no adult content, in no channel."
ADULTS_ELSEWHERE = "Pictures for adults can only be asked for in age-restricted channels."
WORD = "This server blocks a word that you used."
PATTERN = "This server blocks what you wrote: it fits one of its patterns."
TOO_LONG = "This server's patterns cannot be checked against so long a text: please shorten it."
NO_PROVIDER = "This server does not allow {title}."
NO_MODEL = "This server does not allow the model {model}."
NO_MODEL_LEFT = "This server allows none of the models that {title} has now."


class HasName(Protocol):
    """A model of a provider."""

    @property
    def name(self) -> str:
        """What it is called there."""
        ...


Named = TypeVar("Named", bound=HasName)


def admitted(request: Request, *, asker: Asker, rules: HouseRules) -> Request:
    """Return the request as it may be made; raise `NotAllowed` or `ContentRefused` if it may not."""
    check_person(asker, rules)
    _check_adult(request, rules)
    check_place(request, is_age_restricted=asker.is_age_restricted)
    _check_words(request, rules)
    if request.conduct.nsfw and rules.nsfw is NsfwRule.COVERED:
        return request.evolve(conduct=replace(request.conduct, is_covered=True))
    return request


def check_place(request: Request, *, is_age_restricted: bool) -> None:
    """Refuse what may be adult outside channels that carry the age label."""
    if _may_be_adult(request) and not is_age_restricted:
        raise ContentRefused(ADULTS_ELSEWHERE, is_strike=False)


def models_here(
    models: Sequence[Named], request: Request, *, rules: HouseRules, title: str
) -> tuple[Named, ...]:
    """Return the models of a provider that this server allows; an empty list means "not known".

    Raises `NotAllowed` for a model that was asked for and is blocked, or when none is left.
    """
    if isinstance(request, AlchemyRequest) or rules.models.is_open:
        return tuple(models)
    if request.model is not None and not rules.models.permits(request.model):
        raise NotAllowed(NO_MODEL.format(model=request.model))
    left = tuple(model for model in models if rules.models.permits(model.name))
    if models and not left:
        raise NotAllowed(NO_MODEL_LEFT.format(title=title))
    return left


def check_provider(name: str, *, title: str, rules: HouseRules) -> None:
    """Raise `NotAllowed` for a provider that a server does not allow."""
    if not rules.providers.permits(name):
        raise NotAllowed(NO_PROVIDER.format(title=title))


def check_model(request: Request, *, title: str, rules: HouseRules) -> None:
    """Raise `NotAllowed` for a planned request whose model a server does not allow."""
    if is_permitted_model(request, rules=rules):
        return
    if request.model is None:
        raise NotAllowed(NO_MODEL_LEFT.format(title=title))
    raise NotAllowed(NO_MODEL.format(model=request.model))


def is_permitted_model(request: Request, *, rules: HouseRules) -> bool:
    """Tell whether a server allows the model of a planned request; tools of alchemy are no models."""
    return isinstance(request, AlchemyRequest) or rules.allows_model(request.model)


def check_person(asker: Asker, rules: HouseRules) -> None:
    """Raise `NotAllowed` for whoever may not use the bot at this place."""
    if rules.is_paused:
        raise NotAllowed(PAUSED)
    if asker.id in rules.banned:
        raise NotAllowed(BANNED)
    places = (asker.channel_id, asker.parent_channel_id)
    if not rules.channels.permits(*(str(place) for place in places if place is not None)):
        raise NotAllowed(CHANNEL)
    if not rules.roles.permits(*map(str, asker.role_ids)):
        raise NotAllowed(ROLES)


def _check_adult(request: Request, rules: HouseRules) -> None:
    if rules.nsfw is NsfwRule.NEVER and _may_be_adult(request):
        raise ContentRefused(NEVER_ADULT, is_strike=False)


def _may_be_adult(request: Request) -> bool:
    return request.conduct.nsfw or not request.conduct.censor_nsfw


def _check_words(request: Request, rules: HouseRules) -> None:
    for text in _said(request):
        if rules.words.has_word(text):
            raise ContentRefused(WORD)
        try:
            is_blocked = rules.words.has_pattern(text)
        except TooMuchWork:
            raise ContentRefused(TOO_LONG, is_strike=False) from None
        if is_blocked:
            raise ContentRefused(PATTERN)


def _said(request: Request) -> Iterator[str]:
    """Yield what a member wants to see or hear of; what is *not* wanted may be named freely."""
    match request:
        case PictureRequest():
            yield request.prompt
            yield from (lora.trigger for lora in request.loras if lora.trigger)
            if request.style:
                yield request.style
        case TextRequest():
            yield request.prompt
            yield request.instruction
            yield from (turn.text for turn in request.turns if turn.role is Role.MEMBER)
        case AlchemyRequest():
            pass
