"""A provider's host on loopback: records every call, misbehaves on demand, can go away and return."""

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.distance import away
from bot.sandbox.providers.calls import Call, CallLog, presentable, without_secrets
from bot.sandbox.providers.faults import Faults, answer_with

LOOPBACK = "127.0.0.1"
BODY_BYTES_MAX = 64 * 1024 * 1024
GOODBYE_S = 0.1  # open requests get this long when the host goes away

Handler = Callable[[web.Request], Awaitable[web.Response]]
AnyHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]  # as aiohttp sees them


class LoopbackServer:
    """One host of a provider. `serve` is asked for every call and finds its own routes."""

    def __init__(
        self, *, name: str, clock: Clock, calls: CallLog, faults: Faults, distance_s: float = 0.0
    ) -> None:
        self.name = name
        self.port = 0
        self._clock = clock
        self._calls = calls
        self._faults = faults
        self._distance_s = distance_s
        self._routes: list[tuple[str, str, Handler]] = []
        self._unknown: Handler = _nothing_here
        self._prefix = ""
        self._key_header = ""
        self._runner: web.AppRunner | None = None

    def speaks(
        self,
        routes: list[tuple[str, str, Handler]],
        *,
        prefix: str = "",
        key_header: str = "",
        unknown: Handler | None = None,
    ) -> None:
        """Set the routes (method, path below `prefix`, handler) and what other paths answer."""
        self._routes = routes
        self._prefix = prefix
        self._key_header = key_header
        self._unknown = unknown or _nothing_here

    @property
    def origin(self) -> str:
        """Scheme, host and port; known once it has started."""
        return f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen: on a free port the first time, on the same one ever after."""
        middlewares = (*away(self._distance_s), self._answer)
        app = web.Application(middlewares=middlewares, client_max_size=BODY_BYTES_MAX)
        for method, path, handler in self._routes:
            app.router.add_route(method, self._prefix + path, handler)
        app.router.add_route("*", "/{anything:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away; connections are refused until `start`."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Refuse every connection while the block runs; nobody else gets the port meanwhile."""
        await self.stop()
        try:
            with socket.socket() as kept:  # bound and not listening: connections are refused
                kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                kept.bind((LOOPBACK, self.port))
                yield
        finally:
            await self.start()

    @web.middleware
    async def _answer(self, request: web.Request, handler: AnyHandler) -> web.StreamResponse:
        call = self._call_of(request)
        self._calls.add(call)
        fault = self._faults.take(call)

        async def true_answer() -> web.Response:
            call.body = await _body_of(request)
            answer = await handler(request)
            assert isinstance(answer, web.Response)  # all our routes answer with whole bodies
            call.status = answer.status
            return answer

        if fault is None:
            return await true_answer()
        call.fault = fault.kind
        answer = await answer_with(fault, request, true_answer)
        call.status = None if fault.kind.startswith("cut") else answer.status
        return answer

    def _call_of(self, request: web.Request) -> Call:
        resource = request.match_info.route.resource
        pattern = resource.canonical if resource is not None else ""
        return Call(
            host=self.name,
            method=request.method,
            path=request.path.removeprefix(self._prefix),
            route="" if pattern.startswith("/{anything") else pattern.removeprefix(self._prefix),
            query=without_secrets(request.query),
            headers={n: v for n, v in request.headers.items() if n.lower() != self._key_header},
            at=self._clock.now(),
            key_tail=request.headers.get(self._key_header, "")[-4:] if self._key_header else "",
        )


async def _body_of(request: web.Request) -> object:
    """Return what was sent, fit to be kept; the handler reads it again from memory."""
    text = (await request.read()).decode("utf-8", errors="replace")
    if not text:
        return None
    try:
        return presentable(json.loads(text))
    except ValueError:
        return presentable(text)


async def _nothing_here(_: web.Request) -> web.Response:
    return web.Response(status=404, text="404: Not Found")
