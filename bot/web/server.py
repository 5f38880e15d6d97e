"""The bot's one web server: its pages together, and limits for whoever is slow or speaks no HTTP."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.jobs.callbacks import Callbacks
from bot.web.callbacks import CallbackDoor
from bot.web.health import Probe, add_health

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client may take, in seconds."""

    idle_s: float = 30.0  # to send a request line and headers, the first time and between requests
    rest_s: float = 2.0  # to send the rest of a body that nobody wants


def web_app(probes: Mapping[str, Probe], *, callbacks: Callbacks | None) -> web.Application:
    """Put the pages together; providers' calls are taken only where there is something for them."""
    app = web.Application()
    add_health(app, probes)
    if callbacks is not None:
        CallbackDoor(callbacks).add_to(app)
    return app


@asynccontextmanager
async def serving(
    app: web.Application, *, host: str, port: int, patience: Patience | None = None
) -> AsyncIterator[int]:
    """Serve an application for as long as the block lasts; gives the port."""
    patience = patience or Patience()
    runner = web.AppRunner(
        app,
        access_log=None,  # addresses of callbacks are secrets
        logger=_Quiet(log),
        keepalive_timeout=patience.idle_s,
        lingering_time=patience.rest_s,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log, where garbage from outside is no error of ours and is not quoted."""

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        """Log a fault of ours with its traceback, and what was not proper HTTP in one line."""
        if isinstance(exc_info, HttpProcessingError | web.RequestPayloadError):
            self.debug("request refused", extra={"fault": type(exc_info).__name__})
            return
        super().exception(msg, *args, exc_info=exc_info, **kwargs)
