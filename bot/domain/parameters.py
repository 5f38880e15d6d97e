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
    meaning: str
    example: str = ""
    is_repeatable: bool = False  # what is said twice is put together

    @property
    def shown(self) -> str:
        """Its name as it is typed."""
        return f"--{self.names[0]}"


def _switch(key: str, *names: str, meaning: str) -> Parameter:
    return Parameter(
        key=key, names=names, takes=Takes.NOTHING, read=readers.switch, meaning=meaning
    )


def _word(key: str, *names: str, read: Reader, example: str, meaning: str) -> Parameter:
    return Parameter(
        key=key, names=names, takes=Takes.WORD, read=read, meaning=meaning, example=example
    )


def _words(key: str, name: str, *, read: Reader, example: str, meaning: str) -> Parameter:
    return Parameter(
        key=key, names=(name,), takes=Takes.WORDS, read=read, meaning=meaning, example=example
    )


def _list(key: str, name: str, *, read: Reader, example: str, meaning: str) -> Parameter:
    return Parameter(
        key=key,
        names=(name,),
        takes=Takes.LIST,
        read=read,
        meaning=meaning,
        example=example,
        is_repeatable=True,
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
        meaning="what should not be in the picture",
    ),
    _word(
        "count",
        "n",
        "count",
        read=readers.amount(1, PICTURES_MAX),
        example="4",
        meaning="how many pictures",
    ),
    _word(
        "aspect",
        "ar",
        "aspect",
        read=readers.aspect,
        example="16:9",
        meaning="the shape: a ratio, or square, portrait, landscape, tall, wide",
    ),
    _word(
        "size",
        "size",
        read=readers.size,
        example="768x512",
        meaning="width x height in pixels, multiples of 64",
    ),
    _word("width", "width", "w", read=readers.side, example="768", meaning="the same, one side"),
    _word("height", "height", "h", read=readers.side, example="512", meaning="the same, one side"),
    _words(
        "model",
        "model",
        read=readers.name,
        example='"AlbedoBase XL (SDXL)"',
        meaning="which model draws",
    ),
    _word(
        "steps",
        "steps",
        read=readers.amount(1, STEPS_MAX),
        example="30",
        meaning="how long it works on each picture",
    ),
    _word(
        "cfg",
        "cfg",
        "scale",
        read=readers.decimal(0, 100),
        example="6.5",
        meaning="how closely it follows the prompt",
    ),
    _words(
        "sampler",
        "sampler",
        read=readers.word,
        example="k_euler_a",
        meaning="how the noise is taken away",
    ),
    _words(
        "style",
        "style",
        read=readers.name,
        example="neon-punk",
        meaning="a look or a preset that the provider knows by name, see `/styles`",
    ),
    _word(
        "seed",
        "seed",
        read=readers.whole(0, SEED_MAX),
        example="7",
        meaning="the same seed and settings give the same picture again",
    ),
    _word(
        "seed_variation",
        "variation",
        read=readers.whole(1, 1000),
        example="5",
        meaning="how far the seeds of several pictures are apart",
    ),
    _switch("karras", "karras", meaning="the noise schedule of that name; on unless --no-karras"),
    _word(
        "clip_skip",
        "clip-skip",
        "clip",
        read=readers.whole(1, 12),
        example="2",
        meaning="leave out the last layers of the text reader",
    ),
    _switch("hires_fix", "hires", "hires-fix", meaning="work in two passes, for large pictures"),
    _word(
        "hires_fix_strength",
        "hires-strength",
        read=_STRENGTH,
        example="0.6",
        meaning="how much the second pass may change",
    ),
    _switch("tiling", "tile", "tiling", meaning="edges that fit together"),
    _switch("transparent", "transparent", meaning="leave out the background"),
    _list(
        "loras",
        "lora",
        read=readers.loras,
        example="name:0.8",
        meaning="small models laid over the big one, name:strength",
    ),
    _list(
        "inversions",
        "ti",
        read=readers.inversions,
        example="name:0.5:negprompt",
        meaning="learned words, name:strength:prompt or negprompt",
    ),
    _list(
        "post_processing",
        "post",
        read=readers.post_processors,
        example="GFPGAN",
        meaning="what is done afterwards: upscalers, face fixers, strip_background",
    ),
    _word(
        "facefixer_strength",
        "face-strength",
        read=readers.decimal(0, 1),
        example="0.7",
        meaning="how much faces are mended",
    ),
    _word(
        "strength",
        "strength",
        read=_STRENGTH,
        example="0.6",
        meaning="how far to go from the attached picture; 1 ignores it",
    ),
    _word(
        "control",
        "control",
        read=readers.one_of(Control),
        example="canny",
        meaning="what of the attached picture steers the composition",
    ),
    _word(
        "use",
        "use",
        read=readers.one_of(SourceUse),
        example="inpainting",
        meaning="what the attached picture is for: img2img, inpainting, outpainting, remix",
    ),
    _switch(
        "is_control_map", "control-map", meaning="the attached picture is a control map already"
    ),
    _switch(
        "return_control_map", "return-map", meaning="give back the control map instead of a picture"
    ),
    _switch("nsfw", "nsfw", meaning="allow adult content; only in age-restricted channels"),
    _switch("censor_nsfw", "censor", meaning="withhold adult pictures that come all the same"),
    _switch("trusted_workers", "trusted", meaning="only workers that the provider trusts"),
    _switch("slow_workers", "slow", meaning="slow workers as well; on unless --no-slow"),
    _switch("extra_slow_workers", "extra-slow", meaning="very slow workers as well"),
    _switch(
        "allow_downgrade",
        "allow-downgrade",
        meaning="let the provider make it smaller rather than refuse",
    ),
    _switch("private", "private", meaning="leave prompt and settings out of the picture files"),
)

BY_KEY: Mapping[str, Parameter] = MappingProxyType({p.key: p for p in PARAMETERS})
BY_NAME: Mapping[str, Parameter] = MappingProxyType({n: p for p in PARAMETERS for n in p.names})
OFF: Mapping[str, Parameter] = MappingProxyType(
    {f"no-{name}": p for name, p in BY_NAME.items() if p.takes is Takes.NOTHING}
)
"""Switches by the name that turns them off."""


def parameters_table() -> str:
    """Return the parameters as the Markdown table of the README."""
    rows = []
    for parameter in PARAMETERS:
        others = ", ".join(f"`--{name}`" for name in parameter.names[1:])
        typed = f"{parameter.shown} {parameter.example}".rstrip()
        rows.append(f"| `{typed}` | {parameter.meaning} | {others} |")
    return "\n".join(["| written in the prompt | means | also |", "|---|---|---|", *rows])
