"""The chat of the service, on a host of its own: OpenAI's language, whole or as server-sent events."""

import json
from typing import Any

from aiohttp import web

from bot.sandbox.providers.nebula.refusals import Refusal
from bot.sandbox.providers.nebula.routes import Api, Handler
from bot.sandbox.providers.nebula.world import World

PATH = "/chat/completions"
CHUNKS = 4


class Chat:
    """The one route of the other host."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._api = api

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return the routes as the loopback host wants them."""
        return [("POST", PATH, self._api.refusing(self._complete))]

    async def _complete(self, request: web.Request) -> web.Response:
        self._world.accounts.of(request.headers)
        sent = _checked(await request.read())
        models = {row.name for row in self._world.rules.models if row.kind == "Text"}
        if sent["model"] not in models:
            raise Refusal("not_found", f"Model {sent['model']} was not found.")
        said = f"You said: {sent['messages'][-1]['content']}"
        head = {
            "id": "chatcmpl-sandbox",
            "created": int(self._world.clock.now().timestamp()),
            "model": sent["model"],
        }
        if sent.get("stream"):
            return web.Response(text=_events(head, said), content_type="text/event-stream")
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": said},
            "finish_reason": "stop",
        }
        counted = len(said.split())
        usage = {"prompt_tokens": counted, "completion_tokens": counted}
        whole = {"object": "chat.completion", "choices": [choice], "usage": usage}
        return web.json_response(head | whole)


def _checked(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise Refusal("invalid_request", "The body is not valid JSON.") from error
    faults = {name: "Field required" for name in ("model", "messages") if name not in sent}
    if not faults and not _are_messages(sent["messages"]):
        faults = {"messages": "Input should be a list of messages with role and content"}
    if faults:
        raise Refusal("invalid_request", faults=faults)
    checked: dict[str, Any] = sent
    return checked


def _are_messages(sent: object) -> bool:
    return (
        isinstance(sent, list)
        and bool(sent)
        and all(isinstance(one, dict) and {"role", "content"} <= set(one) for one in sent)
    )


def _events(head: dict[str, object], said: str) -> str:
    """Return an answer in pieces: OpenAI's deltas, the end in an empty last one."""
    words = said.split(" ")
    size = max(1, -(-len(words) // CHUNKS))
    pieces = [" ".join(words[at : at + size]) for at in range(0, len(words), size)]
    deltas: list[dict[str, str]] = [
        {"content": piece if at == 0 else f" {piece}"} for at, piece in enumerate(pieces)
    ]
    events = [
        {"index": 0, "delta": delta, "finish_reason": "stop" if not delta else None}
        for delta in [*deltas, {}]
    ]
    lines = [
        json.dumps(head | {"object": "chat.completion.chunk", "choices": [event]})
        for event in events
    ]
    return "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
