"""Check a request's parameters against an endpoint, with the server's wording."""

import json
from collections.abc import Mapping

from bot.sandbox.providers.aime.endpoints import ROUTING, Endpoint, Field

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "text_context": (str,),
    "chat_context": (str,),  # JSON inside a string; a list is refused
    "json": (str,),
    "selection": (str,),
    "image": (str,),
    "audio": (str,),
    "integer": (int,),
    "float": (float, int),
    "bool": (bool,),
}
HINT = (
    "\nSet auto_convert = true for {name} in the [INPUT] section of the endpoint config file "
    "to avoid this error.\n"
)

Values = dict[str, object]


def checked(endpoint: Endpoint, sent: Mapping[str, object]) -> tuple[Values, list[str]]:
    """Return the effective values, defaults filled in, and a sentence for every fault."""
    faults = []
    if strange := [name for name in sent if name not in endpoint.parameters]:
        faults.append(f"Invalid input parameter(s): {', '.join(strange)}")
    values: Values = {}
    for name, field in endpoint.inputs.items():
        value = sent.get(name)
        if value is None:  # null means the default
            if field.get("required"):
                faults.append(f"Missing required argument: {name}")
            values[name] = field.get("default")
            continue
        values[name], fault = _checked_one(name, field, value)
        faults += [fault] if fault else []
    for name, field in ROUTING.items():
        if (value := sent.get(name)) is not None and (fault := _type_fault(name, field, value)):
            faults.append(fault)
    return values, faults


def _checked_one(name: str, field: Field, value: object) -> tuple[object, str]:
    if fault := _type_fault(name, field, value):
        return value, fault
    match field["type"]:
        case "integer" | "float":
            assert isinstance(value, int | float)
            return _number(name, field, value)
        case "selection":
            return value, _selection_fault(name, field, value)
        case "chat_context" | "json":
            return value, _json_fault(name, str(value))
        case _:
            return value, ""


def _type_fault(name: str, field: Field, value: object) -> str:
    kind = str(field["type"])
    expected = TYPES[kind]
    if isinstance(value, expected) and (kind == "bool" or not isinstance(value, bool)):
        return ""
    return f"Invalid argument type {name}={value}. Expected: {expected[0]} but got {type(value)}!"


def _number(name: str, field: Field, value: float) -> tuple[float, str]:
    """Clamp and align where the endpoint converts by itself, refuse elsewhere."""
    if field.get("auto_convert"):
        return _converted(field, value), ""
    least, most = field.get("minimum"), field.get("maximum")
    if isinstance(least, int | float) and value < least:
        return value, f"Parameter {name} = {value} is lower than minimum {least}!{_hint(name)}"
    if isinstance(most, int | float) and value > most:
        return value, f"Parameter {name} = {value} is higher than maximum {most}!{_hint(name)}"
    align = field.get("align")
    if isinstance(align, int) and value % align:
        return value, f"Parameter {name} = {value} is not divisible by {align}!{_hint(name)}"
    return value, ""


def _converted(field: Field, value: float) -> float:
    least, most, align = field.get("minimum"), field.get("maximum"), field.get("align")
    if isinstance(most, int | float):
        value = min(value, most)
    if isinstance(least, int | float):
        value = max(value, least)
    return value // align * align if isinstance(align, int) else value


def _selection_fault(name: str, field: Field, value: object) -> str:
    supported = field["supported"]
    assert isinstance(supported, list)
    if value in supported:
        return ""
    return f"Parameter {name} = {value} not in supported values {supported}!{_hint(name)}"


def _json_fault(name: str, text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return f"Parameter {name} is no valid JSON!"
    return ""


def _hint(name: str) -> str:
    return HINT.format(name=name)
