"""How a picture was made, in the words of A1111's web UI, which most tools for such pictures read.

    a lighthouse at dusk, <lora:mist:0.8>
    Negative prompt: fog
    Steps: 30, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 77, Size: 512x512, …

Three lines always: ComfyUI's import looks for the second even when it is empty, and for a third
that begins with the steps. A1111 takes a last line with less than three facts for words of the prompt.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.jobs import Picture
from bot.domain.plain_text import one_line
from bot.domain.requests import Lora, PictureRequest, TextualInversion

SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "k_euler_a": "Euler a",
        "k_euler": "Euler",
        "k_lms": "LMS",
        "k_heun": "Heun",
        "k_dpm_2": "DPM2",
        "k_dpm_2_a": "DPM2 a",
        "k_dpm_fast": "DPM fast",
        "k_dpm_adaptive": "DPM adaptive",
        "k_dpmpp_2s_a": "DPM++ 2S a",
        "k_dpmpp_2m": "DPM++ 2M",
        "k_dpmpp_sde": "DPM++ SDE",
        "lcm": "LCM",
    }
)
"""Samplers by the names that members type; others are called the same there."""

MADE_WITH = "Easel"
FACTS_MIN = 3

_NEEDS_QUOTES = re.compile(r'[,:"\n]')
_MEANS_SOMETHING = re.compile(r"[<>():]")  # in a prompt of A1111


def as_a1111(request: PictureRequest, picture: Picture) -> str:
    """Tell how one picture of a request was made: its own seed and model where they are known."""
    injected = {where: _injected(request, where) for where in ("prompt", "negprompt")}
    small_models = [_lora(lora) for lora in request.loras]
    known = {name: fact for name, fact in _facts(request, picture).items() if fact is not None}
    if len(known) < FACTS_MIN:
        known["Generator"] = MADE_WITH
    facts = ", ".join(f"{name}: {_value(fact)}" for name, fact in known.items())
    return "\n".join(
        (
            ", ".join([one_line(request.prompt), *small_models, *injected["prompt"]]),
            "Negative prompt: "
            + ", ".join(filter(None, [one_line(request.negative), *injected["negprompt"]])),
            facts,
        )
    )


def _facts(request: PictureRequest, picture: Picture) -> dict[str, str | int | float | None]:
    sampler, source = request.sampler, request.source
    return {
        "Steps": request.steps,
        "Sampler": None if sampler is None else SAMPLERS.get(sampler, sampler),
        "Schedule type": "Karras" if request.karras else None,
        "CFG scale": request.cfg,
        "Seed": _seed(request, picture),
        "Size": f"{request.width or picture.width}x{request.height or picture.height}",
        "Model": picture.model or request.model,
        "Denoising strength": None if source is None else source.strength,
        "Clip skip": request.clip_skip,
        "Version": MADE_WITH,
    }


def _seed(request: PictureRequest, picture: Picture) -> str | int | None:
    if picture.seed is not None:
        return picture.seed
    return request.seed if request.count == 1 else None  # how workers count on is their secret


def _value(fact: str | float) -> str:
    if isinstance(fact, float):
        return f"{fact:g}"
    line = one_line(str(fact))
    return json.dumps(line, ensure_ascii=False) if _NEEDS_QUOTES.search(line) else line


def _lora(lora: Lora) -> str:
    return f"<lora:{_bare(lora.name)}:{lora.model_strength:g}>"


def _injected(request: PictureRequest, where: str) -> list[str]:
    return [_weighted(word) for word in request.inversions if word.inject == where]


def _weighted(word: TextualInversion) -> str:
    return f"({_bare(word.name)}:{word.strength:g})"


def _bare(name: str) -> str:
    return one_line(_MEANS_SOMETHING.sub(" ", name))
