"""`POST /callbacks/{provider}/{secret}`: read a provider's call within limits, and answer at once.

Who does not know a secret learns nothing here: every wrong address is the same 404, before a byte
of the body is read. What is read is only handed on; the work is done by the job's next step.
"""

import asyncio
from functools import partial

from aiohttp import web

from bot.jobs.callbacks import PATH, Callbacks
from bot.providers.base import Callback

BODY_BYTES_MAX = 48 * 1024 * 1024  # a picture of 32 MiB as base64 inside JSON, with some air
READING_BYTES_MAX = 128 * 1024 * 1024  # all calls together
BODY_S = 10.0  # AI Horde gives up after 3 s


class CallbackDoor:
    """Where providers' calls come in."""

    def __init__(self, callbacks: Callbacks, *, body_s: float = BODY_S) -> None:
        self._callbacks = callbacks
        self._body_s = body_s
        self._reading_bytes = 0

    def add_to(self, app: web.Application) -> None:
        """Open the door in an application."""
        app.router.add_post(PATH, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        provider = request.match_info["provider"]
        job_id = self._callbacks.job_of(provider, request.match_info["secret"])
        if job_id is None:
            raise web.HTTPNotFound
        body = await self._body(request)
        callback = Callback(headers=request.headers, body=body)
        hear = partial(self._callbacks.hear, job_id, provider=provider, callback=callback)
        asyncio.get_running_loop().call_soon(hear)  # a large one takes a while to read
        return web.Response()

    async def _body(self, request: web.Request) -> bytes:
        """Read a body to its end; the content type is not looked at, it is often wrong."""
        if (request.content_length or 0) > BODY_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, request.content_length or 0)
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_s):
                async for piece in request.content.iter_any():
                    self._reading_bytes += len(piece)
                    body += piece
                    self._check_room(len(body))
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (web.RequestPayloadError, ConnectionError):  # badly packed, or hung up half-way
            raise web.HTTPBadRequest from None
        finally:
            self._reading_bytes -= len(body)
        return bytes(body)

    def _check_room(self, size_bytes: int) -> None:
        if size_bytes > BODY_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, size_bytes)
        if self._reading_bytes > READING_BYTES_MAX:
            raise web.HTTPServiceUnavailable
