"""What the sandbox Algovera is set to."""

from dataclasses import dataclass

DOCUMENTED_MODELS = (
    "dalle",
    "stable",
    "stable diffusion v1.5",
    "stable diffusion v2-512x512",
    "stable diffusion v2-768x768",
    "stable diffusion v2.1-512x512",
    "stable diffusion v2.1-768x768",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoveraRules:
    """The switches; times are seconds of the sandbox's clock."""

    speed: float = 1.0  # 0 stands still between `advance` calls
    seed: int = 0  # of the job ids
    models: tuple[str, ...] = DOCUMENTED_MODELS
    credits_per_job: int = 1
    strips_get_bodies: bool = False  # a proxy in front that drops the body of a GET
    takes_asset_query: bool = False  # `getAsset` reads its fields from the query too
    picture_format: str = "JPEG"  # or PNG; the document does not say
    content_type: str = "image/jpeg"  # the label of pictures, right or wrong
