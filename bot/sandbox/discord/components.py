"""The component tree: kinds, and a walk that says where each component stands.

Discord docs, components/reference. Nothing here trusts the shape of what it reads: a payload of the
wrong shape is for the rules to report.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

Component = Mapping[str, Any]


class Kind(IntEnum):
    """Discord's component types."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


KINDS = frozenset(Kind)
SELECTS = frozenset(
    {
        Kind.STRING_SELECT,
        Kind.USER_SELECT,
        Kind.ROLE_SELECT,
        Kind.MENTIONABLE_SELECT,
        Kind.CHANNEL_SELECT,
    }
)


def kind_of(component: object) -> Kind | None:
    """Return what a component is; None for anything that is none we know."""
    number: Any = component.get("type") if isinstance(component, Mapping) else None
    return Kind(number) if isinstance(number, int) and number in KINDS else None


def items_of(value: object) -> Sequence[Any]:
    """Return a list's items, and none for anything that is no list."""
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def walk(components: object, path: str = "components") -> Iterator[tuple[str, Component]]:
    """Yield path and component, parents first, with accessories and the contents of labels."""
    for index, component in enumerate(items_of(components)):
        if isinstance(component, Mapping):
            yield from _walk_one(f"{path}[{index}]", component)


def _walk_one(path: str, component: Component) -> Iterator[tuple[str, Component]]:
    yield path, component
    for inner in ("accessory", "component"):
        if isinstance(inside := component.get(inner), Mapping):
            yield from _walk_one(f"{path}.{inner}", inside)
    yield from walk(component.get("components"), f"{path}.components")
