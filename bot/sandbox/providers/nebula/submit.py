"""The body of a request for pictures: the fields that its model takes, and nothing else.

The document bounds nothing; the bounds here are those that a careful client keeps to.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence

from bot.sandbox.providers.nebula.models import COMMON, ModelRow
from bot.sandbox.providers.nebula.refusals import Refusal

SIDE_MIN, SIDE_MAX, SIDE_USUAL = 64, 2048, 1024
STEPS_MAX = 100
GUIDANCE_MAX = 50.0
SEED_MAX = 2**32 - 1

Payload = Mapping[str, object]

WHOLE = {
    "width": (SIDE_MIN, SIDE_MAX),
    "height": (SIDE_MIN, SIDE_MAX),
    "num_steps": (1, STEPS_MAX),
    "seed": (0, SEED_MAX),
}


def model_of(sent: object, models: Sequence[ModelRow]) -> ModelRow:
    """Return the model that a body asks for, or refuse it."""
    if not isinstance(sent, dict):
        raise Refusal("invalid_request", "The body is not a JSON object.")
    asked = sent.get("model")
    if not asked:
        raise Refusal("invalid_request", faults={"model": "Field required"})
    for row in models:
        if row.name == asked and row.kind == "Image":
            return row
    raise Refusal("not_found", f"Model {asked} was not found.")


def checked(sent: Payload, model: ModelRow) -> Payload:
    """Return the body with the usual size filled in; refuse it with every fault."""
    faults = dict([*_field_faults(sent, model), *_value_faults(sent)])
    if set(faults) & {"width", "height"}:
        raise Refusal("invalid_size", faults=faults)
    if "prompt" in faults:
        raise Refusal("invalid_prompt", faults=faults)
    if faults:
        raise Refusal("invalid_request", faults=faults)
    return {"width": SIDE_USUAL, "height": SIDE_USUAL} | dict(sent)


def decoded(text: object) -> bytes | None:
    """Return a picture's bytes from bare base64; a data-URI prefix makes it unreadable."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _field_faults(sent: Payload, model: ModelRow) -> Iterator[tuple[str, str]]:
    for name in sent:
        if name not in COMMON | model.fields:
            yield name, "Extra inputs are not permitted"
    if model.needs_picture:
        yield from ((name, "Field required") for name in ("image", "mask") if name not in sent)


def _value_faults(sent: Payload) -> Iterator[tuple[str, str]]:
    prompt = sent.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        yield "prompt", "Input should be a valid string"
    if not isinstance(sent.get("negative_prompt"), str | None):
        yield "negative_prompt", "Input should be a valid string"
    for name, (low, high) in WHOLE.items():
        if name in sent and not _is_within(sent[name], low, high, kinds=(int,)):
            yield name, f"Input should be a whole number from {low} to {high}"
    guidance = sent.get("guidance_scale", 1)
    if not _is_within(guidance, 0, GUIDANCE_MAX, kinds=(int, float)):
        yield "guidance_scale", f"Input should be a number from 0 to {GUIDANCE_MAX:g}"


def _is_within(value: object, low: float, high: float, *, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool) or not isinstance(value, kinds):
        return False
    return low <= float(str(value)) <= high
