"""One gateway connection: opcodes, heartbeats, close codes.

Discord, "Gateway" and "Opcodes and Status Codes".
"""

import asyncio
import json
from collections import deque
from enum import IntEnum
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.clock import Clock
from bot.sandbox.discord.faults import SocketFault
from bot.sandbox.discord.gateway import PRIVILEGED, Gateway, Intent, Session
from bot.sandbox.discord.gateway_stream import Stream
from bot.sandbox.discord.journal import Journal
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import Json


class Op(IntEnum):
    """Gateway opcodes."""

    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


UNKNOWN_OPCODE, DECODE_ERROR = 4001, 4002
NOT_AUTHENTICATED, AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED = 4003, 4004, 4005
RATE_LIMITED, INVALID_SHARD, DISALLOWED_INTENTS = 4008, 4010, 4014

ENDS_SESSION = frozenset({WSCloseCode.OK, WSCloseCode.GOING_AWAY})


class Closed(Exception):
    """The connection must be closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GatewaySocket:
    """Serves one connection from HELLO to its end."""

    def __init__(  # noqa: PLR0913 - everything a connection may meet
        self,
        socket: web.WebSocketResponse,
        *,
        stream: Stream,
        gateway: Gateway,
        rules: DiscordRules,
        clock: Clock,
        journal: Journal,
        token: str,
    ) -> None:
        self._socket = socket
        self._stream = stream
        self._gateway = gateway
        self._rules = rules
        self._clock = clock
        self._journal = journal
        self._token = token
        self._outbox: asyncio.Queue[Json] = asyncio.Queue()
        self._received_s: deque[float] = deque()
        self._session: Session | None = None
        self._is_silent = False
        self._in_parts = False

    def put(self, payload: Json) -> None:
        """Queue a payload for sending."""
        self._outbox.put_nowait(payload)

    def suffer(self, fault: SocketFault) -> None:
        """Let something happen to this connection."""
        match fault:
            case SocketFault.SILENCE:
                self._is_silent = True
            case SocketFault.PARTIAL:
                self._in_parts = True
            case SocketFault.RECONNECT:
                self.put({"op": Op.RECONNECT, "d": None})
            case SocketFault.INVALIDATE:
                self.put({"op": Op.INVALID_SESSION, "d": False})
            case SocketFault.CUT:
                pass  # the server holds the transport

    async def serve(self) -> None:
        """Talk until the client goes or breaks a rule."""
        interval_ms = int(self._rules.heartbeat_interval_s * 1000)
        self.put({"op": Op.HELLO, "d": {"heartbeat_interval": interval_ms}})
        sender = asyncio.create_task(self._send_all())
        code: int | None = None
        try:
            await self._receive_all()
            code = self._socket.close_code
        except Closed as closed:
            self._journal.violate(f"gateway closed with {closed.code}: {closed.reason}")
            await self._socket.close(code=closed.code, message=closed.reason.encode())
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            if self._session is not None:
                for_good = code in ENDS_SESSION
                self._gateway.lose(self._session, self, for_good=for_good)

    async def _send_all(self) -> None:
        while True:
            payload = await self._outbox.get()
            if self._is_silent:
                continue
            frame = self._stream.frame(payload)
            if isinstance(frame, str):
                await self._socket.send_str(frame)
            elif self._in_parts:
                middle = len(frame) // 2
                await self._socket.send_bytes(frame[:middle])
                await self._socket.send_bytes(frame[middle:])
            else:
                await self._socket.send_bytes(frame)

    async def _receive_all(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                raise Closed(DECODE_ERROR, "only JSON text is understood")
            self._count()
            self._handle(_decoded(message.data))

    def _count(self) -> None:
        now_s = self._clock.elapsed_s()
        limit = self._rules.gateway_sends
        self._received_s.append(now_s)
        while self._received_s[0] <= now_s - limit.per_s:
            self._received_s.popleft()
        if len(self._received_s) > limit.count:
            raise Closed(RATE_LIMITED, "more than 120 messages in 60 s")

    def _handle(self, payload: Json) -> None:
        match payload["op"]:
            case Op.HEARTBEAT:
                self.put({"op": Op.HEARTBEAT_ACK, "d": None})
            case Op.IDENTIFY:
                self._identify(payload["d"])
            case Op.RESUME:
                self._resume(payload["d"])
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS:
                if self._session is None:
                    raise Closed(NOT_AUTHENTICATED, "not identified yet")
            case opcode:
                raise Closed(UNKNOWN_OPCODE, f"unknown opcode {opcode}")

    def _identify(self, data: Json) -> None:
        if self._session is not None:
            raise Closed(ALREADY_AUTHENTICATED, "identified twice")
        self._check_token(data)
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            raise Closed(INVALID_SHARD, f"no shard {shard} of {shards}")
        intents = Intent(data["intents"])
        if intents & PRIVILEGED and not self._rules.privileged_intents:
            raise Closed(DISALLOWED_INTENTS, "privileged intents are not enabled")
        if not self._gateway.may_identify(shard):
            self.put({"op": Op.INVALID_SESSION, "d": False})
            return
        self._session = self._gateway.start(self, shard=shard, shards=shards, intents=intents)

    def _resume(self, data: Json) -> None:
        self._check_token(data)
        self._session = self._gateway.resume(
            self, session_id=data["session_id"], sequence=data["seq"] or 0
        )
        if self._session is None:
            self.put({"op": Op.INVALID_SESSION, "d": False})

    def _check_token(self, data: Json) -> None:
        if data.get("token") != self._token:
            raise Closed(AUTHENTICATION_FAILED, "wrong token")


def _decoded(text: str) -> Json:
    try:
        payload: Any = json.loads(text)
    except ValueError as error:
        raise Closed(DECODE_ERROR, "not JSON") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("op"), int):
        raise Closed(DECODE_ERROR, "not a gateway payload")
    return payload
