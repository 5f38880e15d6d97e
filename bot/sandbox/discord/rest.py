"""The REST front: every request goes log → faults → limits → checks → handler → checks → answer."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.clock import Clock
from bot.sandbox.discord.breakage import drop, send_half
from bot.sandbox.discord.faults import Cut, RequestFault, RequestFaults
from bot.sandbox.discord.journal import Journal, Request
from bot.sandbox.discord.limits import Limits
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.router import Door, Match, Router
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import (
    Answer,
    ApiError,
    Call,
    Flaw,
    Json,
    UploadedFile,
    invalid_body,
    too_large,
    unauthorized,
    unknown_route,
)

_log = logging.getLogger(__name__)

PREFIX = "/api/v10"
VIA = {"Via": "1.1 sandbox"}
BANNED = "<html>You are being blocked from accessing our API temporarily.</html>"
FAULT_RETRY_AFTER_S = 0.2
BODY_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request's body as read: JSON, or a form's `payload_json` and files."""

    content_type: str = ""
    content: Any = None
    files: Sequence[UploadedFile] = ()
    file_fields: Sequence[str] = ()


class Rest:
    """Serves `/api/v10`. One instance per server."""

    def __init__(  # noqa: PLR0913 - the front joins every check
        self,
        *,
        rules: DiscordRules,
        clock: Clock,
        router: Router,
        limits: Limits,
        faults: RequestFaults,
        journal: Journal,
        checker: OpenApiChecker | None,
        bot_token: str,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._router = router
        self._limits = limits
        self._faults = faults
        self._journal = journal
        self._checker = checker
        self._authorization = f"Bot {bot_token}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or break the connection where a fault says so."""
        path = request.path.removeprefix(PREFIX)
        match = self._router.find(request.method, path)
        entry = Request(
            method=request.method,
            path=path,
            route=match.route.template if match else path,
            at=self._clock.now(),
            query=dict(request.query),
        )
        self._journal.requests.append(entry)
        started_s = self._clock.elapsed_s()
        fault = self._faults.next_for(request.method, path) or RequestFault()
        if fault.delay_s:
            await self._clock.sleep(fault.delay_s)
        if fault.cut is Cut.BEFORE:
            return drop(request)
        answer, headers = await self._answer(request, match, entry, fault)
        entry.took_s = self._clock.elapsed_s() - started_s
        if fault.cut is Cut.AFTER:
            return drop(request)
        entry.status = answer.status
        self._journal.bell.ring()
        self._limits.count_invalid(answer.status)
        response = _response(answer, headers)
        return await send_half(request, response) if fault.cut is Cut.BODY else response

    async def _answer(
        self, request: web.Request, match: Match | None, entry: Request, fault: RequestFault
    ) -> tuple[Answer, Mapping[str, str]]:
        try:
            body = await read_body(request)
            entry.body, entry.files = body.content, tuple(f.filename for f in body.files)
            if fault.status is not None:
                return _spoiled(fault.status, fault), VIA | dict(fault.headers)
            if self._limits.is_banned():
                return Answer(status=429, body=BANNED), {}
            return self._admitted(request, match, entry, body)
        except ApiError as error:
            return self._refused(error, entry), VIA | _retry_headers(error)
        except ConnectionError:  # the client is gone amid its request: nobody reads this
            return _failure(400), VIA
        except Exception as error:  # noqa: BLE001 - a server answers whatever happens
            # a body that no rule foresaw: our fault or the bot's, and the test should know
            _log.exception("the sandbox stumbled")
            self._journal.violate(f"{entry.method} {entry.route} broke the sandbox: {error!r}")
            return _failure(500), VIA

    def _admitted(
        self, request: web.Request, match: Match | None, entry: Request, body: Body
    ) -> tuple[Answer, Mapping[str, str]]:
        if match is None:
            self._journal.violate(f"no such route: {entry.method} {entry.path}")
            raise unknown_route()
        is_bot = match.route.door is Door.BOT
        if is_bot and request.headers.get("Authorization") != self._authorization:
            raise unauthorized()
        verdict = self._limits.admit(match.bucket(self._rules), counts_globally=is_bot)
        headers = {**VIA, **verdict.headers}
        if verdict.retry_after_s is not None:
            limited = {
                "message": "You are being rate limited.",
                "retry_after": round(verdict.retry_after_s, 3),
                "global": verdict.is_global,
                "code": 0,
            }
            return self._checked(entry, Answer(status=429, body=limited)), headers
        self._check_request(entry, body)
        try:
            return self._checked(entry, _run(match, entry, body)), headers
        except ApiError as error:
            return self._refused(error, entry), headers | _retry_headers(error)

    def _check_request(self, entry: Request, body: Body) -> None:
        if self._checker is None:
            return
        problems = self._checker.request_problems(
            entry.method,
            entry.path,
            query=entry.query,
            content_type=body.content_type,
            body=body.content,
            file_fields=body.file_fields,
        )
        for problem in problems:
            self._journal.violate(f"{entry.method} {entry.route}: {problem}")

    def _refused(self, error: ApiError, entry: Request) -> Answer:
        entry.code = error.code
        return self._checked(entry, Answer(status=error.status, body=error.body()))

    def _checked(self, entry: Request, answer: Answer) -> Answer:
        if self._checker is not None:
            problems = self._checker.answer_problems(
                entry.method, entry.path, status=answer.status, body=answer.body
            )
            for problem in problems:
                self._journal.violate(
                    f"the sandbox's answer to {entry.method} {entry.route}: {problem}"
                )
        return answer


def _run(match: Match, entry: Request, body: Body) -> Answer:
    call = Call(
        method=entry.method,
        path=entry.path,
        params=match.params,
        query=entry.query,
        body={} if body.content is None else body.content,
        files=body.files,
    )
    return match.route.handler(call)


async def read_body(request: web.Request) -> Body:
    """Read JSON or a multipart form. Raises 50035 or 40005."""
    if not request.can_read_body:
        return Body()
    if request.content_type.startswith("multipart/"):
        return await _read_form(request)
    raw = await request.read()
    return Body(content_type=request.content_type, content=_json(raw) if raw else None)


async def _read_form(request: web.Request) -> Body:
    content: Any = None
    files: list[UploadedFile] = []
    fields: list[str] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read(decode=False))
        name = part.name or ""
        if name == "payload_json":
            content = _json(data)
        else:
            fields.append(name)
            index = name.removeprefix("files[").removesuffix("]")
            if not index.isdecimal():
                raise invalid_body(Flaw(name, "file fields are named files[n]"))
            filename = part.filename or "unknown"
            files.append(UploadedFile(index=int(index), filename=filename, data=data))
        if sum(len(file.data) for file in files) > BODY_BYTES_MAX:
            raise too_large()
    return Body(content_type=request.content_type, content=content, files=files, file_fields=fields)


def _spoiled(status: int, fault: RequestFault) -> Answer:
    return (
        _failure(status, fault.code)
        if fault.says is None
        else Answer(status=status, body=fault.says)
    )


def _failure(status: int, code: int = 0) -> Answer:
    body: Json = {"message": f"{status}: the sandbox's doing", "code": code}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        body |= {"retry_after": FAULT_RETRY_AFTER_S, "global": False}
    return Answer(status=status, body=body)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from error


def _retry_headers(error: ApiError) -> dict[str, str]:
    if error.retry_after_s is None:
        return {}
    return {"Retry-After": str(int(error.retry_after_s) + 1), "X-RateLimit-Scope": "user"}


def _response(answer: Answer, headers: Mapping[str, str]) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if isinstance(answer.body, str):
        headers = {"Content-Type": "text/html; charset=utf-8", **headers}
        return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)
    # Discord names no charset, and clients compare the whole value
    return web.Response(
        status=answer.status,
        body=json.dumps(answer.body).encode(),
        headers={**headers, "Content-Type": "application/json"},
    )
