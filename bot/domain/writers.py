"""How a setting is written as a parameter, so that the readers read the same value back."""

from enum import StrEnum
from typing import Any

from bot.domain.inline import escaped
from bot.domain.parameters import Parameter, Takes
from bot.domain.readers import QUOTES, written_field
from bot.domain.requests import Lora, TextualInversion


def written(parameter: Parameter, value: Any) -> str:
    """Write one setting, like `--steps 30`, `--no-karras` or `--lora a:0.8, b`."""
    if parameter.takes is Takes.NOTHING:
        return parameter.shown if value else f"--no-{parameter.names[0]}"
    if parameter.takes is Takes.LIST:
        text = ", ".join(_item(item) for item in value)
    else:
        text = _scalar(value)
    return f"{parameter.shown} {escaped(text)}"


def _scalar(value: Any) -> str:
    match value:
        case StrEnum():
            return value.value
        case float():
            return _decimal(value)
        case (width, height):
            return f"{width}x{height}"
        case str() if " " in value and not any(quote in value for quote in QUOTES):
            return f'"{value}"'  # the reader takes a pair of quotes off that has none inside
        case _:
            return str(value)


def _item(item: Lora | TextualInversion | str) -> str:
    match item:
        case Lora():
            label = f"#{item.name}" if item.is_version else written_field(item.name)
            strengths = f"{_decimal(item.model_strength)}:{_decimal(item.clip_strength)}"
            trigger = f":{written_field(item.trigger)}" if item.trigger else ""
            return f"{label}:{strengths}{trigger}"
        case TextualInversion():
            inject = f":{item.inject}" if item.inject else ""
            return f"{written_field(item.name)}:{_decimal(item.strength)}{inject}"
        case str():
            return item


def _decimal(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
