"""A submitted text request as the Horde applies it, defaults and all."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWish:
    """The request with the effective defaults."""

    prompt: str
    models: tuple[str, ...] = ()  # any
    n: int = 1
    max_length: int = 80
    max_context_length: int = 2048
    stop_sequence: tuple[str, ...] = ()
    slow_workers: bool = True
    allow_downgrade: bool = False
    webhook: str = ""


def to_wish(payload: Mapping[str, object]) -> TextWish:
    """Apply the defaults to a payload that has passed the schema."""
    params = payload.get("params", {})
    assert isinstance(params, Mapping)
    given = {name: params[name] for name in COPIED_PARAMS if name in params}
    given |= {name: payload[name] for name in COPIED_FIELDS if name in payload}
    for name in ("models", "stop_sequence"):
        if name in given:
            given[name] = tuple(given[name])
    return TextWish(**given)


COPIED_PARAMS = ("n", "max_length", "max_context_length", "stop_sequence")
COPIED_FIELDS = ("prompt", "models", "slow_workers", "allow_downgrade", "webhook")
