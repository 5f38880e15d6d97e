"""A submitted picture request as the Horde applies it, defaults and all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

SEEDS = 2**32
SLOW_SAMPLERS = frozenset({"k_heun", "k_dpm_2", "k_dpm_2_a", "k_dpmpp_2s_a", "k_dpmpp_sde"})
ADAPTIVE_STEPS = 40
CONTROL_STEPS_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The request with the effective defaults, which are not the documented ones."""

    prompt: str
    models: tuple[str, ...] = ("stable_diffusion",)
    models_given: bool = False  # the step rule looks only at models that were named
    width: int = 512
    height: int = 512
    steps: int = 30
    n: int = 1
    cfg_scale: float = 5.0
    sampler_name: str = "k_euler_a"
    seed: int | None = None
    seed_variation: int | None = None
    karras: bool = True
    nsfw: bool = True
    censor_nsfw: bool = True
    r2: bool = True
    slow_workers: bool = True
    worker_blacklist: bool = False
    allow_downgrade: bool = False
    webhook: str = ""
    has_source: bool = False
    control_type: str = ""

    @property
    def effective_steps(self) -> int:
        """Steps as the cost rules count them: some samplers work twice per step."""
        if self.sampler_name == "k_dpm_adaptive":
            return ADAPTIVE_STEPS
        return self.steps * 2 if self.sampler_name in SLOW_SAMPLERS else self.steps


def to_wish(payload: Mapping[str, object]) -> Wish:
    """Apply the defaults to a payload that has passed the schema."""
    params = payload.get("params", {})
    assert isinstance(params, Mapping)
    given = {name: params[name] for name in COPIED_PARAMS if name in params}
    given |= {name: payload[name] for name in COPIED_FIELDS if name in payload}
    if "models" in payload:
        named = payload["models"]
        assert isinstance(named, list)
        given |= {"models": tuple(named), "models_given": bool(named)}
    if text := str(params.get("seed", "")):
        given["seed"] = folded_seed(text)
    if "control_type" in params:
        given["steps"] = min(int(params.get("steps", 30)), CONTROL_STEPS_MAX)
    return Wish(**given, has_source="source_image" in payload)


COPIED_PARAMS = (
    "width", "height", "steps", "n", "cfg_scale", "sampler_name", "seed_variation", "karras", "control_type",
)  # fmt: skip
COPIED_FIELDS = (
    "prompt", "nsfw", "censor_nsfw", "r2", "slow_workers", "worker_blacklist", "allow_downgrade", "webhook",
)  # fmt: skip


def folded_seed(text: str) -> int:
    """Return the number of a seed: digits are folded into 32 bits, words become some number."""
    if text.isdecimal():
        return int(text) % SEEDS
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
