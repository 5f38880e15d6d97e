"""How far away a server on loopback is: a request takes its time there, and its answer back.

The server's own work and the bytes of the body come on top. Nothing is lost on the way; for that
there are faults.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def away(distance_s: float, *, near: frozenset[str] = frozenset()) -> tuple[Middleware, ...]:
    """Return the middleware of a server that is so far away, there and back; none without distance.

    Paths in `near` answer at once: a socket that stays open is no request.
    """
    if not distance_s:
        return ()

    @web.middleware
    async def travel(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in near:
            return await handler(request)
        await asyncio.sleep(distance_s / 2)
        answer = await handler(request)
        await asyncio.sleep(distance_s / 2)
        return answer

    return (travel,)
