"""Endpoints as their discovery documents describe them: the recorded one, and made-up others."""

from typing import Any

from bot.providers.aime.endpoints import Endpoint, to_endpoint
from bot.providers.aime.wire import READER, Details
from tests.providers.recorded_answers import as_answer, exchange, made_answer

COUNTED = {
    "prompt": {"type": "string", "required": True},
    "negative_prompt": {"type": "string", "default": ""},
    "num_samples": {"type": "integer", "default": 1, "minimum": 1, "maximum": 3},
    "cfg_scale": {"type": "float", "default": 5.0},
    "steps": {"type": "integer", "default": 28, "minimum": 1, "maximum": 64},
    "seed": {"type": "integer", "default": -1},
}
FROM_PICTURE = {
    "text": {"type": "string", "required": True},
    "image": {"type": "image", "required": True, "size": {"minimum": [512, 512]}},
    "strength": {"type": "float", "default": 0.75, "minimum": 0.1, "maximum": 0.9},
    "scale": {"type": "integer", "default": 7, "minimum": 1, "maximum": 20},
    "n_samples": {"type": "integer", "default": 1, "maximum": 10},
}

CHATTY = {
    "chat_context": {"type": "chat_context"},
    "top_p": {"type": "float", "minimum": 0.0, "maximum": 1.0, "default": 0.9},
    "temperature": {"type": "float", "minimum": 0.0, "maximum": 1.0, "default": 0.8},
    "max_gen_tokens": {"type": "integer", "minimum": 1, "maximum": 16384, "default": 2000},
}


def flux() -> Endpoint:
    response = exchange("endpoint_details_image", of="aime")["response"]
    return to_endpoint(READER.read(Details, as_answer(response)))


def endpoint(
    name: str, inputs: dict[str, Any], *, output: str = "images", workers: int = 1
) -> Endpoint:
    document = {
        "name": name,
        "num_active_workers": workers,
        "parameter_description": {"input": inputs, "output": {output: {"type": "x"}}},
    }
    return to_endpoint(READER.read(Details, made_answer(200, document)))


def counted(workers: int = 1) -> Endpoint:
    return endpoint("counted", COUNTED, workers=workers)


def from_picture() -> Endpoint:
    return endpoint("from_picture", FROM_PICTURE, output="image")
