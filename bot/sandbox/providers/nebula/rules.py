"""What the sandbox Nebula Block is set to."""

from dataclasses import dataclass

from bot.sandbox.providers.nebula.models import MODELS, ModelRow

TIER_1_PER_MIN, TIER_1_PER_DAY = 60, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NebulaRules:
    """The switches; times are seconds of the sandbox's clock."""

    speed: float = 1.0  # 0 stands still between `advance` calls
    seed: int = 0  # of the pictures that nobody gave a seed
    models: tuple[ModelRow, ...] = MODELS
    requests_per_min: int = TIER_1_PER_MIN
    requests_per_day: int | None = TIER_1_PER_DAY  # None: unlimited, as in the upper tiers
    says_retry_after: bool = False  # whether a 429 has the header
    error_shape: str = "message"  # or "nested", "detail": the document's revisions disagree
    repaints: str = "white"  # or "black": what a mask means
    picture_format: str = "JPEG"  # or "PNG", "WEBP": not stated
