"""Components as stored: ids filled in, defaults drawn, `attachment://` resolved.

The shapes of the answers are the OpenAPI description's `…ComponentResponse`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.sandbox.discord.components import SELECTS, Kind, walk
from bot.sandbox.discord.wire import Json

SCHEME = "attachment://"
NUMBERS = range(1, 10_000)

DEFAULTS: dict[int, Json] = {
    Kind.THUMBNAIL: {"spoiler": False, "description": None},
    Kind.FILE: {"spoiler": False},
    Kind.CONTAINER: {"spoiler": False, "accent_color": None},
    Kind.SEPARATOR: {"divider": True, "spacing": 1},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}


@dataclass(frozen=True, slots=True)
class Media:
    """An `UnfurledMediaResponse`, and the size in bytes where the file is ours."""

    payload: Json
    size: int | None = None


FOR_MODALS = frozenset({"required"})  # taken with selects, kept by modals only

ResolveMedia = Callable[[str], Media]
"""Finds what a URL as sent (`attachment://…` or https) stands for."""


def settle(components: Sequence[Json], *, media: ResolveMedia) -> list[Json]:
    """Return the components as Discord would store and answer them."""
    taken = {component["id"] for _, component in walk(components) if component.get("id")}
    free = (number for number in NUMBERS if number not in taken)
    return [_settled(component, free=free, media=media) for component in components]


def _settled(component: Json, *, free: Iterator[int], media: ResolveMedia) -> Json:
    sent = {k: v for k, v in component.items() if v is not None and k not in FOR_MODALS}
    settled: Json = DEFAULTS.get(component["type"], {}) | sent
    settled["id"] = component.get("id") or next(free)
    if "emoji" in sent:  # a standard one is sent with an empty id and stored without
        settled["emoji"] = {
            name: value for name, value in sent["emoji"].items() if value is not None
        }
    if "components" in sent:
        settled["components"] = [
            _settled(child, free=free, media=media) for child in sent["components"]
        ]
    for inner in ("component", "accessory"):
        if inner in sent:
            settled[inner] = _settled(sent[inner], free=free, media=media)
    _resolve_media(settled, media)
    return settled


def _resolve_media(component: Json, media: ResolveMedia) -> None:
    match component["type"]:
        case Kind.MEDIA_GALLERY:
            component["items"] = [_gallery_item(item, media) for item in component["items"]]
        case Kind.THUMBNAIL:
            component["media"] = media(component["media"]["url"]).payload
        case Kind.FILE:
            sent: str = component["file"]["url"]
            file = media(sent)
            component["file"] = file.payload
            component |= {"name": sent.removeprefix(SCHEME), "size": file.size}
        case _:
            pass


def _gallery_item(item: Json, media: ResolveMedia) -> Json:
    return {
        "media": media(item["media"]["url"]).payload,
        "description": item.get("description"),
        "spoiler": bool(item.get("spoiler")),
    }
