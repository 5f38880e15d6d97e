"""What is refused in a request for pictures although its form is right: one small function per rule."""

from collections.abc import Callable, Mapping

from bot.sandbox.providers.horde.pictures.submit_schema import UPSCALERS
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.rules import Baseline, Model

WORDS_MAX = 7500
LORAS_MAX = 5
EMBEDDINGS_MAX = 20
DECIMALS_MAX = 2

Payload = Mapping[str, object]
Params = Mapping[str, object]


def check_payload(payload: Payload, *, model: Model | None) -> None:
    """Raise the first refusal that a payload of the right form deserves."""
    params = payload.get("params", {})
    assert isinstance(params, Mapping)
    for check in PAYLOAD_CHECKS:
        check(payload)
    for check_params in PARAMS_CHECKS:
        check_params(params)
    _check_controlnet(payload, params, model)
    _check_model_fits(params, model)


def _check_length(payload: Payload) -> None:
    if len(str(payload["prompt"]).split()) > WORDS_MAX:
        raise Refusal(400, f"The prompt has more than {WORDS_MAX} words.", rc="InvalidPromptSize")


def _check_mask(payload: Payload) -> None:
    if "source_mask" in payload and "source_image" not in payload:
        message = "Please do not pass a source_mask unless you are sending a source_image as well"
        raise Refusal(400, message, rc="SourceMaskUnnecessary")


def _check_cfg(params: Params) -> None:
    cfg = params.get("cfg_scale", 0)
    assert isinstance(cfg, int | float)
    if round(cfg, DECIMALS_MAX) != cfg:
        raise Refusal(400, "cfg_scale must be rounded to 2 decimal places", rc="BadCFGDecimals")


def _check_loras(params: Params) -> None:
    loras = params.get("loras", [])
    assert isinstance(loras, list)
    if len(loras) > LORAS_MAX:
        raise Refusal(
            400,
            f"At most {LORAS_MAX} loras fit into a request.",
            rc="TooManyLoras",
        )
    if any(lora.get("is_version") and not lora["name"].isdecimal() for lora in loras):
        raise Refusal(400, "Lora version must be a number.", rc="BadLoraVersion")


def _check_embeddings(params: Params) -> None:
    embeddings = params.get("tis", [])
    assert isinstance(embeddings, list)
    if len(embeddings) > EMBEDDINGS_MAX:
        message = f"At most {EMBEDDINGS_MAX} textual inversions fit into a request."
        raise Refusal(400, message, rc="TooManyTIs")


def _check_upscalers(params: Params) -> None:
    processors = params.get("post_processing", [])
    assert isinstance(processors, list)
    if len(UPSCALERS & set(processors)) > 1:
        raise Refusal(400, "Cannot use more than 1 upscaler at a time.", rc="TooManyUpscalers")


def _check_controlnet(payload: Payload, params: Params, model: Model | None) -> None:
    if "control_type" not in params:
        return
    if "source_image" not in payload:
        raise Refusal(400, "ControlNet needs a source image.", rc="ControlNetSourceMissing")
    if model and model.baseline is not Baseline.SD15:
        raise Refusal(400, "ControlNet does not work with this model.", rc="ControlNetMismatch")


def _check_model_fits(params: Params, model: Model | None) -> None:
    baseline = model.baseline if model else Baseline.SD15
    if params.get("hires_fix") and baseline in {Baseline.FLUX, Baseline.QWEN, Baseline.Z}:
        raise Refusal(400, "HiRes Fix does not work with this model.", rc="HiResMismatch")
    if params.get("transparent") and baseline not in {Baseline.SD15, Baseline.SDXL}:
        raise Refusal(
            400, "Transparency does not work with this model.", rc="InvalidTransparencyModel"
        )


PAYLOAD_CHECKS: tuple[Callable[[Payload], None], ...] = (_check_length, _check_mask)
PARAMS_CHECKS: tuple[Callable[[Params], None], ...] = (
    _check_cfg, _check_loras, _check_embeddings, _check_upscalers,
)  # fmt: skip
