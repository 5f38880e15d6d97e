"""The models on offer and the fields that each takes, as the document's samples show them."""

from dataclasses import dataclass

COMMON = frozenset({"model", "prompt", "width", "height"})
SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
SCHNELL = "black-forest-labs/FLUX.1-schnell"
FILL = "black-forest-labs/FLUX.1-Fill-dev"
SEEDREAM = "bytedance/seedream-3.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One line of the list; `fields` are taken beside the common ones, prices are per picture."""

    name: str
    alias: str
    kind: str  # the document names Text, Image and Embedding
    fields: frozenset[str] = frozenset()
    needs_picture: bool = False
    context_length: int | None = None
    price: object = None  # dollars as number or text; None is left out of the list

    @property
    def micros(self) -> int:
        """What a picture costs, in millionths of a dollar."""
        return round(float(str(self.price)) * 1_000_000) if self.price is not None else 0

    def listed(self) -> dict[str, object]:
        """Return the line as the list shows it."""
        line: dict[str, object] = {
            "model_name": self.name,
            "model_alias": self.alias,
            "model_type": self.kind,
            "context_length": self.context_length,
        }
        return line if self.price is None else line | {"price": self.price}


MODELS = (
    ModelRow(
        name="deepseek-ai/DeepSeek-V3",
        alias="DeepSeek V3",
        kind="Text",
        context_length=131_072,
        price={"input": 0.4, "output": 1.3},
    ),
    ModelRow(
        name=SDXL,
        alias="Stable Diffusion XL",
        kind="Image",
        fields=frozenset({"negative_prompt", "num_steps", "guidance_scale"}),
        price=0.0015,
    ),
    ModelRow(
        name=SCHNELL,
        alias="FLUX.1 schnell",
        kind="Image",
        fields=frozenset({"seed", "num_steps"}),
        price="0.0030",
    ),
    ModelRow(name="baai/bge-large-en-v1.5", alias="BGE large", kind="Embedding", price=0.01),
    ModelRow(
        name=FILL,
        alias="FLUX.1 Fill",
        kind="Image",
        fields=frozenset({"num_steps", "guidance_scale", "image", "mask"}),
        needs_picture=True,
        price=0.025,
    ),
    ModelRow(name=SEEDREAM, alias="Seedream 3.0", kind="Image"),  # no price is told
    ModelRow(name="tencent/hunyuan-video", alias="Hunyuan", kind="Video", price=0.2),
)
