"""The routes. The one that draws answers only when the picture is there."""

import base64
import json
import textwrap
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.providers.nebula.jobs import Job
from bot.sandbox.providers.nebula.refusals import ErrorShape, Refusal
from bot.sandbox.providers.nebula.scripts import Coding, Outcome
from bot.sandbox.providers.nebula.world import World

FAILED_MESSAGE = "Image generation failed"
LINE_CHARS = 76
NOT_A_PICTURE = b"<html>502 Bad Gateway</html>"

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Api:
    """The handlers, and the table that says which is which."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return the routes as the loopback host wants them."""
        return [(method, path, self.refusing(handler)) for method, path, handler in self._table()]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or method that the service does not have."""
        is_method = any(request.path.endswith(f"/v1{path}") for _, path, _ in self._table())
        is_doubled = request.path.count("/api/v1") > 1
        code = "method_not_allowed" if is_method and not is_doubled else "not_found"
        return Refusal(code).answer(ErrorShape.DETAIL)  # the framework's own, whatever the rules

    def refusing(self, handler: Handler) -> Handler:
        """Turn the refusals of a handler into answers."""

        async def serve(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                return refusal.answer(ErrorShape(self._world.rules.error_shape))

        return serve

    def _table(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("POST", "/images/generation", self._draw),
            ("GET", "/serverless/models", self._models),
            ("GET", "/users/credits", self._credits),
        )

    async def _models(self, request: web.Request) -> web.Response:
        self._world.accounts.of(request.headers)
        listed = [row.listed() for row in self._world.rules.models]
        return web.json_response(
            {"data": {"models": listed}, "message": "Models retrieved", "status": "success"}
        )

    async def _credits(self, request: web.Request) -> web.Response:
        account = self._world.accounts.of(request.headers)
        data = {"available_balance": account.balance_text()}
        return web.json_response({"data": data, "message": "Credits", "status": "success"})

    async def _draw(self, request: web.Request) -> web.Response:
        account = self._world.accounts.of(request.headers)
        self._world.accounts.count(account, self._world.rules)
        job = await self._world.accept(account, await _sent(request))
        await self._world.over(job)
        job.answered = True
        body: dict[str, object]
        match Outcome(job.script.outcome):
            case Outcome.REFUSED:
                raise Refusal(job.script.code, job.script.message)
            case Outcome.FAILED:
                said = job.script.message or FAILED_MESSAGE
                body = {"data": [], "message": said, "status": "failed"}
            case Outcome.EMPTY:
                body = self._envelope(job, [])
            case outcome:
                body = self._envelope(job, await self._entries(job, outcome))
        return web.json_response(body)

    def _envelope(self, job: Job, entries: list[dict[str, object]]) -> dict[str, object]:
        return {
            "model": job.payload["model"],
            "object": "list",
            "data": entries,
            "message": "Image generated successfully",
            "status": "success",
        }

    async def _entries(self, job: Job, outcome: Outcome) -> list[dict[str, object]]:
        took_s = self._world.clock.elapsed_s() - job.began_s
        entries: list[dict[str, object]] = []
        for index, data in enumerate(await self._world.pictures(job)):
            entry: dict[str, object] = {"timings": {"inference": took_s}, "index": index}
            match outcome:
                case Outcome.MISSING:
                    pass
                case Outcome.BROKEN:
                    entry["b64_json"] = "sdj23kjjk2..."  # what the document prints
                case Outcome.NO_PICTURE:
                    entry["b64_json"] = base64.b64encode(NOT_A_PICTURE).decode()
                case _:
                    kind = job.wishes[index].format.lower()
                    entry["b64_json"] = _coded(data, Coding(job.script.coding), kind)
            entries.append(entry)
        return list(reversed(entries)) if job.script.shuffled else entries


async def _sent(request: web.Request) -> object:
    try:
        sent: object = json.loads(await request.read())
    except ValueError as error:
        raise Refusal("invalid_request", "The body is not valid JSON.") from error
    return sent


def _coded(data: bytes, coding: Coding, kind: str) -> str:
    text = base64.b64encode(data).decode()
    match coding:
        case Coding.PLAIN:
            return text
        case Coding.DATA_URI:
            return f"data:image/{kind};base64,{text}"
        case Coding.UNPADDED:
            return text.rstrip("=")
        case Coding.WRAPPED:
            return "\n".join(textwrap.wrap(text, LINE_CHARS))
