"""Rules for the components of a message: nesting, counts, texts, buttons, pictures.

Facts: Discord docs, components/reference; the sum of 4000 characters is discord.py's figure
(ui/view.py:891).
"""

from collections.abc import Callable, Iterator, Mapping

from bot.sandbox.discord.choice_rules import choice_problems
from bot.sandbox.discord.components import SELECTS, Component, Kind, items_of, kind_of, walk
from bot.sandbox.discord.nesting_rules import (
    Nest,
    custom_id_problems,
    identity_problems,
    misplaced,
    nest_problems,
    text_display_problems,
)
from bot.sandbox.discord.problems import Problem, count_problems, number_problems, text_problems

COMPONENTS_MAX = 40
CHARACTERS_MAX = 4000
LEGACY_ROWS_MAX = 5
ALT_TEXT_MAX = 1024
LABEL_MAX = 80
LINK_MAX = 512
GALLERY_MAX = 10
COLOUR_MAX = 0xFFFFFF
SPACINGS = 2
PREMIUM_STYLE = 6
BUTTON_NEEDS = dict.fromkeys((1, 2, 3, 4), "custom_id") | {5: "url", PREMIUM_STYLE: "sku_id"}

IN_CONTAINER = frozenset(
    {
        Kind.ACTION_ROW,
        Kind.SECTION,
        Kind.TEXT_DISPLAY,
        Kind.MEDIA_GALLERY,
        Kind.FILE,
        Kind.SEPARATOR,
    }
)
ON_TOP = IN_CONTAINER | {Kind.CONTAINER}
NESTS = {
    Kind.ACTION_ROW: Nest(SELECTS | {Kind.BUTTON}, 1, 5),
    Kind.SECTION: Nest(frozenset({Kind.TEXT_DISPLAY}), 1, 3),
    Kind.CONTAINER: Nest(IN_CONTAINER, 1, COMPONENTS_MAX),
}
ACCESSORIES = frozenset({Kind.BUTTON, Kind.THUMBNAIL})


def component_problems(components: object, *, components_v2: bool) -> Iterator[Problem]:
    """Check everything below a message's `components`."""
    every = list(walk(components))
    yield from _top_problems(components, components_v2=components_v2)
    for path, component in every:
        yield from nest_problems(path, component, NESTS)
        check = CHECKS.get(kind_of(component))
        if check is not None:
            yield from check(path, component)
    yield from identity_problems(every)
    if len(every) > COMPONENTS_MAX:
        yield Problem(
            path="components",
            text=f"{len(every)} components with nested ones, more than {COMPONENTS_MAX}",
        )
    yield from _character_problems(every)


def component_media(components: object) -> Iterator[tuple[str, str]]:
    """Yield path and URL of every picture and file that components show."""
    for path, component in walk(components):
        for where, holder, name in _shown(path, component):
            if isinstance(url := _field(_field(holder, name), "url"), str):
                yield f"{where}.{name}.url", url


def _shown(path: str, component: Component) -> Iterator[tuple[str, object, str]]:
    match kind_of(component):
        case Kind.THUMBNAIL:
            yield path, component, "media"
        case Kind.FILE:
            yield path, component, "file"
        case Kind.MEDIA_GALLERY:
            for index, item in enumerate(items_of(component.get("items"))):
                yield f"{path}.items[{index}]", item, "media"
        case _:
            return


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _top_problems(components: object, *, components_v2: bool) -> Iterator[Problem]:
    if components_v2:
        yield from misplaced("components", components, ON_TOP)
        return
    yield from count_problems("components", components, most=LEGACY_ROWS_MAX)
    for index, component in enumerate(items_of(components)):
        if kind_of(component) is not Kind.ACTION_ROW:
            yield Problem(
                path=f"components[{index}].type",
                text="only action rows without the IS_COMPONENTS_V2 flag",
            )


def _character_problems(every: list[tuple[str, Component]]) -> Iterator[Problem]:
    texts = [c["content"] for _, c in every if kind_of(c) is Kind.TEXT_DISPLAY and "content" in c]
    characters = sum(len(text) for text in texts if isinstance(text, str))
    if characters > CHARACTERS_MAX and len(texts) > 1:  # one alone is too long by itself
        yield Problem(
            path="components",
            text=f"{characters} characters of text, more than {CHARACTERS_MAX}",
        )


def _row_problems(path: str, row: Component) -> Iterator[Problem]:
    inside = items_of(row.get("components"))
    if len(inside) > 1 and any(kind_of(item) in SELECTS for item in inside):
        yield Problem(path=f"{path}.components", text="a select stands alone in its row")


def _select_problems(path: str, select: Component) -> Iterator[Problem]:
    yield from custom_id_problems(path, select)
    yield from choice_problems(path, select)


def _section_problems(path: str, section: Component) -> Iterator[Problem]:
    if section.get("accessory") is None:
        yield Problem(path=f"{path}.accessory", text="missing")
    elif kind_of(section["accessory"]) not in ACCESSORIES:
        yield Problem(path=f"{path}.accessory.type", text="neither button nor thumbnail")


def _button_problems(path: str, button: Component) -> Iterator[Problem]:
    yield from text_problems(f"{path}.label", button.get("label"), longest=LABEL_MAX)
    yield from text_problems(f"{path}.url", button.get("url"), shortest=1, longest=LINK_MAX)
    style = button.get("style")
    if not isinstance(style, int) or style not in BUTTON_NEEDS:
        yield Problem(path=f"{path}.style", text=f"not one of {sorted(BUTTON_NEEDS)}")
        return
    needed = BUTTON_NEEDS[style]
    foreign = set(BUTTON_NEEDS.values()) - {needed}
    if style == PREMIUM_STYLE:
        foreign |= {"label", "emoji"}  # the client shows name and price of the SKU
    elif not button.get("label") and not button.get("emoji"):
        yield Problem(path=path, text="has neither label nor emoji")
    for field in sorted(foreign):
        if button.get(field) is not None:
            yield Problem(path=f"{path}.{field}", text=f"not allowed in a button of style {style}")
    if needed == "custom_id":
        yield from custom_id_problems(path, button)
    elif button.get(needed) is None:
        yield Problem(path=f"{path}.{needed}", text="missing")


def _gallery_problems(path: str, gallery: Component) -> Iterator[Problem]:
    yield from count_problems(f"{path}.items", gallery.get("items"), fewest=1, most=GALLERY_MAX)
    for index, item in enumerate(items_of(gallery.get("items"))):
        yield from _picture_problems(f"{path}.items[{index}]", item)


def _picture_problems(path: str, picture: object) -> Iterator[Problem]:
    if not _field(_field(picture, "media"), "url"):
        yield Problem(path=f"{path}.media.url", text="missing")
    yield from text_problems(
        f"{path}.description", _field(picture, "description"), shortest=1, longest=ALT_TEXT_MAX
    )


def _file_problems(path: str, component: Component) -> Iterator[Problem]:
    if not str(_field(component.get("file"), "url")).startswith("attachment://"):
        yield Problem(path=f"{path}.file.url", text="not an attachment:// reference")


def _separator_problems(path: str, separator: Component) -> Iterator[Problem]:
    yield from number_problems(
        f"{path}.spacing", separator.get("spacing"), lowest=1, highest=SPACINGS
    )


def _container_problems(path: str, container: Component) -> Iterator[Problem]:
    yield from number_problems(
        f"{path}.accent_color", container.get("accent_color"), lowest=0, highest=COLOUR_MAX
    )


CHECKS: dict[Kind | None, Callable[[str, Component], Iterator[Problem]]] = {
    Kind.ACTION_ROW: _row_problems,
    Kind.BUTTON: _button_problems,
    Kind.SECTION: _section_problems,
    Kind.TEXT_DISPLAY: text_display_problems,
    Kind.THUMBNAIL: _picture_problems,
    Kind.MEDIA_GALLERY: _gallery_problems,
    Kind.FILE: _file_problems,
    Kind.SEPARATOR: _separator_problems,
    Kind.CONTAINER: _container_problems,
    **dict.fromkeys(SELECTS, _select_problems),
}
