"""The layer for programs that speak OpenAI's language: models and chat, nothing else."""

import json
from collections.abc import Mapping

from bot.sandbox.providers.aime import talk
from bot.sandbox.providers.aime.endpoints import Endpoint, Kind
from bot.sandbox.providers.aime.jobs import Job
from bot.sandbox.providers.aime.refusals import Refusal, refused_openai
from bot.sandbox.providers.aime.world import World

Body = dict[str, object]

CREATED = "1746298408"  # of every model; text, unlike OpenAI's
FINGERPRINT = "fp_44709d6fcb"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
CHUNKS = 6


def not_implemented() -> Refusal:
    """Refuse a route that exists in name only."""
    return refused_openai(500, "Service not available", "not_implemented")


def models(world: World) -> Body:
    """Return the chat endpoints as models."""
    rows = [
        {
            "id": _public_name(each),
            "object": "model",
            "created": CREATED,
            "owned_by": each.model_label,
        }
        for each in world.endpoints.values()
        if each.kind is Kind.CHAT
    ]
    return {"object": "list", "data": rows}


def endpoint_of(world: World, sent: Mapping[str, object]) -> Endpoint:
    """Return the endpoint behind a model's name."""
    for each in world.endpoints.values():
        if each.kind is Kind.CHAT and _public_name(each) == sent.get("model"):
            return each
    raise refused_openai(404, "The model does not exist", "model_not_found")


def to_native(sent: Mapping[str, object], key: str) -> Body:
    """Return a chat call as its endpoint takes it; a system message is put first where none is."""
    messages = sent.get("messages")
    if not isinstance(messages, list) or not messages:
        raise refused_openai(400, "messages is missing", "invalid_request")
    if messages[0].get("role") != "system":
        messages = [SYSTEM, *messages]
    return {"chat_context": json.dumps(messages), "key": key}


def completion(world: World, job: Job) -> Body:
    """Return a finished chat."""
    said = talk.result(job)
    prompt, spoken = talk.prompt_tokens(job), said["num_generated_tokens"]
    assert isinstance(spoken, int)
    message = {
        "role": "assistant",
        "content": said["text"],
        "refusal": None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    no_audio = {"audio_tokens": 0}
    return {
        **_head(world, job, "chat.completion"),
        "choices": [choice],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": spoken,
            "total_tokens": prompt + spoken,
            "prompt_tokens_details": {"cached_tokens": 0, **no_audio},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                **no_audio,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
    }


def stream(world: World, job: Job) -> str:
    """Return a finished chat as server-sent events: the role in every chunk, the end on the last."""
    words = talk.reply(job).split()
    size = max(1, -(-len(words) // CHUNKS))
    pieces = [" ".join(words[start : start + size]) for start in range(0, len(words), size)] or [""]
    events = []
    for index, piece in enumerate(pieces):
        delta = {"role": "assistant", "content": piece if index == 0 else f" {piece}"}
        end = "stop" if index == len(pieces) - 1 else None
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}
        head = _head(world, job, "chat.completion.chunk") | {"system_fingerprint": FINGERPRINT}
        events.append(json.dumps({**head, "choices": [choice]}))
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])


def _head(world: World, job: Job, kind: str) -> Body:
    return {
        "id": f"chatcmpl-{job.remote_id}",
        "object": kind,
        "created": int(world.clock.at(job.accepted_at_s).timestamp()),
        "model": _public_name(job.endpoint),
    }


def _public_name(endpoint: Endpoint) -> str:
    return endpoint.name.replace("_", "-")
