"""What a request costs in kudos, and when it must be paid beforehand.

The real price comes from a trained model. Ours is a curve through the recorded prices; it meets
them to the digit where the tests say so, and has their shape elsewhere.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from bot.sandbox.providers.horde.pictures.wish import Wish
from bot.sandbox.providers.horde.rules import Baseline, HordeRules, Model

SUBMIT_TAX = 3.0  # charged at submit, kept on cancel and expiry
PICTURE_TAX = 1.0  # per picture; all that a censored one costs
REQUEST_TAX = 1.0  # in estimates only

BASE = 3.451
PER_AREA = 7.109
AREA_POWER = 1.902
PER_AREA_STEP = 0.36
MEGAPIXEL = 1024 * 1024
SIDE_STEP = 64
UPFRONT_SIDE_MIN, UPFRONT_SIDE_MAX = 576, 1024
CONTROL_STEPS_FREE, LCM_STEPS_FREE = 20, 10
LARGE_BASELINES = frozenset({Baseline.SDXL, Baseline.CASCADE, Baseline.FLUX})
FACTORS: Mapping[Baseline, int] = {
    Baseline.SD15: 1,
    Baseline.SDXL: 2,
    Baseline.CASCADE: 4,
    Baseline.FLUX: 8,
    Baseline.Z: 8,
    Baseline.QWEN: 12,
}


def picture_price(wish: Wish, model: Model | None) -> float:
    """Return the kudos for one picture, without taxes."""
    area = wish.width * wish.height / MEGAPIXEL
    price: float = BASE + PER_AREA * area**AREA_POWER + PER_AREA_STEP * area * wish.effective_steps
    price *= FACTORS[model.baseline] if model else 1
    price *= 1.3 if wish.has_source else 1.0
    price *= 1.0 if wish.slow_workers else 1.2
    price *= 1.1 if wish.worker_blacklist else 1.0
    return round(price, 2)


def request_price(wish: Wish, model: Model | None) -> float:
    """Return the estimate for the whole request, as a dry run answers it (unrounded)."""
    return wish.n * (picture_price(wish, model) + PICTURE_TAX) + REQUEST_TAX


def free_side(rules: HordeRules, *, queued_requests: int, model: Model | None) -> int:
    """Return the side of the largest square that needs no kudos upfront."""
    side = 1024 + 10 * rules.thread_count - 0.9 * queued_requests
    side = min(max(side, UPFRONT_SIDE_MIN), UPFRONT_SIDE_MAX)
    return UPFRONT_SIDE_MAX if model and model.baseline in LARGE_BASELINES else int(side)


def free_steps(wish: Wish, model: Model | None) -> int | None:
    """Return the most effective steps that need no kudos upfront; None without such a limit."""
    limits = []
    if wish.models_given:
        limits.append(model.steps_max if model else 40)
    if wish.control_type:
        limits.append(CONTROL_STEPS_FREE)
    if wish.sampler_name == "lcm":
        limits.append(LCM_STEPS_FREE)
    return min(limits, default=None)


def needs_kudos_upfront(wish: Wish, model: Model | None, *, side: int) -> bool:
    """Tell whether the account must already own the price; `side` is `free_side`."""
    steps = free_steps(wish, model)
    too_many_steps = steps is not None and wish.effective_steps > steps
    return not wish.slow_workers or wish.width * wish.height > side * side or too_many_steps


def downgraded(wish: Wish, model: Model | None, *, side: int) -> Wish:
    """Shrink a request, keeping its proportions, until it needs no kudos upfront."""
    scale = min(1.0, side / math.sqrt(wish.width * wish.height))
    width, height = (
        max(SIDE_STEP, int(length * scale) // SIDE_STEP * SIDE_STEP)
        for length in (wish.width, wish.height)
    )
    steps = wish.steps
    most = free_steps(wish, model)
    if most is not None and wish.effective_steps > most:
        steps = max(1, most * wish.steps // wish.effective_steps)
    return replace(wish, width=width, height=height, steps=steps)
