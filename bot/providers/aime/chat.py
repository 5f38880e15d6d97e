"""Chat with an endpoint that answers in words: what is sent, and what comes back.

Pure, and used by nobody yet: the provider interface has no word for text. The calls are those of
pictures: a submit that is not waited for, then looks, of which one brings the result.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.providers.aime.answers import Looked, Made, Open
from bot.providers.aime.endpoints import Bounds, Endpoint
from bot.providers.aime.wire import Data
from bot.providers.base import Ended

CONTEXT, PLAIN = "chat_context", ("text_context", "prompt_input")
TOKENS, TEMPERATURE = "max_gen_tokens", "temperature"


class Role(StrEnum):
    """Who said something."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talking:
    """What was said so far, from its beginning; tokens are no percentage."""

    text: str
    tokens: int
    is_queued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The whole answer."""

    text: str
    tokens: int


def to_chat_payload(
    messages: Sequence[Message],
    endpoint: Endpoint,
    *,
    key: str,
    tokens_max: int | None = None,
    temperature: float | None = None,
) -> dict[str, Any]:
    """Return the JSON body: a conversation is JSON inside a string, a list would be refused."""
    body: dict[str, Any] = {"key": key, "wait_for_result": False}
    if CONTEXT in endpoint.inputs:
        turns = [{"role": one.role.value, "content": one.content} for one in messages]
        body[CONTEXT] = json.dumps(turns, ensure_ascii=False)
    else:
        name = next(name for name in PLAIN if name in endpoint.inputs)
        body[name] = "\n".join(f"{one.role.value}: {one.content}" for one in messages)
    for name, value in ((TOKENS, tokens_max), (TEMPERATURE, temperature)):
        if value is not None and name in endpoint.inputs:
            body[name] = _within(value, endpoint.bounds_of(name))
    return body


def to_speech(looked: Looked) -> Talking | Said | Ended:
    """Return what a look at a chat's job found."""
    match looked:
        case Open():
            data = looked.progress.progress_data or Data()
            return Talking(
                text=data.text or "",
                tokens=int(data.num_generated_tokens or 0),
                is_queued=looked.is_queued,
            )
        case Made():
            result = looked.result
            return Said(text=result.text or "", tokens=int(result.num_generated_tokens or 0))
        case Ended():
            return looked


def _within(value: float, bounds: Bounds) -> float:
    """Return the nearest value that the endpoint takes."""
    if bounds.most is not None:
        value = min(value, bounds.most)
    return value if bounds.least is None else max(value, bounds.least)
