"""Rules that messages and modals share: what stands where, and by which id it is known.

Facts: Discord docs, components/reference.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from bot.sandbox.discord.components import Component, Kind, items_of, kind_of
from bot.sandbox.discord.problems import Problem, at, count_problems, text_problems

CUSTOM_ID_MAX = 100
TEXT_MAX = 4000


class Nest(NamedTuple):
    """What may stand inside a layout component, and how often."""

    kinds: AbstractSet[Kind]
    fewest: int
    most: int


def nest_problems(path: str, component: Component, nests: Mapping[Kind, Nest]) -> Iterator[Problem]:
    """Check what a layout component contains."""
    kind = kind_of(component)
    nest = nests.get(kind) if kind is not None else None
    if nest is None:
        return
    inside = items_of(component.get("components"))
    yield from count_problems(
        f"{path}.components", component.get("components"), fewest=nest.fewest, most=nest.most
    )
    yield from misplaced(f"{path}.components", inside, nest.kinds)


def misplaced(path: str, components: object, allowed: AbstractSet[Kind]) -> Iterator[Problem]:
    """Report each component of a list that may not stand there."""
    for index, component in enumerate(items_of(components)):
        if (kind := kind_of(component)) not in allowed:
            name = kind.name if kind is not None else "no known component"
            yield Problem(path=f"{path}[{index}].type", text=f"{name} may not stand here")


def identity_problems(every: list[tuple[str, Component]]) -> Iterator[Problem]:
    """Check that no `custom_id` and no `id` is used twice; an `id` of 0 counts as absent."""
    for field in ("custom_id", "id"):
        used = Counter(str(component[field]) for _, component in every if component.get(field))
        for path, component in every:
            if used[str(component.get(field))] > 1:
                yield Problem(
                    path=f"{path}.{field}", text=f"{component[field]!r} is used more than once"
                )


def custom_id_problems(path: str, owner: Component) -> Iterator[Problem]:
    """Check that a component, or a modal, has a `custom_id` of 1 to 100 characters."""
    yield from text_problems(
        at(path, "custom_id"),
        owner.get("custom_id"),
        shortest=1,
        longest=CUSTOM_ID_MAX,
        required=True,
    )


def text_display_problems(path: str, component: Component) -> Iterator[Problem]:
    """Check a TextDisplay, the one component that shows text in messages and modals alike."""
    yield from text_problems(
        f"{path}.content", component.get("content"), shortest=1, longest=TEXT_MAX, required=True
    )
