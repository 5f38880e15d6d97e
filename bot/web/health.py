"""One page that says whether the service does its work: for container health checks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

Probe = Callable[[], Awaitable[bool]]


def health_app(probes: Mapping[str, Probe]) -> web.Application:
    """Answer `GET /healthz` with 200 when every probe is true, else 503; the body names each."""

    async def answer(_: web.Request) -> web.Response:
        results = {name: await probe() for name, probe in probes.items()}
        is_healthy = all(results.values())
        status = HTTPStatus.OK if is_healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"healthy": is_healthy, "parts": results}, status=status)

    app = web.Application()
    app.router.add_get("/healthz", answer)
    return app


@asynccontextmanager
async def serving(app: web.Application, *, host: str, port: int) -> AsyncIterator[None]:
    """Serve an application for as long as the block lasts."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
