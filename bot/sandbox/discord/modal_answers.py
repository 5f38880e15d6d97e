"""What a member fills into a modal, and how Discord sends it back.

Values are keyed by `custom_id`: a text for text inputs and radio groups, a list of texts for selects,
checkbox groups and file uploads (ids of uploaded files), a boolean for a checkbox. What is left out
keeps the value the modal was opened with.
Facts: Discord docs, components/reference (the "interaction response structure" of each kind).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.discord.choice_rules import ENTITY_SELECTS, LIMITS, values_range
from bot.sandbox.discord.components import Component, Kind, items_of, kind_of, walk

INPUT_MAX = 4000
LISTS = frozenset(LIMITS) - {Kind.RADIO_GROUP}
INPUTS = frozenset({Kind.TEXT_INPUT, Kind.CHECKBOX, *LIMITS})


def modal_values_problems(modal: Mapping[str, Any], values: Mapping[str, object]) -> list[str]:
    """Say why a client would not submit a modal with these values."""
    inputs = {
        component["custom_id"]: component
        for _, component in walk(modal.get("components"))
        if kind_of(component) in INPUTS
    }
    problems = [f"{name}: no such field" for name in values if name not in inputs]
    for name, component in inputs.items():
        value = values.get(name, _preset(component))
        problems.extend(f"{name}: {text}" for text in _value_problems(component, value))
    return problems


def modal_submit_components(
    modal: Mapping[str, Any], values: Mapping[str, object]
) -> list[dict[str, Any]]:
    """Build a submission's `data.components`: each component by kind, id and value, texts left out.

    Ids missing in the modal are numbered from 1 in reading order, skipping ids in use.
    """
    every = [component for _, component in walk(modal.get("components"))]
    taken = {component["id"] for component in every if component.get("id")}
    free = iter(number for number in range(1, 2 * len(every) + 1) if number not in taken)
    return [_sent(component, values, free) for component in items_of(modal.get("components"))]


def _sent(
    component: Component, values: Mapping[str, object], free: Iterator[int]
) -> dict[str, Any]:
    sent: dict[str, Any] = {"type": component["type"], "id": component.get("id") or next(free)}
    if "component" in component:
        sent["component"] = _sent(component["component"], values, free)
    elif "components" in component:
        sent["components"] = [_sent(inner, values, free) for inner in component["components"]]
    elif (kind := kind_of(component)) in INPUTS:
        value = values.get(component["custom_id"], _preset(component))
        sent["custom_id"] = component["custom_id"]
        sent["values" if kind in LISTS else "value"] = value
    return sent


def _preset(component: Component) -> object:
    """Return what a field holds when the modal opens."""
    kind = kind_of(component)
    if kind is Kind.TEXT_INPUT:
        return component.get("value") or ""
    if kind is Kind.CHECKBOX:
        return bool(component.get("default"))
    if kind in ENTITY_SELECTS:
        return [str(entity["id"]) for entity in component.get("default_values") or ()]
    chosen = [option["value"] for option in component.get("options") or () if option.get("default")]
    if kind is Kind.RADIO_GROUP:
        return chosen[0] if chosen else None
    return chosen


def _value_problems(component: Component, value: object) -> Iterator[str]:
    match kind_of(component):
        case Kind.TEXT_INPUT:
            yield from _text_problems(component, value)
        case Kind.CHECKBOX:
            if not isinstance(value, bool):
                yield f"{value!r} is neither ticked nor not"
        case Kind.RADIO_GROUP:
            if value is not None:
                yield from _choice_problems(component, [value])
            elif _is_required(component):
                yield "required, but nothing is chosen"
        case _:
            yield from _list_problems(component, value)


def _is_required(component: Component) -> bool:
    return component.get("required") is not False


def _text_problems(component: Component, value: object) -> Iterator[str]:
    shortest, longest = component.get("min_length") or 0, component.get("max_length") or INPUT_MAX
    if not isinstance(value, str):
        yield f"{value!r} is no text"
    elif not value:
        if _is_required(component):
            yield "required, but empty"
    elif not shortest <= len(value) <= longest:
        yield f"{len(value)} characters, not between {shortest} and {longest}"


def _list_problems(component: Component, value: object) -> Iterator[str]:
    if not isinstance(value, (list, tuple)):
        yield f"{value!r} is no list of values"
        return
    fewest, most = values_range(component)
    if not value:
        if _is_required(component):
            yield "required, but nothing is chosen"
    elif not fewest <= len(value) <= most:
        yield f"{len(value)} values, not between {fewest} and {most}"
    if len(set(map(str, value))) < len(value):
        yield "has a value twice"
    yield from _choice_problems(component, value)


def _choice_problems(component: Component, chosen: Any) -> Iterator[str]:
    if "options" not in component:
        return
    offered = [option["value"] for option in component["options"]]
    for value in chosen:
        if value not in offered:
            yield f"{value!r} is none of {offered}"
