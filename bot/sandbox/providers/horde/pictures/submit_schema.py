"""The form of `POST /generate/async`: types, limits, and what is refused for its form.

Fields that are missing here are ignored, as the server does.
"""

from collections.abc import Mapping

from bot.sandbox.providers.horde.schema import Schema

# In the order the server's error text lists them.
SAMPLERS = (
    "k_dpm_adaptive", "k_dpm_2", "k_dpmpp_2m", "k_heun", "k_dpmpp_2s_a", "k_dpm_2_a", "k_dpm_fast",
    "k_lms", "k_euler", "lcm", "k_dpmpp_sde", "dpmsolver", "k_euler_a", "DDIM",
)  # fmt: skip
UPSCALERS = frozenset({
    "RealESRGAN_x4plus", "RealESRGAN_x2plus", "RealESRGAN_x4plus_anime_6B", "NMKD_Siax",
    "4x_AnimeSharp", "4xNomos8kSC", "4xLSDIRplus", "4xNomosWebPhoto_RealPLKSR",
    "4xNomos2_realplksr_dysample", "4xNomos2_hq_dat2", "2xModernSpanimationV1",
})  # fmt: skip
POST_PROCESSORS = (
    "GFPGAN", "CodeFormers", "GFPGANv1.3", "RestoreFormer", "strip_background", *sorted(UPSCALERS)
)  # fmt: skip
CONTROL_TYPES = (
    "canny", "hed", "depth", "normal", "openpose", "seg", "scribble", "fakescribbles", "hough",
)  # fmt: skip

BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string"}


def _text(minimum: int, maximum: int) -> Schema:
    return {"type": "string", "minLength": minimum, "maxLength": maximum}


def _integer(minimum: int, maximum: int) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def _number(minimum: float, maximum: float) -> Schema:
    return {"type": "number", "minimum": minimum, "maximum": maximum}


def _one_of(*names: str) -> Schema:
    return {"type": "string", "enum": names}


def _list(items: Schema, **limits: object) -> Schema:
    return {"type": "array", "items": items, **limits}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": required}


SIDE: Schema = {"type": "integer", "minimum": 64, "maximum": 3072, "multipleOf": 64}
LORA = _object(
    {
        "name": _text(1, 255),
        "model": _number(-5, 5),
        "clip": _number(-5, 5),
        "inject_trigger": _text(1, 30),
        "is_version": BOOLEAN,
    },
    "name",
)
EMBEDDING = _object(
    {
        "name": _text(1, 255),
        "inject_ti": _one_of("prompt", "negprompt"),
        "strength": _number(-5, 5),
    },
    "name",
)
PARAMS = _object({
    "width": SIDE, "height": SIDE, "steps": _integer(1, 500), "n": _integer(1, 20),
    "cfg_scale": _number(0, 100), "sampler_name": _one_of(*SAMPLERS),
    "seed": TEXT, "seed_variation": _integer(1, 1000),
    "denoising_strength": _number(0.01, 1), "hires_fix_denoising_strength": _number(0.01, 1),
    "karras": BOOLEAN, "tiling": BOOLEAN, "hires_fix": BOOLEAN, "transparent": BOOLEAN,
    "clip_skip": _integer(1, 12), "facefixer_strength": _number(0, 1),
    "post_processing": _list(_one_of(*POST_PROCESSORS), uniqueItems=True),
    "loras": _list(LORA), "tis": _list(EMBEDDING),
    "control_type": _one_of(*CONTROL_TYPES), "image_is_control": BOOLEAN, "return_control_map": BOOLEAN,
    "workflow": _one_of("qr_code"),
    "extra_texts": _list(_object({"text": TEXT, "reference": TEXT})),
})  # fmt: skip
SUBMIT = _object(
    {
        "prompt": {"type": "string", "minLength": 1},
        "params": PARAMS,
        "nsfw": BOOLEAN, "censor_nsfw": BOOLEAN, "validated_backends": BOOLEAN,
        "trusted_workers": BOOLEAN, "slow_workers": BOOLEAN, "extra_slow_workers": BOOLEAN,
        "models": _list(TEXT), "workers": _list(TEXT), "worker_blacklist": BOOLEAN,
        "source_image": TEXT, "source_mask": TEXT,
        "source_processing": _one_of("img2img", "inpainting", "outpainting", "remix"),
        "extra_source_images": _list(_object({"image": TEXT, "strength": {"type": "number"}})),
        "r2": BOOLEAN, "shared": BOOLEAN, "replacement_filter": BOOLEAN, "dry_run": BOOLEAN,
        "allow_downgrade": BOOLEAN, "disable_batching": BOOLEAN,
        "webhook": _text(10, 1024), "style": _text(3, 1024), "proxied_account": TEXT,
    },
    "prompt",
)  # fmt: skip
