"""The body of a submit: fields, bounds, and the defaults of the server.

The document shows the fields and no bounds; the bounds are those that a careful client keeps to.
The defaults are the backend's own: a submit without a seed gets the same picture every time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.providers.algovera.refusals import Fault, fault, invalid, missing

PROMPT_CHARS_MAX = 1000
SEED_USUAL = 69
STEPS_USUAL = 50
GUIDANCE_USUAL = 7.5

Payload = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a number may be; whole unless `is_real`, required without a `usual` value."""

    low: int
    high: int
    multiple: int = 1
    usual: float | None = None
    is_real: bool = False


NUMBERS = {
    "height": Bounds(low=64, high=1024, multiple=8),
    "width": Bounds(low=64, high=1024, multiple=8),
    "inf_steps": Bounds(low=1, high=100, usual=STEPS_USUAL),
    "guidance_scale": Bounds(low=1, high=20, usual=GUIDANCE_USUAL, is_real=True),
    "seed": Bounds(low=0, high=2**31 - 1, usual=SEED_USUAL),
}
TEXTS = ("prompt", "base_model", "api_key")


def checked(sent: object, *, models: tuple[str, ...]) -> Payload:
    """Return the body with its defaults filled in; raise a 422 that lists every fault."""
    if not isinstance(sent, dict):
        raise invalid(fault("body", msg="value is not a valid dict", kind="type_error.dict"))
    faults = [*_text_faults(sent, models), *_number_faults(sent)]
    if faults:
        raise invalid(*faults)
    return {name: bounds.usual for name, bounds in NUMBERS.items()} | sent


def _text_faults(sent: Payload, models: tuple[str, ...]) -> list[Fault]:
    faults = [missing("body", name) for name in TEXTS if name not in sent]
    faults += [
        fault("body", name, msg="str type expected", kind="type_error.str")
        for name in TEXTS
        if name in sent and not isinstance(sent[name], str)
    ]
    if faults:
        return faults
    if not 1 <= len(str(sent["prompt"])) <= PROMPT_CHARS_MAX:
        msg = f"ensure this value has 1 to {PROMPT_CHARS_MAX} characters"
        faults.append(fault("body", "prompt", msg=msg, kind="value_error.any_str"))
    if sent["base_model"] not in models:
        permitted = ", ".join(f"'{model}'" for model in models)
        msg = f"unexpected value; permitted: {permitted}"
        faults.append(fault("body", "base_model", msg=msg, kind="value_error.const"))
    return faults


def _number_faults(sent: Payload) -> list[Fault]:
    found = (_number_fault(name, sent, bounds) for name, bounds in NUMBERS.items())
    return [fault for fault in found if fault is not None]


def _number_fault(name: str, sent: Payload, bounds: Bounds) -> Fault | None:
    if name not in sent:
        return missing("body", name) if bounds.usual is None else None
    value = sent[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return fault("body", name, msg="value is not a valid number", kind="type_error.number")
    if not bounds.is_real and value != int(value):
        return fault("body", name, msg="value is not a valid integer", kind="type_error.integer")
    return _bounds_fault(name, value, bounds)


def _bounds_fault(name: str, value: float, bounds: Bounds) -> Fault | None:
    if value < bounds.low:
        msg = f"ensure this value is greater than or equal to {bounds.low}"
        return fault("body", name, msg=msg, kind="value_error.number.not_ge")
    if value > bounds.high:
        msg = f"ensure this value is less than or equal to {bounds.high}"
        return fault("body", name, msg=msg, kind="value_error.number.not_le")
    if value % bounds.multiple and not bounds.is_real:
        msg = f"ensure this value is a multiple of {bounds.multiple}"
        return fault("body", name, msg=msg, kind="value_error.number.not_multiple")
    return None
