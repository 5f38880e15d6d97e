"""Draw components and files as text for a terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.sandbox.discord.components import SELECTS, Kind, kind_of
from bot.sandbox.discord.wire import Json

RULE = "─" * 24
KIBIBYTE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file on a card, with the bytes that the CDN serves under `url`."""

    id: str
    filename: str
    description: str | None
    data: bytes
    url: str
    content_type: str
    width: int | None
    height: int | None
    spoiler: bool

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)


def drawn(components: Sequence[Json], files: Sequence[ShownFile]) -> list[str]:
    """Return the lines a person sees, top to bottom; files that no component shows come last."""
    lines = list(_lines(components, {file.id: file for file in files}))
    beside = [file for file in files if not any(file.filename in line for line in lines)]
    return lines + [_picture(file, alt=None, covered=file.spoiler) for file in beside]


def _lines(components: Sequence[Json], files: dict[str, ShownFile]) -> Iterator[str]:
    for component in components:
        kind = kind_of(component)
        if kind in DRAWN:
            yield from DRAWN[kind](component, files)


def _text(component: Json, _files: dict[str, ShownFile]) -> Iterator[str]:
    yield from component["content"].splitlines()


def _container(component: Json, files: dict[str, ShownFile]) -> Iterator[str]:
    for line in _lines(component["components"], files):
        yield f"▌ {line}"


def _section(component: Json, files: dict[str, ShownFile]) -> Iterator[str]:
    yield from _lines(component["components"], files)
    yield from _lines([component["accessory"]], files)


def _row(component: Json, _files: dict[str, ShownFile]) -> Iterator[str]:
    yield " ".join(_control(child) for child in component["components"])


def _single(component: Json, _files: dict[str, ShownFile]) -> Iterator[str]:
    yield _control(component)


def _gallery(component: Json, files: dict[str, ShownFile]) -> Iterator[str]:
    for item in component["items"]:
        yield _media(item["media"], files, alt=item["description"], covered=item["spoiler"])


def _thumbnail(component: Json, files: dict[str, ShownFile]) -> Iterator[str]:
    media, alt = component["media"], component["description"]
    yield _media(media, files, alt=alt, covered=component["spoiler"])


def _file(component: Json, files: dict[str, ShownFile]) -> Iterator[str]:
    yield _media(component["file"], files, alt=None, covered=component["spoiler"])


def _separator(component: Json, _files: dict[str, ShownFile]) -> Iterator[str]:
    yield RULE if component["divider"] else ""


def _control(component: Json) -> str:
    if kind_of(component) in SELECTS:
        return f"[{component.get('placeholder') or component['custom_id']} ▾]"
    emoji = (component.get("emoji") or {}).get("name")
    face = " ".join(filter(None, (emoji, component.get("label"))))
    return f"({face})" if component.get("disabled") else f"[{face}]"


def _media(media: Json, files: dict[str, ShownFile], *, alt: str | None, covered: bool) -> str:
    file = files.get(media.get("attachment_id", ""))
    if file is None:
        return " ".join(filter(None, ("🖼", media["url"], alt)))
    return _picture(file, alt=alt, covered=covered)


def _picture(file: ShownFile, *, alt: str | None, covered: bool) -> str:
    size = f"{file.width}×{file.height}" if file.width else None
    weight = f"{max(1, round(file.size / KIBIBYTE))} KB"
    mark = "(spoiler)" if covered else None
    words = ("🖼", file.filename, size, weight, mark, alt or file.description)
    return " ".join(filter(None, words))


Drawing = Callable[[Json, dict[str, ShownFile]], Iterator[str]]
DRAWN: dict[Kind | None, Drawing] = {
    Kind.TEXT_DISPLAY: _text,
    Kind.CONTAINER: _container,
    Kind.SECTION: _section,
    Kind.ACTION_ROW: _row,
    Kind.BUTTON: _single,
    Kind.MEDIA_GALLERY: _gallery,
    Kind.THUMBNAIL: _thumbnail,
    Kind.FILE: _file,
    Kind.SEPARATOR: _separator,
}
