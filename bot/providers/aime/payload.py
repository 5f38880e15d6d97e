"""A planned request in an endpoint's words."""

import base64
from typing import Any

from bot.domain.requests import PictureRequest
from bot.providers.aime.endpoints import Endpoint, Wish
from bot.providers.base import Inputs
from bot.providers.downloads import sniff

DECODED = "decoded"


def to_payload(
    request: PictureRequest, endpoint: Endpoint, inputs: Inputs, *, with_previews: bool
) -> dict[str, Any]:
    """Return the JSON body without what proves the key, and nothing that the endpoint lacks.

    A call that waits is ended after 60 s while the job goes on unseen (server 0.9.6).
    """
    wishes: dict[Wish, Any] = {
        Wish.PROMPT: request.prompt,
        Wish.NEGATIVE: request.negative or None,
        Wish.STEPS: request.steps,
        Wish.CFG: request.cfg,
        Wish.SEED: request.seed,
        Wish.WIDTH: request.width,
        Wish.HEIGHT: request.height,
        Wish.COUNT: request.count if endpoint.pictures_at_once > 1 else None,
        Wish.PREVIEWS: DECODED if with_previews and _shows_previews(endpoint) else None,
    }
    if request.source is not None:
        assert inputs.source is not None, "a request with a source comes with its bytes"
        wishes[Wish.SOURCE] = _data_uri(inputs.source)
        wishes[Wish.STRENGTH] = request.source.strength
    named = {
        name: _typed(value, endpoint, wish)
        for wish, value in wishes.items()
        if value is not None and (name := endpoint.name_of(wish)) is not None
    }
    return {**named, "wait_for_result": False}


def _shows_previews(endpoint: Endpoint) -> bool:
    name = endpoint.name_of(Wish.PREVIEWS)
    return name is not None and DECODED in endpoint.inputs[name].supported


def _typed(value: Any, endpoint: Endpoint, wish: Wish) -> Any:
    """Return whole numbers where the endpoint wants them: it takes no others."""
    return round(value) if isinstance(value, float) and endpoint.bounds(wish).is_whole else value


def _data_uri(picture: bytes) -> str:
    """Return a picture as text; without the prefix, the server hangs (0.9.6)."""
    mime = sniff(picture)
    assert mime is not None, "sources are verified pictures"
    return f"data:{mime};base64,{base64.b64encode(picture).decode()}"
