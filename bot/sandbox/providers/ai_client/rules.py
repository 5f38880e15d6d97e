"""What the sandbox ai-client is set to, and the words it knows."""

from dataclasses import dataclass

AI_CODE = "stablediffusion"
VERSION_CODE = "stablediffusion_text2img"
DOCUMENTED_ENGINE = "stable-diffusion-xl-1024-v0-9"

# Sizes and styles are those of the service behind it; the document shows one of each.
RESOLUTIONS = (
    "1024x1024", "1152x896", "896x1152", "1216x832", "832x1216",
    "1344x768", "768x1344", "1536x640", "640x1536",
)  # fmt: skip
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance",
    "fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk", "origami",
    "photographic", "pixel-art", "tile-texture",
)  # fmt: skip
IMAGES_MAX = 10
STEPS_MIN, STEPS_MAX, STEPS_USUAL = 10, 50, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AiClientRules:
    """The switches; times are seconds of the sandbox's clock."""

    speed: float = 1.0  # 0 stands still between `advance` calls
    seed: int = 0  # of ids and pictures
    engines: tuple[str, ...] = (DOCUMENTED_ENGINE,)
    credits_per_image: int = 5
    calls_per_min: int | None = None  # of one token; None: nobody is refused
