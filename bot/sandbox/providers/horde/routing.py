"""What every route has in common: its limits, refusals turned into answers, the headers."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.providers.horde.admission import Caller
from bot.sandbox.providers.horde.limits import SUBMIT_LIMITS, TRUSTED_SUBMIT_LIMITS, Limit
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.rules import NODE
from bot.sandbox.providers.horde.world import World

MALFORMED = "The browser (or proxy) sent a request that this server could not understand."

TEN_A_SECOND = (Limit(count=10, period_s=1),)
FIVE_A_MINUTE = (Limit(count=5, period_s=60),)
TEN_A_MINUTE = (Limit(count=10, period_s=60),)
THIRTY_A_MINUTE = (Limit(count=30, period_s=60),)
SIXTY_A_MINUTE = (Limit(count=60, period_s=60),)
NINETY_A_MINUTE = (Limit(count=90, period_s=60),)

Answer = tuple[int, object]
Handler = Callable[[web.Request], Awaitable[Answer]]
Served = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, with its limits per address (or key) and path; none at all for the heartbeat."""

    method: str
    path: str
    handler: Handler
    limits: tuple[Limit, ...] = NINETY_A_MINUTE
    is_counted_by_key: bool = False


def served(world: World, route: Route) -> Served:
    """Wrap a handler: count the call, turn refusals into answers, add the headers."""

    async def serve(request: web.Request) -> web.Response:
        limits = route.limits
        if limits == SUBMIT_LIMITS and world.addresses.is_trusted(request.remote or ""):
            limits = TRUSTED_SUBMIT_LIMITS
        whose = request.headers.get("apikey") if route.is_counted_by_key else request.remote
        bucket = f"{whose} {request.method} {request.path}"
        seat = world.limiter.take(bucket, limits) if limits else None
        try:
            if seat and not seat.granted and world.rules.limited:
                raise Refusal(429, str(seat.limit))  # noqa: TRY301 - one exit for all refusals
            status, body = await route.handler(request)
        except Refusal as refusal:
            status, body = refusal.status, refusal.to_wire(request.path)
        return response(status, body, world.limiter.headers(seat) if seat else {})

    return serve


def response(status: int, body: object, headers: dict[str, str]) -> web.Response:
    """Return an answer with the headers that all of them have."""
    fixed = {"Horde-Node": NODE, "Access-Control-Allow-Origin": "*"}
    return web.json_response(body, status=status, headers=fixed | headers)


async def sent_json(request: web.Request) -> object:
    """Return the JSON that was sent; `Refusal` where it is none."""
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise Refusal(400, MALFORMED) from error


def caller_of(request: web.Request) -> Caller:
    """Return who asks."""
    return Caller(
        ip=request.remote or "",
        key=request.headers.get("apikey"),
        agent=request.headers.get("Client-Agent", ""),
    )


def whole(request: web.Request, name: str) -> int:
    """Return a number from the query, 0 without one."""
    text = request.query.get(name, "0")
    if not text.isdecimal():
        raise invalid({name: f"invalid literal for int() with base 10: '{text}'"})
    return int(text)
