"""A request for alchemy, every open choice made and in the Horde's words.

Pure. Source: server 5.1.5, API 2.5, `POST /interrogate/async`.
"""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import PassageKind
from bot.domain.requests import AlchemyRequest, Form
from bot.providers.base import Inputs, Makes, Model, Plan
from bot.providers.horde.catalog import FACE_FIXERS, UPSCALERS
from bot.providers.horde.payload import addressed
from bot.providers.horde.wire import TITLE

MODELS = (
    *(Model(name=name, makes=Makes.LARGER) for name in UPSCALERS),
    *(Model(name=name, makes=Makes.FACES) for name in FACE_FIXERS),
)
"""What a request may name; nobody tells how many workers have which."""

DEFAULT_UPSCALER, DEFAULT_FACE_FIXER = "RealESRGAN_x2plus", "GFPGAN"
STRIP_BACKGROUND = "strip_background"

_NAMES: Mapping[Form, str] = MappingProxyType(
    {
        Form.CAPTION: "caption",
        Form.TAGS: "interrogation",
        Form.NSFW: "nsfw",
        Form.CUTOUT: STRIP_BACKGROUND,
    }
)
KINDS: Mapping[str, PassageKind] = MappingProxyType(
    {
        "caption": PassageKind.CAPTION,
        "interrogation": PassageKind.TAGS,
        "nsfw": PassageKind.NSFW,
    }
)
"""Forms whose result is words, by the Horde's names; the others leave a picture behind a link."""

_CHOICES: Mapping[Form, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        Form.UPSCALE: (UPSCALERS, DEFAULT_UPSCALER),
        Form.FACE_FIX: (FACE_FIXERS, DEFAULT_FACE_FIXER),
    }
)


def to_plan(request: AlchemyRequest) -> Plan:
    """Return the request as it will be sent: each form once, the model by the Horde's spelling.

    Raises:
        InvalidRequest: for an upscaler or a face fixer that the Horde has not got.
    """
    forms = tuple(dict.fromkeys(request.forms))
    if not forms:
        raise InvalidRequest("Say what shall be done with the picture.")
    planned = request.evolve(forms=forms, model=_model(request.model, forms))
    return Plan(request=planned, takes_seed=False)


def to_names(request: AlchemyRequest) -> tuple[str, ...]:
    """Return the Horde's names of the forms, in the order they were asked for."""
    return tuple(_name(form, request.model) for form in request.forms)


def to_payload(request: AlchemyRequest, inputs: Inputs) -> dict[str, Any]:
    """Return the JSON body of a planned request."""
    assert inputs.source is not None, "alchemy comes with the bytes of its picture"
    return {
        "forms": [{"name": name} for name in to_names(request)],
        "source_image": base64.b64encode(inputs.source).decode(),
        "slow_workers": request.conduct.slow_workers,
        "trusted_workers": request.conduct.trusted_workers,
        **addressed(inputs),
    }


def _model(asked: str | None, forms: tuple[Form, ...]) -> str | None:
    """Return the spelling of a named model; without one the usual of the first form that has any."""
    offered = [_CHOICES[form] for form in forms if form in _CHOICES]
    if asked is None:
        return offered[0][1] if offered else None
    known = {name.casefold(): name for names, _ in offered for name in names}
    if (name := known.get(asked.casefold())) is None:
        names = ", ".join(known.values()) or "nothing to choose"
        raise InvalidRequest(f"{TITLE} has no “{asked[:40]}” for this. It has: {names}.")
    return name


def _name(form: Form, model: str | None) -> str:
    if form not in _CHOICES:
        return _NAMES[form]
    names, usual = _CHOICES[form]
    return model if model in names else usual
