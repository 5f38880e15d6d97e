"""The styles of one kind of request, and what they make of a request that names one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.sandbox.providers.horde.refusals import Refusal

PAGE = 25


@dataclass(slots=True, kw_only=True)
class Style:
    """A named preset; `{p}` and `{np}` in its prompt stand for the member's two halves."""

    style_id: str
    name: str
    creator: str
    info: str = ""
    prompt: str = "{p}{np}"
    params: Mapping[str, object] = field(default_factory=dict)
    models: tuple[str, ...] = ("stable_diffusion",)
    tags: tuple[str, ...] = ()
    nsfw: bool = False
    public: bool = True
    use_count: int = 0

    @property
    def unique_name(self) -> str:
        """The name that no other style has."""
        return f"{self.creator}::style::{self.name}"

    def to_wire(self) -> dict[str, object]:
        """Return the style as answers carry it."""
        return {
            "id": self.style_id,
            "use_count": self.use_count,
            "creator": self.creator,
            "examples": [],
            "name": self.name,
            "info": self.info,
            "prompt": self.prompt,
            "params": dict(self.params),
            "public": self.public,
            "nsfw": self.nsfw,
            "tags": list(self.tags),
            "models": list(self.models),
        }


class StyleBook:
    """All styles of one kind, the oldest first."""

    def __init__(self) -> None:
        self._styles: list[Style] = []

    def __iter__(self) -> Iterator[Style]:
        return iter(self._styles)

    def add(self, style: Style) -> None:
        """Add a style; one of the same creator and name is replaced."""
        self._styles = [kept for kept in self if kept.unique_name != style.unique_name] + [style]

    def find(self, name: str) -> Style | None:
        """Return the style with this id, unique name or, the first of several, plain name."""
        return next(
            (style for style in self if name in {style.style_id, style.unique_name, style.name}),
            None,
        )

    def page(self, number: int, *, by_age: bool, tag: str, model: str) -> list[Style]:
        """Return a page of the public styles, the most used or the newest first."""
        found = [
            style
            for style in reversed(self._styles)
            if style.public
            and (not tag or tag in style.tags)
            and (not model or model in style.models)
        ]
        if not by_age:
            found.sort(key=lambda style: -style.use_count)
        return found[(number - 1) * PAGE : number * PAGE]


def styled(payload: Mapping[str, object], book: StyleBook) -> dict[str, object]:
    """Return the payload as its style makes it: only `n`, and a size the style lacks, are kept."""
    name = payload.get("style")
    if name is None:
        return dict(payload)
    style = book.find(str(name))
    if style is None:
        raise Refusal(404, f"Style with ID '{name}' not found.", rc="StyleNotFound")
    style.use_count += 1
    sent = payload.get("params", {})
    assert isinstance(sent, Mapping)
    kept = {key: sent[key] for key in ("n", "width", "height", "seed") if key in sent}
    positive, mark, negative = str(payload.get("prompt", "")).partition("###")
    prompt = style.prompt.replace("{p}", positive.strip()).replace("{np}", mark + negative)
    overrides: dict[str, object] = {
        "prompt": prompt,
        "params": kept | dict(style.params),
        "models": list(style.models),
        "nsfw": style.nsfw,
    }
    return dict(payload) | overrides
