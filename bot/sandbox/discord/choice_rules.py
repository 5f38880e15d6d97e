"""Rules for components a person picks from: selects, radio groups, checkbox groups, file uploads.

Facts: Discord docs, components/reference; the same limits hold in messages and in modals.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bot.sandbox.discord.components import SELECTS, Component, Kind, items_of, kind_of
from bot.sandbox.discord.problems import Problem, count_problems, number_problems, text_problems

OPTION_TEXT_MAX = 100
PLACEHOLDER_MAX = 150


class Choices(NamedTuple):
    """How many options a kind lists and how many values a person may pick at most."""

    options_min: int
    options_max: int
    values_max: int


ENTITY_SELECTS = SELECTS - {Kind.STRING_SELECT}
LIMITS = {
    Kind.STRING_SELECT: Choices(1, 25, 25),
    **dict.fromkeys(ENTITY_SELECTS, Choices(0, 0, 25)),
    Kind.FILE_UPLOAD: Choices(0, 0, 10),
    Kind.RADIO_GROUP: Choices(2, 10, 1),
    Kind.CHECKBOX_GROUP: Choices(1, 10, 10),
}


def values_range(component: Component) -> tuple[int, int]:
    """Return the fewest and the most values a person may pick, defaults filled in."""
    kind = kind_of(component)
    fewest, most = component.get("min_values"), component.get("max_values")
    if most is None:
        # a checkbox group without a maximum lets every box be ticked; all others take one value
        most = len(items_of(component.get("options"))) if kind is Kind.CHECKBOX_GROUP else 1
    return (1 if fewest is None else fewest), most


def choice_problems(path: str, component: Component) -> Iterator[Problem]:
    """Check options, bounds and defaults of a component whose kind is in `LIMITS`."""
    limits = LIMITS[kind := Kind(component["type"])]
    if kind in SELECTS:
        yield from text_problems(
            f"{path}.placeholder", component.get("placeholder"), longest=PLACEHOLDER_MAX
        )
    yield from count_problems(
        f"{path}.options",
        component.get("options"),
        fewest=limits.options_min,
        most=limits.options_max,
    )
    yield from _option_problems(f"{path}.options", items_of(component.get("options")))
    bounds = list(_bound_problems(path, component, values_max=limits.values_max))
    yield from bounds
    if not bounds:
        yield from _default_problems(path, component)


def _option_problems(path: str, options: Any) -> Iterator[Problem]:
    seen: set[object] = set()
    for index, option in enumerate(options):
        where = f"{path}[{index}]"
        if not isinstance(option, Mapping):
            yield Problem(path=where, text="not an object")
            continue
        for field in ("label", "value"):
            yield from text_problems(
                f"{where}.{field}",
                option.get(field),
                shortest=1,
                longest=OPTION_TEXT_MAX,
                required=True,
            )
        yield from text_problems(
            f"{where}.description", option.get("description"), longest=OPTION_TEXT_MAX
        )
        if (value := str(option.get("value"))) in seen:
            yield Problem(path=f"{where}.value", text=f"{value!r} is there twice")
        seen.add(value)


def _bound_problems(path: str, component: Component, *, values_max: int) -> Iterator[Problem]:
    fewest, most = component.get("min_values"), component.get("max_values")
    bad = [
        *number_problems(f"{path}.min_values", fewest, lowest=0, highest=values_max),
        *number_problems(f"{path}.max_values", most, lowest=1, highest=values_max),
    ]
    yield from bad
    if bad:
        return
    lowest, highest = values_range(component)
    if lowest > highest:
        yield Problem(path=f"{path}.min_values", text=f"above max_values, {highest}")
    offered = len(items_of(component.get("options")))
    if component.get("options") is not None and highest > offered:
        yield Problem(path=f"{path}.max_values", text=f"above the number of options, {offered}")


def _default_problems(path: str, component: Component) -> Iterator[Problem]:
    preset = [
        option
        for option in items_of(component.get("options"))
        if isinstance(option, Mapping) and option.get("default")
    ]
    fewest, most = values_range(component)
    if len(preset) > most:
        yield Problem(path=f"{path}.options", text=f"{len(preset)} defaults, more than {most}")
    entities = items_of(component.get("default_values"))
    if entities and not fewest <= len(entities) <= most:
        yield Problem(
            path=f"{path}.default_values",
            text=f"{len(entities)} defaults, not between {fewest} and {most}",
        )
