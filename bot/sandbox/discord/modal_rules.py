"""What Discord's documents demand of a modal.

Facts: Discord docs, interactions/receiving-and-responding (modal) and components/reference. Discord's
OpenAPI description lets 40 components pass where the documents say five; the documents win.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.sandbox.discord.choice_rules import LIMITS, choice_problems
from bot.sandbox.discord.components import Component, Kind, kind_of, walk
from bot.sandbox.discord.nesting_rules import (
    Nest,
    custom_id_problems,
    identity_problems,
    misplaced,
    nest_problems,
    text_display_problems,
)
from bot.sandbox.discord.problems import Problem, count_problems, number_problems, text_problems

TITLE_MAX = 45
COMPONENTS_MAX = 5
LABEL_MAX = 45
DESCRIPTION_MAX = 100
PLACEHOLDER_MAX = 100
INPUT_MAX = 4000
STYLES = 2

ON_TOP = frozenset({Kind.LABEL, Kind.TEXT_DISPLAY, Kind.ACTION_ROW})
IN_ROW = {Kind.ACTION_ROW: Nest(frozenset({Kind.TEXT_INPUT}), 1, 1)}
IN_LABEL = frozenset({Kind.TEXT_INPUT, Kind.CHECKBOX, *LIMITS})


def modal_problems(payload: Mapping[str, Any]) -> list[Problem]:
    """Say why Discord would refuse a modal; `payload` is the callback's `data`."""
    every = list(walk(payload.get("components")))
    problems = [
        *custom_id_problems("", payload),
        *text_problems("title", payload.get("title"), shortest=1, longest=TITLE_MAX, required=True),
        *count_problems("components", payload.get("components"), fewest=1, most=COMPONENTS_MAX),
        *misplaced("components", payload.get("components"), ON_TOP),
    ]
    for path, component in every:
        problems.extend(nest_problems(path, component, IN_ROW))
        check = CHECKS.get(kind_of(component))
        if check is not None:
            problems.extend(check(path, component))
    problems.extend(identity_problems(every))
    return problems


def _label_problems(path: str, label: Component) -> Iterator[Problem]:
    yield from text_problems(
        f"{path}.label", label.get("label"), shortest=1, longest=LABEL_MAX, required=True
    )
    yield from text_problems(
        f"{path}.description", label.get("description"), shortest=1, longest=DESCRIPTION_MAX
    )
    if (kind := kind_of(label.get("component"))) not in IN_LABEL:
        name = kind.name if kind is not None else "no known component"
        yield Problem(path=f"{path}.component.type", text=f"{name} may not stand in a label")


def _text_input_problems(path: str, field: Component) -> Iterator[Problem]:
    yield from custom_id_problems(path, field)
    if field.get("style") is None:
        yield Problem(path=f"{path}.style", text="missing")
    yield from number_problems(f"{path}.style", field.get("style"), lowest=1, highest=STYLES)
    yield from text_problems(
        f"{path}.placeholder", field.get("placeholder"), longest=PLACEHOLDER_MAX
    )
    yield from text_problems(f"{path}.value", field.get("value"), longest=INPUT_MAX)
    shortest, longest = field.get("min_length"), field.get("max_length")
    bad = [
        *number_problems(f"{path}.min_length", shortest, lowest=0, highest=INPUT_MAX),
        *number_problems(f"{path}.max_length", longest, lowest=1, highest=INPUT_MAX),
    ]
    yield from bad
    if not bad and (shortest or 0) > (longest or INPUT_MAX):
        yield Problem(path=f"{path}.min_length", text=f"above max_length, {longest}")


def _choice_problems(path: str, component: Component) -> Iterator[Problem]:
    yield from custom_id_problems(path, component)
    yield from choice_problems(path, component)
    if component.get("min_values") == 0 and component.get("required") in (None, True):
        yield Problem(path=f"{path}.min_values", text="is 0 although an answer is required")
    if component.get("disabled"):
        yield Problem(path=f"{path}.disabled", text="nothing can be disabled in a modal")


CHECKS: dict[Kind | None, Callable[[str, Component], Iterator[Problem]]] = {
    Kind.LABEL: _label_problems,
    Kind.TEXT_DISPLAY: text_display_problems,
    Kind.TEXT_INPUT: _text_input_problems,
    Kind.CHECKBOX: custom_id_problems,
    **dict.fromkeys(LIMITS, _choice_problems),
}
