"""A small part of JSON Schema, with the wording of the validator that the Horde uses."""

from collections.abc import Callable, Iterator, Mapping

Schema = Mapping[str, object]
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}

BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string"}


def text(minimum: int, maximum: int) -> Schema:
    """Describe a text by its length."""
    return {"type": "string", "minLength": minimum, "maxLength": maximum}


def integer(minimum: int, maximum: int) -> Schema:
    """Describe a whole number."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def number(minimum: float, maximum: float) -> Schema:
    """Describe a number."""
    return {"type": "number", "minimum": minimum, "maximum": maximum}


def one_of(*names: str) -> Schema:
    """Describe one of a few words."""
    return {"type": "string", "enum": names}


def list_of(items: Schema, **limits: object) -> Schema:
    """Describe a list by what is in it."""
    return {"type": "array", "items": items, **limits}


def object_of(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Describe an object; members that it does not name are ignored."""
    return {"type": "object", "properties": properties, "required": required}


def errors_of(value: object, schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted path, sentence) for everything wrong with a value."""
    kind = str(schema["type"])
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield path, f"{value!r} is not of type '{kind}'"
        return
    for keyword, check in CHECKS.items():
        if keyword in schema and (sentence := check(value, schema[keyword])):
            yield path, sentence
    if isinstance(value, dict):
        yield from _errors_of_members(value, schema, path)
    if isinstance(value, list):
        items = schema["items"]
        assert isinstance(items, Mapping)
        for index, item in enumerate(value):
            yield from errors_of(item, items, _below(path, str(index)))


def _errors_of_members(
    value: dict[str, object], schema: Schema, path: str
) -> Iterator[tuple[str, str]]:
    required, properties = schema.get("required", ()), schema["properties"]
    assert isinstance(required, tuple)
    assert isinstance(properties, Mapping)
    for name in required:
        if name not in value:
            yield _below(path, name), f"'{name}' is a required property"
    for name, rule in properties.items():
        if name in value:
            yield from errors_of(value[name], rule, _below(path, name))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _minimum(value: float, limit: float) -> str:
    return f"{value!r} is less than the minimum of {limit!r}" if value < limit else ""


def _maximum(value: float, limit: float) -> str:
    return f"{value!r} is greater than the maximum of {limit!r}" if value > limit else ""


def _multiple_of(value: int, step: int) -> str:
    return f"{value!r} is not a multiple of {step!r}" if value % step else ""


def _enum(value: object, allowed: tuple[str, ...]) -> str:
    return "" if value in allowed else f"{value!r} is not one of {list(allowed)!r}"


def _too_short(value: str | list[object], limit: int) -> str:
    if len(value) >= limit:
        return ""
    return f"{value!r} should be non-empty" if limit == 1 else f"{value!r} is too short"


def _too_long(value: str | list[object], limit: int) -> str:
    return f"{value!r} is too long" if len(value) > limit else ""


def _unique(value: list[object], _: bool) -> str:  # noqa: FBT001 - the keyword's value
    return f"{value!r} has non-unique elements" if len(set(map(repr, value))) < len(value) else ""


CHECKS: Mapping[str, Callable[..., str]] = {
    "minimum": _minimum,
    "maximum": _maximum,
    "multipleOf": _multiple_of,
    "enum": _enum,
    "minLength": _too_short,
    "maxLength": _too_long,
    "minItems": _too_short,
    "maxItems": _too_long,
    "uniqueItems": _unique,
}
