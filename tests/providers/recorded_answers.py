"""Recorded answers as the adapters' code would read them."""

import json
from pathlib import Path
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from bot.providers.http import Answer
from tests.providers.scripted_host import Reply

RECORDED = Path(__file__).parents[1] / "recorded"
HORDE = RECORDED / "horde"


def exchange(name: str, *, of: str = "horde") -> dict[str, Any]:
    return json.loads((RECORDED / of / f"{name}.json").read_text("utf-8"))


def answer(name: str) -> Answer:
    return as_answer(exchange(name)["response"])


def as_answer(response: dict[str, Any]) -> Answer:
    return Answer(
        status=response["status"],
        headers=CIMultiDictProxy(CIMultiDict(response.get("headers", {}))),
        body=body_of(response),
    )


def replay(name: str, *, of: str = "horde") -> Reply:
    """Return a recorded answer for a host to give again."""
    response = exchange(name, of=of)["response"]
    return Reply(status=response["status"], body=body_of(response))


def body_of(response: dict[str, Any]) -> bytes:
    if "json" in response:
        return json.dumps(response["json"]).encode()
    return response.get("text", "").encode()


def made_answer(status: int, body: Any = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=CIMultiDictProxy(CIMultiDict(named)), body=raw)


def names(prefix: str) -> list[str]:
    return sorted(path.stem for path in HORDE.glob(f"{prefix}*.json"))
