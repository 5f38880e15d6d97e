"""The parameters that a member may write into a prompt: one table of names, limits and readings.

`Conduct.replacement_filter` is missing on purpose: a prompt that the Horde refuses without it
counts against the address of the whole service, so it is not a member's choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from bot.domain import readers
from bot.domain.readers import Reader
from bot.domain.requests import PICTURES_MAX, SEED_MAX, STEPS_MAX, Control, SourceUse


class Takes(Enum):
    """How much of the text behind its name a parameter reads."""

    NOTHING = auto()  # a switch: --tile, --no-tile
    WORD = auto()  # up to the next space
    WORDS = auto()  # up to the next parameter
    LIST = auto()  # the same, commas between items, colons between the fields of an item


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter; `key` is its name in `TypedOptions`, the first of `names` is the one shown."""

    key: str
    names: tuple[str, ...]
    takes: Takes
    read: Reader
    example: str = ""
    is_repeatable: bool = False  # what is said twice is put together

    @property
    def shown(self) -> str:
        """Its name as it is typed."""
        return f"--{self.names[0]}"


def _switch(key: str, *names: str) -> Parameter:
    return Parameter(key=key, names=names, takes=Takes.NOTHING, read=readers.switch)


def _word(key: str, *names: str, read: Reader, example: str) -> Parameter:
    return Parameter(key=key, names=names, takes=Takes.WORD, read=read, example=example)


def _words(key: str, name: str, *, read: Reader, example: str) -> Parameter:
    return Parameter(key=key, names=(name,), takes=Takes.WORDS, read=read, example=example)


def _list(key: str, name: str, *, read: Reader, example: str) -> Parameter:
    return Parameter(
        key=key, names=(name,), takes=Takes.LIST, read=read, example=example, is_repeatable=True
    )


_STRENGTH = readers.decimal(0.01, 1)  # the Horde's bounds for a denoising strength

PARAMETERS = (
    Parameter(
        key="negative",
        names=("no", "neg", "negative"),
        takes=Takes.WORDS,
        read=readers.words,
        example="hands, text",
        is_repeatable=True,
    ),
    _word("count", "n", "count", read=readers.amount(1, PICTURES_MAX), example="4"),
    _word("aspect", "ar", "aspect", read=readers.aspect, example="16:9"),
    _word("size", "size", read=readers.size, example="768x512"),
    _word("width", "width", "w", read=readers.side, example="768"),
    _word("height", "height", "h", read=readers.side, example="512"),
    _words("model", "model", read=readers.name, example='"AlbedoBase XL (SDXL)"'),
    _word("steps", "steps", read=readers.amount(1, STEPS_MAX), example="30"),
    _word("cfg", "cfg", "scale", read=readers.decimal(0, 100), example="6.5"),
    _words("sampler", "sampler", read=readers.word, example="k_euler_a"),
    _word("seed", "seed", read=readers.whole(0, SEED_MAX), example="7"),
    _word("seed_variation", "variation", read=readers.whole(1, 1000), example="5"),
    _switch("karras", "karras"),
    _word("clip_skip", "clip-skip", "clip", read=readers.whole(1, 12), example="2"),
    _switch("hires_fix", "hires", "hires-fix"),
    _word("hires_fix_strength", "hires-strength", read=_STRENGTH, example="0.6"),
    _switch("tiling", "tile", "tiling"),
    _switch("transparent", "transparent"),
    _list("loras", "lora", read=readers.loras, example="name:0.8"),
    _list("inversions", "ti", read=readers.inversions, example="name:0.5:negprompt"),
    _list("post_processing", "post", read=readers.post_processors, example="GFPGAN"),
    _word("facefixer_strength", "face-strength", read=readers.decimal(0, 1), example="0.7"),
    _word("strength", "strength", read=_STRENGTH, example="0.6"),
    _word("control", "control", read=readers.one_of(Control), example="canny"),
    _word("use", "use", read=readers.one_of(SourceUse), example="inpainting"),
    _switch("is_control_map", "control-map"),
    _switch("return_control_map", "return-map"),
    _switch("nsfw", "nsfw"),
    _switch("censor_nsfw", "censor"),
    _switch("trusted_workers", "trusted"),
    _switch("slow_workers", "slow"),
    _switch("extra_slow_workers", "extra-slow"),
    _switch("allow_downgrade", "allow-downgrade"),
)

BY_KEY: Mapping[str, Parameter] = MappingProxyType({p.key: p for p in PARAMETERS})
BY_NAME: Mapping[str, Parameter] = MappingProxyType({n: p for p in PARAMETERS for n in p.names})
OFF: Mapping[str, Parameter] = MappingProxyType(
    {f"no-{name}": p for name, p in BY_NAME.items() if p.takes is Takes.NOTHING}
)
"""Switches by the name that turns them off."""
