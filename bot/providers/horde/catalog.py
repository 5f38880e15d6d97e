"""What the Horde offers and allows, as tables.

Source: server 5.1.5, API 2.5, `POST /generate/async`; the families' habits are the model makers'.
"""

import re
from dataclasses import dataclass

ANONYMOUS_KEY = "0000000000"
DEFAULT_MODEL = "AlbedoBase XL (SDXL)"
DEFAULT_CONTROL_MODEL = "stable_diffusion"  # ControlNet is at home with Stable Diffusion 1.5

COUNT_MAX = 20
CFG_MAX = 100
CFG_DECIMALS = 2
STRENGTH_MIN = 0.01
SEED_VARIATION_MAX = 1000
CLIP_SKIP_MAX = 12
LORAS_MAX = 5
INVERSIONS_MAX = 20
EXTRA_STRENGTH_MAX = 5  # of a LoRA or a textual inversion, either sign
NAME_CHARS_MAX = 255
TRIGGER_CHARS_MAX = 30
CONTROL_STEPS_MAX = 40  # the server cuts to this without a word

DEFAULT_SAMPLER = "k_euler_a"
SAMPLERS = (
    "k_euler_a",
    "k_euler",
    "k_lms",
    "k_heun",
    "k_dpm_2",
    "k_dpm_2_a",
    "k_dpm_fast",
    "k_dpm_adaptive",
    "k_dpmpp_2s_a",
    "k_dpmpp_2m",
    "k_dpmpp_sde",
    "dpmsolver",
    "DDIM",
    "lcm",
)
DOUBLE_STEP_SAMPLERS = frozenset({"k_heun", "k_dpm_2", "k_dpm_2_a", "k_dpmpp_2s_a", "k_dpmpp_sde"})

UPSCALERS = (
    "RealESRGAN_x4plus",
    "RealESRGAN_x2plus",
    "RealESRGAN_x4plus_anime_6B",
    "NMKD_Siax",
    "4x_AnimeSharp",
    "4xNomos8kSC",
    "4xLSDIRplus",
    "4xNomosWebPhoto_RealPLKSR",
    "4xNomos2_realplksr_dysample",
    "4xNomos2_hq_dat2",
    "2xModernSpanimationV1",
)
FACE_FIXERS = ("GFPGAN", "CodeFormers", "GFPGANv1.3", "RestoreFormer")
POST_PROCESSORS = (*UPSCALERS, *FACE_FIXERS, "strip_background")

# Above these, an account must own the price beforehand, and the anonymous one never does.
ANONYMOUS_STEPS_MAX = 30
ANONYMOUS_CONTROL_STEPS_MAX = 20
ANONYMOUS_LCM_STEPS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models of one architecture: the square they were trained on, and how they like to run."""

    name: str
    side_px: int
    anonymous_side_px: int
    steps: int
    cfg: float
    sampler: str = DEFAULT_SAMPLER
    has_control: bool = False
    has_hires_fix: bool = True
    has_transparency: bool = False


SD15 = Family(
    name="Stable Diffusion 1.5",
    side_px=512,
    anonymous_side_px=576,
    steps=25,
    cfg=7.0,
    has_control=True,
    has_transparency=True,
)
SDXL = Family(
    name="SDXL", side_px=1024, anonymous_side_px=1024, steps=25, cfg=6.0, has_transparency=True
)
CASCADE = Family(name="Stable Cascade", side_px=1024, anonymous_side_px=1024, steps=25, cfg=4.0)
FLUX = Family(
    name="Flux",
    side_px=1024,
    anonymous_side_px=1024,
    steps=4,
    cfg=1.0,
    sampler="k_euler",
    has_hires_fix=False,
)
Z_IMAGE = Family(
    name="Z-Image",
    side_px=1024,
    anonymous_side_px=1024,
    steps=8,
    cfg=1.0,
    sampler="k_euler",
    has_hires_fix=False,
)
QWEN = Family(
    name="Qwen",
    side_px=1024,
    anonymous_side_px=1024,
    steps=20,
    cfg=4.0,
    sampler="k_euler",
    has_hires_fix=False,
)

_FAMILY_SIGNS = (  # the first that fits; the service tells names only
    (re.compile(r"flux|schnell|chroma", re.IGNORECASE), FLUX),
    (re.compile(r"z[-_ ]?image", re.IGNORECASE), Z_IMAGE),
    (re.compile(r"qwen", re.IGNORECASE), QWEN),
    (re.compile(r"cascade", re.IGNORECASE), CASCADE),
    (re.compile(r"xl(?![a-z])|pony|illustrious|noob", re.IGNORECASE), SDXL),
)


def family_of(model: str | None) -> Family:
    """Tell a model's family by its name; what nothing fits is the oldest and smallest."""
    fitting = (family for sign, family in _FAMILY_SIGNS if sign.search(model or ""))
    return next(fitting, SD15)
