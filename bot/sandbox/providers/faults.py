"""Misbehaviour on demand: what networks and overloaded services do, per route and n-th call."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, Unpack

from aiohttp import web

from bot.sandbox.providers.calls import Call

DRIP_PIECES = 20
PIECE_BYTES = 256 * 1024

HTML_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
XML_PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code>'
    "<Message>The specified key does not exist.</Message></Error>"
)

Handler = Callable[[], Awaitable[web.Response]]


class FaultKind(StrEnum):
    """The ways in which an answer goes wrong. That nobody listens at all is `server.refusing()`."""

    STATUS = "status"  # `body`, or a bare JSON message, with any status
    HTML = "html"  # the page of a proxy in front
    XML = "xml"  # what an object store says, with any status
    EMPTY = "empty"  # 200 and no body
    REDIRECT = "redirect"  # 302 to somewhere else
    CUT_BEFORE = "cut_before"  # connection gone, the request was not read
    CUT_AFTER = "cut_after"  # connection gone, the request took effect
    SLOW = "slow"  # takes effect, then the answer is late
    SILENCE = "silence"  # headers, then nothing for a while
    DRIP = "drip"  # the body comes in small pieces, each late
    TRUNCATED = "truncated"  # half of the promised body, then the end
    WRONG_TYPE = "wrong_type"  # right body, wrong content type
    OVERSIZE = "oversize"  # the body goes on and on


class Wishes(TypedDict, total=False):
    """What `Faults.add` takes beside the route; see `Fault`."""

    kind: str
    times: int | None
    skip: int
    took_effect: bool
    status: int
    body: str
    delay_s: float
    content_type: str
    location: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule: which calls, and what happens to them."""

    method: str  # "*" for any
    pattern: str  # route or path without the API's prefix: "/generate/check/*"
    kind: str
    times: int | None = 1  # None: for ever
    skip: int = 0  # let so many fitting calls pass first
    took_effect: bool = False  # an answer of its own, given although the request was carried out
    status: int = 0  # 0: the usual one of the kind
    body: str = ""
    delay_s: float = 30.0  # of the wall's time
    content_type: str = "text/html"
    location: str = "https://elsewhere.example/login"
    size_bytes: int = 80 * 1024 * 1024


class Faults:
    """The rules in force; a call uses up the first one that fits."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._seen: dict[int, int] = {}  # fitting calls by id of the rule

    def add(self, method: str, pattern: str, **wishes: Unpack[Wishes]) -> None:
        """Let the next fitting calls fail: `add("POST", "/generate/async", kind="html", times=2)`."""
        fault = Fault(method=method, pattern=pattern, **wishes)
        FaultKind(fault.kind)  # a mistyped kind fails here, not in a handler
        self._rules.append(fault)
        self._seen[id(fault)] = 0

    def clear(self) -> None:
        """Behave again."""
        self._rules.clear()
        self._seen.clear()

    def take(self, call: Call) -> Fault | None:
        """Return the rule that this call falls under, and count it."""
        for fault in self._rules:
            if not call.fits(fault.method, fault.pattern):
                continue
            self._seen[id(fault)] += 1
            turn = self._seen[id(fault)] - fault.skip
            if turn >= 1 and (fault.times is None or turn <= fault.times):
                return fault
        return None


async def answer_with(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request in the faulty way, running its handler where the fault says so."""
    match FaultKind(fault.kind):
        case FaultKind.CUT_BEFORE:
            return _cut(request)
        case (
            FaultKind.STATUS | FaultKind.HTML | FaultKind.XML | FaultKind.EMPTY | FaultKind.REDIRECT
        ):
            if fault.took_effect:
                await handler()
            return _answer_of_its_own(fault)
        case FaultKind.CUT_AFTER:
            await handler()
            return _cut(request)
        case _:
            return await _spoilt(fault, request, await handler())


def _cut(request: web.Request) -> web.Response:
    """Drop the connection; the answer returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _answer_of_its_own(fault: Fault) -> web.Response:
    """Return the answer of something in front of, or wrong inside, the service."""
    match FaultKind(fault.kind):
        case FaultKind.HTML:
            status = fault.status or 502
            page = HTML_PAGE.format(status=status, reason=REASONS.get(status, "Error"))
            return web.Response(status=status, text=fault.body or page, content_type="text/html")
        case FaultKind.XML:
            text = fault.body or XML_PAGE
            return web.Response(
                status=fault.status or 404, text=text, content_type="application/xml"
            )
        case FaultKind.REDIRECT:
            return web.Response(status=fault.status or 302, headers={"Location": fault.location})
        case FaultKind.EMPTY:
            return web.Response(status=fault.status or 200, content_type="application/json")
        case _:
            text = fault.body or '{"message": "Internal Server Error"}'
            return web.Response(
                status=fault.status or 500, text=text, content_type="application/json"
            )


async def _spoilt(fault: Fault, request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Send the true answer badly."""
    match FaultKind(fault.kind):
        case FaultKind.SLOW:
            await asyncio.sleep(fault.delay_s)
            return answer
        case FaultKind.WRONG_TYPE:
            answer.headers["Content-Type"] = fault.content_type
            return answer
        case FaultKind.OVERSIZE:
            return await _pieces(fault, request, answer, length=None)
        case _:
            return await _pieces(fault, request, answer, length=len(_body(answer)))


async def _pieces(
    fault: Fault, request: web.Request, answer: web.Response, *, length: int | None
) -> web.StreamResponse:
    """Send the answer piece by piece, as the kind of the fault wants it."""
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = length
    with suppress(ConnectionError):  # the client had enough, as it may
        await stream.prepare(request)
        await _write_pieces(fault, request, stream, _body(answer))
    return stream


async def _write_pieces(
    fault: Fault, request: web.Request, stream: web.StreamResponse, body: bytes
) -> None:
    match FaultKind(fault.kind):
        case FaultKind.SILENCE:
            await asyncio.sleep(fault.delay_s)
            await stream.write(body)
        case FaultKind.DRIP:
            size = max(1, len(body) // DRIP_PIECES)
            for start in range(0, len(body), size):
                await stream.write(body[start : start + size])
                await asyncio.sleep(fault.delay_s / DRIP_PIECES)
        case FaultKind.TRUNCATED:
            await stream.write(body[: len(body) // 2])
            _cut(request)
        case _:
            # Blanks before the body leave JSON readable for whoever waits for its end.
            for _ in range(fault.size_bytes // PIECE_BYTES):
                await stream.write(b" " * PIECE_BYTES)
            await stream.write(body)


def _body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""
