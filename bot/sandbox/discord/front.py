"""One loopback port for REST, the gateway socket and the CDN."""

from collections.abc import Mapping

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.discord.breakage import drop, send_half
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.faults import Cut, RequestFault, RequestFaults, SocketFault
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.gateway_socket import GatewaySocket
from bot.sandbox.discord.gateway_stream import open_stream
from bot.sandbox.discord.journal import Journal, Request
from bot.sandbox.discord.rest import BODY_BYTES_MAX, PREFIX, VIA, Rest
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.distance import away

CDN_PREFIX = "/cdn"
GATEWAY_PATH = "/gateway"
HOST = "127.0.0.1"


class Front:
    """Owns the port and the open sockets."""

    def __init__(  # noqa: PLR0913 - three fronts on one port
        self,
        *,
        rules: DiscordRules,
        clock: Clock,
        rest: Rest,
        gateway: Gateway,
        cdn: Cdn,
        journal: Journal,
        faults: RequestFaults,
        bot_token: str,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._rest = rest
        self._gateway = gateway
        self._cdn = cdn
        self._journal = journal
        self._faults = faults
        self._bot_token = bot_token
        self._open: dict[GatewaySocket, web.Request] = {}
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port."""
        application = web.Application(
            client_max_size=BODY_BYTES_MAX,
            middlewares=away(self._rules.distance_s, near=frozenset({GATEWAY_PATH})),
        )
        application.router.add_get(GATEWAY_PATH, self._serve_gateway)
        application.router.add_get(f"{CDN_PREFIX}/{{path:.*}}", self._serve_cdn)
        application.router.add_route("*", f"{PREFIX}/{{path:.*}}", self._rest.handle)
        application.router.add_route("*", "/{path:.*}", self._serve_nothing)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        bound_port = self._runner.addresses[0][1]
        self.address = f"{HOST}:{bound_port}"

    async def stop(self) -> None:
        """Break what is open and free the port."""
        self.break_sockets(SocketFault.CUT)
        if self._runner is not None:
            await self._runner.cleanup()

    def break_sockets(self, fault: SocketFault) -> None:
        """Let something happen to every open gateway connection."""
        for socket, request in list(self._open.items()):
            if fault is SocketFault.CUT:
                drop(request)
            else:
                socket.suffer(fault)

    async def _serve_gateway(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=4096 * 1024)
        await socket.prepare(request)
        stream = open_stream(request.query.get("compress"))
        if stream is None or request.query.get("encoding", "json") != "json":
            self._journal.violate(f"gateway: cannot serve {request.query_string}")
            await socket.close(code=4000)
            return socket
        connection = GatewaySocket(
            socket,
            stream=stream,
            gateway=self._gateway,
            rules=self._rules,
            clock=self._clock,
            journal=self._journal,
            token=self._bot_token,
        )
        self._open[connection] = request
        try:
            await connection.serve()
        finally:
            del self._open[connection]
        return socket

    async def _serve_cdn(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        entry = Request(method="GET", path=path, route=CDN_PREFIX, at=self._clock.now())
        self._journal.requests.append(entry)
        fault = self._faults.next_for("GET", path) or RequestFault()
        await self._clock.sleep(fault.delay_s)
        if fault.cut in {Cut.BEFORE, Cut.AFTER}:
            return drop(request)
        response = self._file(path, request.query, fault)
        entry.status = response.status
        return await send_half(request, response) if fault.cut is Cut.BODY else response

    def _file(self, path: str, query: Mapping[str, str], fault: RequestFault) -> web.Response:
        if fault.status is not None:
            return web.Response(status=fault.status, headers=VIA)
        attachment = self._cdn.read(path.removeprefix(CDN_PREFIX), query)
        if attachment is None:
            text = "This content is no longer available."
            return web.Response(status=404, text=text, headers=VIA)
        return web.Response(body=attachment.data, content_type=attachment.content_type, headers=VIA)

    async def _serve_nothing(self, request: web.Request) -> web.StreamResponse:
        self._journal.violate(f"no such address: {request.method} {request.path}")
        return web.Response(status=404, headers=VIA)
