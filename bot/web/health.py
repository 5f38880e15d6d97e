"""One page that says whether the service does its work: for container health checks."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

Probe = Callable[[], Awaitable[bool]]


def add_health(app: web.Application, probes: Mapping[str, Probe]) -> None:
    """Answer `GET /healthz` with 200 when every probe is true, else 503; the body names each."""

    async def answer(_: web.Request) -> web.Response:
        results = {name: await probe() for name, probe in probes.items()}
        is_healthy = all(results.values())
        status = HTTPStatus.OK if is_healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"healthy": is_healthy, "parts": results}, status=status)

    app.router.add_get("/healthz", answer)
