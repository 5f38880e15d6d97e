"""A host that says exactly what a test wrote down, byte for byte, and remembers what it was asked.

It is no imitation of any service (the sandbox has those): it is for answers and accidents that a
well-behaved server library would not let happen.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

DRIP_S = 0.02


class Delivery(StrEnum):
    WHOLE = "whole"
    CUT_BEFORE = "cut before the request was read"
    CUT_AFTER = "cut after the request was read"
    SILENT = "read, and never answered"
    STALLED = "less body than promised, then silence"
    TRUNCATED = "less body than promised, then the end"
    DRIPPING = "a byte now and then, for ever"


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE

    @property
    def is_endless(self) -> bool:
        return self.delivery in (Delivery.SILENT, Delivery.STALLED, Delivery.DRIPPING)

    def head(self) -> bytes:
        is_short = self.delivery in (Delivery.TRUNCATED, Delivery.STALLED, Delivery.DRIPPING)
        promised = len(self.body) + (10_000 if is_short else 0)
        headers = {"Content-Length": str(promised), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Scripted\r\n{lines}\r\n".encode()


def as_json(value: Any, *, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        status=status,
        body=json.dumps(value).encode(),
        headers={"Content-Type": "application/json", **named},
    )


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedHost:
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._replies: deque[Reply] = deque()
        self._always: Reply | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def says(self, *replies: Reply) -> None:
        self._replies.extend(replies)

    def forget(self) -> None:
        """Say nothing more of what was written down and not asked for."""
        self._replies.clear()

    def always_says(self, reply: Reply) -> None:
        self._always = reply

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._open.values())
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[writer] = task
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up, which is its right
        finally:
            writer.transport.abort()
            del self._open[writer]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        reply = self._replies.popleft() if self._replies else self._always
        assert reply is not None, f"nothing was scripted for {head[:60]!r}"
        if reply.delivery is Delivery.CUT_BEFORE:
            return False
        self.calls.append(await _call(head, reader))
        if reply.delivery is Delivery.CUT_AFTER:
            return False
        if reply.delivery is Delivery.SILENT:
            await reader.read()
            return False
        writer.write(reply.head() + reply.body)
        await writer.drain()
        if reply.delivery is Delivery.STALLED:
            await reader.read()
        if reply.delivery is Delivery.DRIPPING:
            await _drip(writer)
        if reply.delivery is Delivery.TRUNCATED:
            writer.close()
            await writer.wait_closed()
        return reply.delivery is Delivery.WHOLE


async def _drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte oftener than anybody would call silence, until the client has enough."""
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(DRIP_S)


async def _call(head: bytes, reader: asyncio.StreamReader) -> Call:
    first, *lines = head.decode().strip().split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method=method, path=path, headers=headers, body=body)
