"""A planned request in the Horde's words (`POST /generate/async`)."""

import base64
from typing import Any

from bot.domain.requests import Lora, PictureRequest, Source, TextualInversion
from bot.providers.base import Inputs
from bot.providers.horde.catalog import STRENGTH_MIN

NEGATIVE_MARK = "###"


def to_payload(
    request: PictureRequest, inputs: Inputs, *, is_dry_run: bool = False
) -> dict[str, Any]:
    """Return the JSON body; every switch is sent, because undocumented defaults apply otherwise."""
    conduct = request.conduct
    body: dict[str, Any] = {
        "prompt": _prompt(request),
        "params": _params(request),
        "models": [request.model] if request.model else [],
        "nsfw": conduct.nsfw,
        "censor_nsfw": conduct.censor_nsfw,
        "trusted_workers": conduct.trusted_workers,
        "slow_workers": conduct.slow_workers,
        "extra_slow_workers": conduct.extra_slow_workers,
        "replacement_filter": conduct.replacement_filter,
        "allow_downgrade": conduct.allow_downgrade,
        "validated_backends": True,  # concerns text only; true is the documented default
        "disable_batching": False,
        "shared": False,
        "r2": True,  # links instead of base64: small answers
        "dry_run": is_dry_run,
    }
    if request.style is not None:
        body["style"] = request.style  # it overrides models and params, which say the same
    if request.source is not None:
        body |= _source(request.source, inputs)
    if is_dry_run:
        return body
    return body | addressed(inputs)


def addressed(inputs: Inputs) -> dict[str, Any]:
    """Return what every kind of request says beside itself: whom to call back, and for whom it is."""
    told = {"webhook": inputs.callback_url, "proxied_account": inputs.on_behalf_of}
    return {name: value for name, value in told.items() if value is not None}


def _prompt(request: PictureRequest) -> str:
    """Join both prompts; a mark that the member wrote counts, and never splits a second time."""
    positive, _, own_negative = request.prompt.partition(NEGATIVE_MARK)
    parts = (own_negative.replace(NEGATIVE_MARK, " "), request.negative.replace(NEGATIVE_MARK, " "))
    negative = ", ".join(part.strip() for part in parts if part.strip())
    if not negative:
        return positive.strip()
    return f"{positive.strip()} {NEGATIVE_MARK} {negative}"


def _params(request: PictureRequest) -> dict[str, Any]:
    params: dict[str, Any] = {
        "n": request.count,
        "karras": request.karras,
        "hires_fix": request.hires_fix,
        "tiling": request.tiling,
        "transparent": request.transparent,
    }
    optional = {
        "width": request.width,
        "height": request.height,
        "steps": request.steps,
        "cfg_scale": request.cfg,
        "sampler_name": request.sampler,
        "seed": None if request.seed is None else str(request.seed),  # text, words allowed
        "seed_variation": request.seed_variation,
        "clip_skip": request.clip_skip,
        "hires_fix_denoising_strength": request.hires_fix_strength,
        "facefixer_strength": request.facefixer_strength,
        "post_processing": list(request.post_processing) or None,
        "loras": [_lora(lora) for lora in request.loras] or None,
        "tis": [_inversion(inversion) for inversion in request.inversions] or None,
    }
    params |= {name: value for name, value in optional.items() if value is not None}
    if request.source is not None:
        params |= _source_params(request.source)
    return params


def _lora(lora: Lora) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "name": lora.name,
        "model": lora.model_strength,
        "clip": lora.clip_strength,
        "is_version": lora.is_version,
    }
    if lora.trigger is not None:
        wire["inject_trigger"] = lora.trigger
    return wire


def _inversion(inversion: TextualInversion) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": inversion.name, "strength": inversion.strength}
    if inversion.inject is not None:
        wire["inject_ti"] = inversion.inject
    return wire


def _source(source: Source, inputs: Inputs) -> dict[str, Any]:
    assert inputs.source is not None, "a request with a source comes with its bytes"
    wire = {
        "source_image": base64.b64encode(inputs.source).decode(),
        "source_processing": source.use.value,
    }
    if source.mask is not None:
        assert inputs.mask is not None, "a request with a mask comes with its bytes"
        wire["source_mask"] = base64.b64encode(inputs.mask).decode()
    return wire


def _source_params(source: Source) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if source.strength is not None:
        params["denoising_strength"] = max(STRENGTH_MIN, source.strength)
    if source.control is not None:
        params["control_type"] = source.control.value
        params["image_is_control"] = source.is_control_map
        params["return_control_map"] = source.return_control_map
    return params
