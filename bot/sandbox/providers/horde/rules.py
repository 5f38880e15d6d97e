"""What the sandbox Horde is set to: switches, lifetimes, and who draws what."""

from dataclasses import dataclass
from enum import StrEnum

ANONYMOUS_KEY = "0000000000"
NODE = "sandbox-a:7001:5.1.5"
VERSION = "5.1.5"
WORKER_ID = "5a4db0c5-0000-4000-8000-000000000001"
WORKER_NAME = "sandbox-painter"
SCRIBE_ID = "5a4db0c5-0000-4000-8000-000000000002"
SCRIBE_NAME = "sandbox-scribe"
ALCHEMIST_ID = "5a4db0c5-0000-4000-8000-000000000003"
ALCHEMIST_NAME = "sandbox-alchemist"
WORKER_IDS = frozenset({WORKER_ID, SCRIBE_ID, ALCHEMIST_ID})


class Baseline(StrEnum):
    """The families of models that cost and allow different things."""

    SD15 = "stable diffusion 1"
    SDXL = "stable_diffusion_xl"
    CASCADE = "stable_cascade"
    FLUX = "flux_1"
    QWEN = "qwen_image"
    Z = "z_image_turbo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of `/status/models`, and what the price and upfront rules need to know.

    A model of texts has no baseline and no steps.
    """

    name: str
    baseline: Baseline = Baseline.SD15
    count: int = 1  # workers that serve it; with 0 a request is accepted and never served
    eta: int = 0
    performance: float = 1_000_000.0
    queued: float = 0.0  # pixel steps of other people, beside those of our own jobs
    jobs: float = 0.0
    steps_max: int = 40  # beyond it the upfront rule applies


DEFAULT_MODELS = (
    Model(name="stable_diffusion", count=14, eta=2, performance=6_158_040.3, steps_max=30),
    Model(name="Deliberate", count=9, eta=3, performance=4_212_877.0),
    Model(name="Dreamshaper", count=7, eta=4, performance=3_990_102.5),
    Model(name="Anything Diffusion", count=5, eta=6, performance=3_407_515.9),
    Model(
        name="AlbedoBase XL (SDXL)",
        baseline=Baseline.SDXL,
        count=11,
        eta=8,
        performance=2_804_331.7,
    ),
    Model(name="SDXL 1.0", baseline=Baseline.SDXL, count=6, eta=11, performance=2_511_940.2),
    Model(name="Juggernaut XL", baseline=Baseline.SDXL, count=4, eta=17, performance=2_377_006.4),
    Model(
        name="Flux.1-Schnell fp8 (Compact)",
        baseline=Baseline.FLUX,
        count=3,
        eta=24,
        performance=901_553.8,
    ),
)

DEFAULT_TEXT_MODELS = (
    Model(name="aphrodite/sandbox-scribe-8B", count=6, eta=4, performance=137.1),
    Model(name="koboldcpp/sandbox-teller-13B", count=3, eta=12, performance=61.4),
    Model(name="koboldcpp/sandbox-tiny-1B", count=2, eta=1, performance=402.9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HordeRules:
    """The switches. Times are seconds of the sandbox's clock unless they say otherwise."""

    speed: float = (
        1.0  # how fast queue, caches and limits run; 0 stands still between `advance` calls
    )
    limited: bool = True  # False: rate-limit headers are sent, nobody is refused
    https_only_webhooks: bool = True  # False lets a receiver on loopback do without TLS
    maintenance: bool = False
    cold_models: bool = False  # the first seconds after a restart: no model is known
    heartbeat: str = "OK"  # or OVERLOADED, DOWN
    worker_count: int = 8
    thread_count: int = 16
    text_worker_count: int = 4
    text_thread_count: int = 6
    alchemist_count: int = 2  # with none, alchemy is accepted and never served
    alchemist_thread_count: int = 3
    seed: int | None = (
        0  # of ids and picture seeds; None: new ones in every run, for a lasting database
    )
    blocked_words: tuple[str, ...] = ("blockedword", "worseblockedword")
    distance_s: float = 0.0  # of the wall's time: there and back, of every request and webhook
    webhook_tries: int = 3
    webhook_timeout_s: float = 3.0  # of the wall's time: the receiver is not sped up
    request_lifetime_s: float = 20 * 60.0  # restarted by every pick-up and delivery
    link_lifetime_s: float = 30 * 60.0
    picture_lifetime_s: float = 120 * 60.0
