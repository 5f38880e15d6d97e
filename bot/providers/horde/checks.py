"""What the Horde cannot do, said before anything is sent or spent."""

from difflib import get_close_matches
from typing import NoReturn

from bot.domain.errors import InvalidRequest
from bot.domain.requests import (
    SEED_MAX,
    SIDE_MAX_PX,
    SIDE_MIN_PX,
    STEPS_MAX,
    Lora,
    PictureRequest,
    Source,
    SourceUse,
    TextualInversion,
)
from bot.providers.horde.catalog import (
    CFG_MAX,
    CLIP_SKIP_MAX,
    COUNT_MAX,
    EXTRA_STRENGTH_MAX,
    INVERSIONS_MAX,
    LORAS_MAX,
    NAME_CHARS_MAX,
    POST_PROCESSORS,
    SAMPLERS,
    SEED_VARIATION_MAX,
    STRENGTH_MIN,
    TRIGGER_CHARS_MAX,
    UPSCALERS,
    Family,
)
from bot.providers.horde.wire import TITLE


def check_values(request: PictureRequest) -> None:
    """Refuse what lies outside a limit, whatever the model."""
    if not request.prompt.strip():
        _refuse("Describe the picture: the prompt is empty.")
    _within("The count", request.count, 1, COUNT_MAX)
    _within("The width", request.width, SIDE_MIN_PX, SIDE_MAX_PX)
    _within("The height", request.height, SIDE_MIN_PX, SIDE_MAX_PX)
    _within("The steps", request.steps, 1, STEPS_MAX)
    _within("The guidance scale", request.cfg, 0, CFG_MAX)
    _within("The seed", request.seed, 0, SEED_MAX)
    _within("The seed variation", request.seed_variation, 1, SEED_VARIATION_MAX)
    _within("The clip skip", request.clip_skip, 1, CLIP_SKIP_MAX)
    _within("The hires fix strength", request.hires_fix_strength, STRENGTH_MIN, 1)
    _within("The face fixer strength", request.facefixer_strength, 0, 1)
    _check_extras(request.loras, request.inversions)
    if request.source is not None:
        _check_source(request.source)


def check_family(request: PictureRequest, family: Family) -> None:
    """Refuse what this family of models cannot do."""
    if request.hires_fix and not family.has_hires_fix:
        _refuse(f"{family.name} models have no hires fix: leave it out, or choose another model.")
    if request.transparent and not family.has_transparency:
        _refuse("Transparent pictures need a Stable Diffusion 1.5 or SDXL model.")
    if request.source is not None and request.source.control and not family.has_control:
        _refuse("A control type needs a Stable Diffusion 1.5 model.")


def _check_source(source: Source) -> None:
    _within("The strength", source.strength, 0, 1)
    if source.mask is not None and source.use is SourceUse.REMIX:
        _refuse("A remix takes no mask: leave the mask out, or choose inpainting.")
    if source.control is None and (source.is_control_map or source.return_control_map):
        _refuse("A control map needs a control type.")
    if source.is_control_map and source.return_control_map:
        _refuse("The source is the control map already: it need not be returned.")


def _check_extras(loras: tuple[Lora, ...], inversions: tuple[TextualInversion, ...]) -> None:
    _within("The number of LoRAs", len(loras), 0, LORAS_MAX)
    for lora in loras:
        _within("The length of a LoRA's name", len(lora.name), 1, NAME_CHARS_MAX)
        _within("A LoRA's strength", lora.model_strength, -EXTRA_STRENGTH_MAX, EXTRA_STRENGTH_MAX)
        _within("A LoRA's strength", lora.clip_strength, -EXTRA_STRENGTH_MAX, EXTRA_STRENGTH_MAX)
        if lora.trigger is not None:
            _within("The length of a LoRA's trigger", len(lora.trigger), 1, TRIGGER_CHARS_MAX)
        if lora.is_version and not lora.name.isdecimal():
            _refuse("A LoRA's version is a number.")
    _within("The number of textual inversions", len(inversions), 0, INVERSIONS_MAX)
    for inversion in inversions:
        _within("The length of an inversion's name", len(inversion.name), 1, NAME_CHARS_MAX)
        _within(
            "A textual inversion's strength",
            inversion.strength,
            -EXTRA_STRENGTH_MAX,
            EXTRA_STRENGTH_MAX,
        )
        if inversion.inject not in (None, "prompt", "negprompt"):
            _refuse("A textual inversion goes into “prompt” or “negprompt”.")


def sampler_named(asked: str) -> str:
    """Return the Horde's spelling of a sampler."""
    known = {name.lower(): name for name in SAMPLERS}
    if (name := known.get(asked.lower())) is None:
        _refuse(f"{TITLE} has no sampler “{asked[:40]}”. It has: {', '.join(SAMPLERS)}.")
    return name


def post_processors_named(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Horde's spelling of the post-processors, each once; one upscaler at most."""
    known = {name.lower(): name for name in POST_PROCESSORS}
    names: dict[str, None] = {}  # keeps the order
    for one in asked:
        if (name := known.get(one.lower())) is None:
            _refuse(
                f"{TITLE} has no post-processor “{one[:40]}”. It has: {', '.join(POST_PROCESSORS)}."
            )
        names[name] = None
    upscalers = [name for name in names if name in UPSCALERS]
    if len(upscalers) > 1:
        _refuse(f"One upscaler at a time: keep one of {', '.join(upscalers)}.")
    return tuple(names)


def model_named(asked: str, served: tuple[str, ...]) -> str:
    """Return the Horde's spelling of a model; `served` is the list of now, most served first."""
    known = {name.lower(): name for name in served}
    if (name := known.get(asked.lower())) is not None:
        return name
    near = [known[name] for name in known if asked.lower() in name][:3]
    near = near or [known[name] for name in get_close_matches(asked.lower(), known, 3, 0.5)]
    hint = f"Near to it: {', '.join(near)}." if near else f"Much used: {', '.join(served[:3])}."
    raise InvalidRequest(f"{TITLE} has no model “{asked[:60]}” now. {hint}")


def _within(what: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:  # so said, it refuses NaN too
        _refuse(f"{what} must lie between {low} and {high}.")


def _refuse(sentence: str) -> NoReturn:
    raise InvalidRequest(sentence)
