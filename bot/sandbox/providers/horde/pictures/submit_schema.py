"""The form of `POST /generate/async`: types, limits, and what is refused for its form.

Fields that are missing here are ignored, as the server does.
"""

from bot.sandbox.providers.horde.schema import (
    BOOLEAN,
    TEXT,
    Schema,
    integer,
    list_of,
    number,
    object_of,
    one_of,
    text,
)

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

SIDE: Schema = {"type": "integer", "minimum": 64, "maximum": 3072, "multipleOf": 64}
LORA = object_of(
    {
        "name": text(1, 255),
        "model": number(-5, 5),
        "clip": number(-5, 5),
        "inject_trigger": text(1, 30),
        "is_version": BOOLEAN,
    },
    "name",
)
EMBEDDING = object_of(
    {
        "name": text(1, 255),
        "inject_ti": one_of("prompt", "negprompt"),
        "strength": number(-5, 5),
    },
    "name",
)
PARAMS = object_of({
    "width": SIDE, "height": SIDE, "steps": integer(1, 500), "n": integer(1, 20),
    "cfg_scale": number(0, 100), "sampler_name": one_of(*SAMPLERS),
    "seed": TEXT, "seed_variation": integer(1, 1000),
    "denoising_strength": number(0.01, 1), "hires_fix_denoising_strength": number(0.01, 1),
    "karras": BOOLEAN, "tiling": BOOLEAN, "hires_fix": BOOLEAN, "transparent": BOOLEAN,
    "clip_skip": integer(1, 12), "facefixer_strength": number(0, 1),
    "post_processing": list_of(one_of(*POST_PROCESSORS), uniqueItems=True),
    "loras": list_of(LORA), "tis": list_of(EMBEDDING),
    "control_type": one_of(*CONTROL_TYPES), "image_is_control": BOOLEAN, "return_control_map": BOOLEAN,
    "workflow": one_of("qr_code"),
    "extra_texts": list_of(object_of({"text": TEXT, "reference": TEXT})),
})  # fmt: skip
SUBMIT = object_of(
    {
        "prompt": {"type": "string", "minLength": 1},
        "params": PARAMS,
        "nsfw": BOOLEAN, "censor_nsfw": BOOLEAN, "validated_backends": BOOLEAN,
        "trusted_workers": BOOLEAN, "slow_workers": BOOLEAN, "extra_slow_workers": BOOLEAN,
        "models": list_of(TEXT), "workers": list_of(TEXT), "worker_blacklist": BOOLEAN,
        "source_image": TEXT, "source_mask": TEXT,
        "source_processing": one_of("img2img", "inpainting", "outpainting", "remix"),
        "extra_source_images": list_of(object_of({"image": TEXT, "strength": {"type": "number"}})),
        "r2": BOOLEAN, "shared": BOOLEAN, "replacement_filter": BOOLEAN, "dry_run": BOOLEAN,
        "allow_downgrade": BOOLEAN, "disable_batching": BOOLEAN,
        "webhook": text(10, 1024), "style": text(3, 1024), "proxied_account": TEXT,
    },
    "prompt",
)  # fmt: skip
