"""The form of `POST /generate/text/async`. An empty prompt has a code of its own, so it passes here."""

from bot.sandbox.providers.horde.schema import (
    BOOLEAN,
    TEXT,
    Schema,
    integer,
    list_of,
    number,
    object_of,
    text,
)

PARAMS: Schema = object_of({
    "n": integer(1, 20), "max_length": integer(16, 4096), "max_context_length": integer(80, 1_048_576),
    "temperature": number(0, 5), "top_p": number(0.001, 1), "top_k": integer(0, 200),
    "top_a": number(0, 1), "typical": number(0, 1), "tfs": number(0, 1), "min_p": number(0, 1),
    "rep_pen": number(1, 3), "rep_pen_range": integer(0, 4096), "rep_pen_slope": number(0, 10),
    "smoothing_factor": number(0, 10),
    "dynatemp_range": number(0, 5), "dynatemp_exponent": number(0, 5),
    "sampler_order": list_of({"type": "integer"}, maxItems=7),
    "stop_sequence": list_of(TEXT),
    "singleline": BOOLEAN, "frmtadsnsp": BOOLEAN, "frmtrmblln": BOOLEAN, "frmtrmspch": BOOLEAN,
    "frmttriminc": BOOLEAN,
})  # fmt: skip
SUBMIT: Schema = object_of({
    "prompt": TEXT, "params": PARAMS, "models": list_of(TEXT), "softprompt": TEXT,
    "workers": list_of(TEXT), "worker_blacklist": BOOLEAN,
    "trusted_workers": BOOLEAN, "validated_backends": BOOLEAN,
    "slow_workers": BOOLEAN, "extra_slow_workers": BOOLEAN,
    "allow_downgrade": BOOLEAN, "dry_run": BOOLEAN,
    "extra_source_images": list_of(object_of({"image": TEXT, "strength": {"type": "number"}})),
    "webhook": text(10, 1024), "style": text(3, 1024), "proxied_account": TEXT,
})  # fmt: skip
