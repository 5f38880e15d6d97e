"""Styles of the Horde: whole presets that somebody made. The Horde applies them, prompt and all.

What a style sets is written into the request as well, so that price, limits and card are true. A
style that was not read yet cannot be used: nobody would know what it costs, or whether it is for
adults.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.requests import PictureRequest
from bot.domain.styles import Style
from bot.providers.base import Model, Plan
from bot.providers.horde.catalog import POST_PROCESSORS, SAMPLERS
from bot.providers.horde.plan import to_plan
from bot.providers.horde.wire import TITLE, StyleRow

KNOWN_MAX = 2000

# What a style decides and a request may not, by the style's name for it.
_SET: Mapping[str, str] = MappingProxyType(
    {
        "width": "width",
        "height": "height",
        "steps": "steps",
        "cfg_scale": "cfg",
        "sampler_name": "sampler",
        "karras": "karras",
        "clip_skip": "clip_skip",
        "hires_fix": "hires_fix",
        "tiling": "tiling",
        "transparent": "transparent",
        "post_processing": "post_processing",
    }
)
_KINDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "width": (int,),
        "height": (int,),
        "steps": (int,),
        "cfg": (int, float),
        "sampler": (str,),
        "karras": (bool,),
        "clip_skip": (int,),
        "hires_fix": (bool,),
        "tiling": (bool,),
        "transparent": (bool,),
        "post_processing": (tuple,),
    }
)
_DECIDED: Mapping[str, str] = MappingProxyType(
    {
        "model": "model",
        "width": "size",
        "height": "size",
        "steps": "steps",
        "cfg": "guidance scale",
        "sampler": "sampler",
        "clip_skip": "clip skip",
        "hires_fix": "hires fix",
        "tiling": "tiling",
        "transparent": "transparency",
        "loras": "LoRAs",
        "inversions": "textual inversions",
        "post_processing": "post-processing",
    }
)
_KEPT = frozenset({"width", "height"})
_USUAL = PictureRequest(prompt="")


class StyleBook:
    """The styles that were read, by every name that a member may use."""

    def __init__(self) -> None:
        self._rows: dict[str, StyleRow] = {}

    def learn(self, rows: Iterable[StyleRow]) -> None:
        """Remember styles; of too many, the first learned go."""
        for row in rows:
            self._rows.pop(row.id, None)
            self._rows[row.id] = row
        for style_id in list(self._rows)[: len(self._rows) - KNOWN_MAX]:
            del self._rows[style_id]

    def find(self, name: str) -> StyleRow:
        """Return a style by id, by unique name, or by plain name (the most used of that name).

        Raises:
            InvalidRequest: for one that is not known, with names that are near to it.
        """
        meant = name.strip().casefold()
        found = [row for row in self._rows.values() if meant in _names(row)]
        if found:
            return max(found, key=lambda row: row.use_count)
        plain = {row.name.casefold(): row.name for row in self._rows.values()}
        near = [plain[one] for one in get_close_matches(meant, plain, 3, 0.5)]
        hint = f"Near to it: {', '.join(near)}." if near else "/styles shows what there is."
        raise InvalidRequest(f"I don't know a style “{name[:60]}” of {TITLE}. {hint}")


def to_style(row: StyleRow) -> Style:
    """Return what a member may know of a style."""
    return Style(
        name=unique_name(row),
        title=row.name,
        creator=row.creator,
        about=row.info,
        prompt=row.prompt,
        model=row.models[0] if row.models else None,
        width=_whole(row.params.get("width")),
        height=_whole(row.params.get("height")),
        steps=_whole(row.params.get("steps")),
        tags=row.tags,
        is_adult=row.nsfw,
        uses=row.use_count,
    )


def unique_name(row: StyleRow) -> str:
    """Return the name that no other style has."""
    return f"{row.creator}::style::{row.name}" if row.creator else row.id


def to_styled_plan(
    request: PictureRequest, row: StyleRow, *, models: Sequence[Model], is_anonymous: bool
) -> Plan:
    """Plan what a style makes of a request, and say what of the member's wishes that leaves out.

    Where nobody's account may not have all that the style wants, the Horde may make it smaller.

    Raises:
        InvalidRequest: for a style for adults where adult content was not asked for.
    """
    if row.nsfw and not request.conduct.nsfw:
        raise InvalidRequest(
            f"The style “{row.name[:60]}” is for adults: ask for it with --nsfw, "
            "in an age-restricted channel."
        )
    wanted = _styled(request, row, served={model.name for model in models})
    plan = to_plan(wanted, models=models, is_anonymous=is_anonymous)
    planned = plan.request
    assert isinstance(planned, PictureRequest)
    if _is_smaller(planned, wanted):
        planned = planned.evolve(conduct=replace(planned.conduct, allow_downgrade=True))
    lost = dict.fromkeys(
        words for name, words in _DECIDED.items() if _is_lost(name, request, planned)
    )
    notes = (f"The style decides these, not you: {', '.join(lost)}.",) if lost else ()
    return replace(plan, request=planned, notes=notes + plan.notes)


def _styled(request: PictureRequest, row: StyleRow, *, served: Collection[str]) -> PictureRequest:
    """Return a request with what its style sets; only a size that it does not set is kept."""
    usual = {name: getattr(_USUAL, name) for name in _DECIDED if name not in _KEPT}
    chosen = {"model": _model(row.models, served), "style": unique_name(row)}
    return request.evolve(**{**usual, **_settings(row.params), **chosen})


def _is_lost(name: str, request: PictureRequest, planned: PictureRequest) -> bool:
    """Tell whether a member asked for something else than will come."""
    return getattr(request, name) not in (
        None,
        getattr(_USUAL, name),
        getattr(planned, name),
    )


def _is_smaller(planned: PictureRequest, wanted: PictureRequest) -> bool:
    """Tell whether the plan had to lower what the style wants."""
    pairs = ((planned.steps, wanted.steps), (planned.width, wanted.width))
    return any(one is not None and two is not None and one < two for one, two in pairs)


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a style sets, as far as a request has a name and a fitting value for it."""
    found = {_SET[name]: value for name, value in params.items() if name in _SET}
    if found.get("sampler") not in SAMPLERS:
        found.pop("sampler", None)
    processors = found.get("post_processing", ())
    found["post_processing"] = tuple(one for one in processors if one in POST_PROCESSORS)
    return {name: value for name, value in found.items() if _fits(name, value)}


def _fits(name: str, value: object) -> bool:
    """Tell whether a value is of the kind that a request holds under a name."""
    kinds = _KINDS[name]
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _model(models: Sequence[str], served: Collection[str]) -> str | None:
    """Return the first model of a style that somebody serves; the Horde takes any of them."""
    return next((name for name in models if name in served), next(iter(models), None))


def _names(row: StyleRow) -> tuple[str, str, str]:
    return row.id.casefold(), unique_name(row).casefold(), row.name.casefold()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
