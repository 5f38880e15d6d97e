"""Forms with bracketed names, `prompts[0][text]=…`, and what the fields of a request may hold."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bot.sandbox.providers.ai_client.refusals import Errors, invalid
from bot.sandbox.providers.ai_client.rules import (
    IMAGES_MAX,
    RESOLUTIONS,
    STEPS_MAX,
    STEPS_MIN,
    STEPS_USUAL,
    STYLES,
)

FORM_TYPE = "application/x-www-form-urlencoded"
_PROMPT_FIELD = re.compile(r"prompts\[(\d{1,3})\]\[(text|weight)\]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

Fields = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request as it was understood."""

    engine: str
    resolution: str
    prompts: tuple[tuple[str, float], ...]  # text and signed weight
    images: int
    steps: int
    style: str | None

    def echo(self) -> dict[str, object]:
        """Return the parameters as entries repeat them: numbers are numbers."""
        body: dict[str, object] = {
            "prompts": [{"text": text, "weight": _plain(weight)} for text, weight in self.prompts],
            "engine": self.engine,
        }
        if self.style is not None:
            body["style"] = self.style
        return body | {"images": self.images, "steps": self.steps, "resolution": self.resolution}


def fields_of(body: bytes, content_type: str) -> Fields:
    """Read a form; any other kind of body has no fields."""
    if content_type != FORM_TYPE:
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def wish_of(fields: Fields, *, engines: Collection[str]) -> Wish:
    """Check the form of a request; raise a 422 that lists every fault."""
    errors: Errors = {}
    _one_of(fields, "type", ("request",), errors)
    _one_of(fields, "engine", engines, errors)
    _one_of(fields, "resolution", RESOLUTIONS, errors)
    if fields.get("style"):
        _one_of(fields, "style", STYLES, errors)
    images = _whole(fields, "images", (1, IMAGES_MAX), 1, errors)
    steps = _whole(fields, "steps", (STEPS_MIN, STEPS_MAX), STEPS_USUAL, errors)
    prompts = _prompts(fields, errors)
    if errors:
        raise invalid(errors)
    return Wish(
        engine=fields["engine"],
        resolution=fields["resolution"],
        prompts=prompts,
        images=images,
        steps=steps,
        style=fields.get("style") or None,
    )


def _one_of(fields: Fields, name: str, known: Collection[str], errors: Errors) -> None:
    if not fields.get(name):
        errors[name] = [f"The {name} field is required."]
    elif fields[name] not in known:
        errors[name] = [f"The selected {name} is invalid."]


def _whole(fields: Fields, name: str, bounds: tuple[int, int], usual: int, errors: Errors) -> int:
    text = fields.get(name, str(usual))
    low, high = bounds
    if not text.isdecimal():
        errors[name] = [f"The {name} field must be an integer."]
        return usual
    if not low <= int(text) <= high:
        errors[name] = [f"The {name} field must be between {low} and {high}."]
    return int(text)


def _prompts(fields: Fields, errors: Errors) -> tuple[tuple[str, float], ...]:
    """Read the prompts in the order of their numbers."""
    found: dict[int, Fields] = {}
    for name, value in fields.items():
        if match := _PROMPT_FIELD.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    faults: Errors = {}
    for index, prompt in found.items():
        text, weight = f"prompts.{index}.text", f"prompts.{index}.weight"
        if not prompt.get("text"):
            faults[text] = [f"The {text} field is required."]
        if not _NUMBER.fullmatch(prompt.get("weight", "1")):
            faults[weight] = [f"The {weight} field must be a number."]
    errors |= faults
    if faults:
        return ()
    ordered = [found[index] for index in sorted(found)]
    prompts = tuple((prompt["text"], float(prompt.get("weight", "1"))) for prompt in ordered)
    if not any(weight > 0 for _, weight in prompts):
        errors["prompts"] = ["The prompts field is required."]
    return prompts


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number
