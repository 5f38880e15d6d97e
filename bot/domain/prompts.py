"""From what a member typed to a request, and back: prompt, inline `--parameters`, typed options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.inline import escaped, split
from bot.domain.parameters import BY_KEY, PARAMETERS, Parameter
from bot.domain.plain_text import one_line
from bot.domain.readers import Mistake
from bot.domain.requests import (
    PROMPT_CHARS_MAX,
    BlobId,
    Conduct,
    PictureRequest,
    Source,
    SourceUse,
)
from bot.domain.sizes import AREA_PX, size_for
from bot.domain.writers import written

TEXT_CHARS_MAX = 32_000  # prompt, negative and every parameter at its longest
MISTAKES_SHOWN_MAX = 8
NEGATIVE_MARK = "###"  # the AI Horde reads what follows it as the negative prompt

Setting = int | float | str | bool | None
"""A value as a typed option or a preference holds it, read as if it stood behind `--name`.

None and "" mean that nothing was said: that is what an empty field of a form holds.
"""

_SIZE_KEYS = ("aspect", "size", "width", "height")
_SOURCE_KEYS = frozenset(f.name for f in fields(Source)) & BY_KEY.keys()
_CONDUCT_KEYS = frozenset(f.name for f in fields(Conduct)) & BY_KEY.keys()
_PLAIN_KEYS = frozenset(f.name for f in fields(PictureRequest)) & BY_KEY.keys() - set(_SIZE_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedOptions:
    """What came beside the text: slash options and attachments.

    `loras`, `inversions` and `post_processing` are text as behind `--lora`, `--ti` and `--post`.
    """

    negative: str | None = None
    count: int | None = None
    aspect: str | None = None
    size: str | None = None
    width: int | None = None
    height: int | None = None
    model: str | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    style: str | None = None
    seed: int | None = None
    seed_variation: int | None = None
    karras: bool | None = None
    clip_skip: int | None = None
    hires_fix: bool | None = None
    hires_fix_strength: float | None = None
    tiling: bool | None = None
    transparent: bool | None = None
    loras: str | None = None
    inversions: str | None = None
    post_processing: str | None = None
    facefixer_strength: float | None = None
    strength: float | None = None
    control: str | None = None
    use: str | None = None
    is_control_map: bool | None = None
    return_control_map: bool | None = None
    nsfw: bool | None = None
    censor_nsfw: bool | None = None
    trusted_workers: bool | None = None
    slow_workers: bool | None = None
    extra_slow_workers: bool | None = None
    allow_downgrade: bool | None = None
    private: bool | None = None
    picture: BlobId | None = None
    mask: BlobId | None = None

    def settings(self) -> dict[str, Setting]:
        """Return the options by the key of their parameter, without the attachments."""
        return {key: getattr(self, key) for key in BY_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPrompt:
    """A text taken apart; `changes` are values already read, by the key of their parameter."""

    prompt: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()


NO_OPTIONS = TypedOptions()
NO_DEFAULTS: Mapping[str, Setting] = MappingProxyType({})


def parse_prompt(text: str) -> ParsedPrompt:
    """Separate the prompt from its parameters; what cannot be read is listed, not raised."""
    line = one_line(text)
    if len(line) > TEXT_CHARS_MAX:
        return ParsedPrompt(prompt="", mistakes=(_too_long("text", line, TEXT_CHARS_MAX),))
    parts = split(line)
    changes: dict[str, Any] = {}
    mistakes = list(parts.mistakes)
    for key, values in parts.values.items():
        parameter = BY_KEY[key]
        raw = [", ".join(filter(None, values))] if parameter.is_repeatable else values
        read = [value for text in raw for value in _read(parameter, text, mistakes)]
        if any(value != read[0] for value in read):
            mistakes.append(f"{parameter.shown} is there twice: keep one.")
        elif read:
            changes[key] = read[0]
    return ParsedPrompt(prompt=parts.prompt, changes=changes, mistakes=tuple(mistakes))


def build_request(
    text: str, *, options: TypedOptions = NO_OPTIONS, defaults: Mapping[str, Setting] = NO_DEFAULTS
) -> PictureRequest:
    """Make a request of a text, the options beside it and, for what neither says, defaults.

    Defaults have the keys of `TypedOptions`. Where text and option speak of the same thing they
    must agree. Raises `InvalidRequest` with every mistake, one sentence a line.
    """
    parsed = parse_prompt(text)
    mistakes = list(parsed.mistakes)
    typed = _read_all(options.settings(), mistakes)
    usual = _read_all(defaults, mistakes)
    mistakes += [
        f"{BY_KEY[key].shown} in the prompt and the option beside it do not agree: keep one."
        for key, value in parsed.changes.items()
        if key in typed and typed[key] != value
    ]
    said = {**typed, **parsed.changes}
    mistakes += _contradictions(said)
    mistakes += _missing_pictures(said, options)
    mistakes += _unusable_words(parsed, said.get("negative", ""))
    if mistakes:
        raise InvalidRequest(_told(mistakes))
    return _assembled(parsed.prompt, said=said, usual=usual, options=options)


def as_parameters(request: PictureRequest) -> str:
    """Write a request as the text that makes it.

    `build_request`, given this text, no defaults and the same attachments, returns the request.
    """
    settings = _settings(request)
    changed = [
        written(parameter, settings[parameter.key])
        for parameter in PARAMETERS
        if parameter.key in settings
    ]
    return " ".join([escaped(request.prompt), *changed])


def _read(parameter: Parameter, text: str, mistakes: list[str]) -> list[Any]:
    """Return the value alone in a list, or nothing and one mistake more."""
    try:
        return [parameter.read(text)]
    except Mistake as mistake:
        like = f"{parameter.shown} {parameter.example}"
        mistakes.append(f"{parameter.shown} {mistake}".replace("{like}", like))
        return []


def _read_all(settings: Mapping[str, Setting], mistakes: list[str]) -> dict[str, Any]:
    assert settings.keys() <= BY_KEY.keys(), settings.keys() - BY_KEY.keys()
    return {
        key: value
        for key, setting in settings.items()
        if setting not in {None, ""}
        for value in _read(BY_KEY[key], one_line(str(setting)), mistakes)
    }


def _contradictions(said: Mapping[str, Any]) -> list[str]:
    shapes = [BY_KEY[key].shown for key in _SIZE_KEYS if key in said]
    is_clash = len(shapes) > 1 and ("aspect" in said or "size" in said)
    return [f"{' and '.join(shapes)} cannot go together: keep one."] if is_clash else []


def _missing_pictures(said: Mapping[str, Any], options: TypedOptions) -> list[str]:
    if options.picture is not None:
        return []
    needy = [BY_KEY[key].shown for key in said if key in _SOURCE_KEYS]
    if options.mask is not None:
        needy.append("A mask")
    return [f"{name} needs a picture to start from: attach one." for name in needy]


def _unusable_words(parsed: ParsedPrompt, negative: str) -> list[str]:
    found = []
    if not parsed.prompt and not parsed.mistakes:
        found.append("Tell me what to draw: the prompt is empty.")
    for name, text in (("prompt", parsed.prompt), ("--no text", negative)):
        if len(text) > PROMPT_CHARS_MAX:
            found.append(_too_long(name, text, PROMPT_CHARS_MAX))
        if NEGATIVE_MARK in text:
            found.append(f"Take {NEGATIVE_MARK} out of the {name}: some providers cut it there.")
    return found


def _too_long(name: str, text: str, most: int) -> str:
    return f"Your {name} has {len(text)} characters: at most {most}, please shorten it."


def _told(mistakes: list[str]) -> str:
    unique = list(dict.fromkeys(mistakes))
    more = len(unique) - MISTAKES_SHOWN_MAX
    return "\n".join(unique[:MISTAKES_SHOWN_MAX] + ([f"And {more} more."] if more > 0 else []))


def _assembled(
    prompt: str, *, said: Mapping[str, Any], usual: Mapping[str, Any], options: TypedOptions
) -> PictureRequest:
    settings = {**usual, **said}
    width, height = _sides(said, usual=_sides(usual, usual=(None, None)))
    source = None
    if options.picture is not None:
        chosen = {"use": _usual_use(options.mask), **_only(settings, _SOURCE_KEYS)}
        source = Source(picture=options.picture, mask=options.mask, **chosen)
    return PictureRequest(
        prompt=prompt,
        width=width,
        height=height,
        source=source,
        conduct=Conduct(**_only(settings, _CONDUCT_KEYS)),
        **_only(settings, _PLAIN_KEYS),
    )


def _only(settings: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: settings[key] for key in keys if key in settings}


Sides = tuple[int | None, int | None]


def _sides(settings: Mapping[str, Any], *, usual: Sides) -> Sides:
    single = (settings.get("width", usual[0]), settings.get("height", usual[1]))
    width, height = settings.get("size", single)
    if "aspect" not in settings:
        return width, height
    return size_for(settings["aspect"], width * height if width and height else AREA_PX)


def _usual_use(mask: BlobId | None) -> SourceUse:
    return SourceUse.IMG2IMG if mask is None else SourceUse.INPAINTING


def _settings(request: PictureRequest) -> dict[str, Any]:
    """Return what differs from a bare request, by the key of its parameter."""
    usual = PictureRequest(prompt="")
    settings = _differences(request, usual, _PLAIN_KEYS | {"width", "height"})
    settings |= _differences(request.conduct, usual.conduct, _CONDUCT_KEYS)
    if request.source:
        mask = request.source.mask
        bare = Source(picture=request.source.picture, use=_usual_use(mask))
        settings |= _differences(request.source, bare, _SOURCE_KEYS)
    if "width" in settings and "height" in settings:
        settings["size"] = (settings.pop("width"), settings.pop("height"))
    return settings


def _differences(value: object, usual: object, keys: Iterable[str]) -> dict[str, Any]:
    return {key: getattr(value, key) for key in keys if getattr(value, key) != getattr(usual, key)}
