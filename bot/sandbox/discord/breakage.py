"""Break a connection on purpose."""

import asyncio

from aiohttp import web


def drop(request: web.Request) -> web.Response:
    """Break the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # aiohttp wants one; nobody will read it


async def send_half(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Send the head and half of the body, then break the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    half = web.StreamResponse(status=whole.status, headers=whole.headers)
    half.content_length = max(len(body), 2)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    await asyncio.sleep(0)  # let the first half leave before the line breaks
    drop(request)
    return half
