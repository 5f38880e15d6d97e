"""The routes of the sandbox server, and how their refusals are written."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.providers.aime import answers, openai
from bot.sandbox.providers.aime.endpoints import Endpoint, details
from bot.sandbox.providers.aime.jobs import JobState
from bot.sandbox.providers.aime.keys import NOT_VALID, Access
from bot.sandbox.providers.aime.refusals import (
    FrameworkError,
    Refusal,
    broken,
    not_found,
    refused,
    refused_openai,
    unknown_job,
)
from bot.sandbox.providers.aime.submit import lapsed_error, submit, waited_for
from bot.sandbox.providers.aime.world import World

JSON_TYPE = "application/json"
ANONYMOUS = Access(key="")  # of the older server, whose login asks for no key
CORS = {"Access-Control-Allow-Origin": "*"}

Answer = dict[str, object] | str
Handler = Callable[[web.Request], Awaitable[Answer]]
Sent = dict[str, object]


class Api:
    """The handlers, and the table that says which is which."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]]:
        """Return the routes as the loopback host wants them."""
        return [
            (method, path, _served(handler))
            for path, methods, handler in self._table()
            for method in methods
        ]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or a method that the server does not have."""
        if not self._is_known(request.path):
            return _framework(request, not_found(request.path))
        message = f"Method {request.method} not allowed for URL {request.path}"
        return _framework(request, FrameworkError(405, message))

    def _table(self) -> list[tuple[str, tuple[str, ...], Handler]]:
        both = ("GET", "POST")
        return [
            ("/api/endpoints", both, self._endpoints),
            ("/api/endpoints/{endpoint}", both, self._details),
            ("/api/validate_key", both, self._validate_key),
            ("/stream_progress", both, self._stream_progress),
            ("/v1/models", ("GET",), self._models),
            ("/v1/chat/completions", ("POST",), self._chat),
            ("/v1/images/generations", ("POST",), self._not_implemented),
            ("/v1/responses", ("POST",), self._not_implemented),
            ("/v1/audio/{anything}", ("POST",), self._not_implemented),
            ("/{endpoint}/login", both, self._login),
            ("/{endpoint}/progress", both, self._progress),
            ("/{endpoint}", both, self._submit),
        ]

    def _is_known(self, path: str) -> bool:
        first, _, rest = path.strip("/").partition("/")
        if first in self._world.endpoints:
            return rest in {"", "login", "progress"}
        return path in {route for route, *_ in self._table() if "{" not in route}

    async def _endpoints(self, request: web.Request) -> Answer:
        names = list(self._world.endpoints)
        if "key" not in request.query:
            return {"endpoints": names}
        access = self._world.keys.by_key(request.query["key"])
        if access is None:
            raise Refusal(401, {"error": NOT_VALID})
        return {"endpoints": [name for name in names if access.opens(name)]}

    async def _details(self, request: web.Request) -> Answer:
        endpoint, queue = self._endpoint(request), self._world.queue
        queue.catch_up()
        name = endpoint.name
        return details(endpoint, queued=queue.waiting(name), busy=queue.working(name))

    async def _validate_key(self, request: web.Request) -> Answer:
        is_known = self._world.keys.by_key(request.query.get("key")) is not None
        return {"success": is_known, "error": None if is_known else NOT_VALID}

    async def _login(self, request: web.Request) -> Answer:
        """Begin a session; only the query is read, and the key comes back in the answer."""
        endpoint = self._endpoint(request)
        access = self._world.keys.by_key(request.query.get("key"))
        if access is None and self._world.rules.is_older:
            access = ANONYMOUS
        if access is None or not access.opens(endpoint.name):
            return {"success": False, "error": NOT_VALID}
        session = self._world.new_id()
        self._world.keys.log_in(access, session=session, process=self._world.process())
        return {
            "success": True,
            "ep_version": endpoint.version,
            "client_session_auth_key": session,
            "key": access.key,
        }

    async def _submit(self, request: web.Request) -> Answer:
        endpoint = self._endpoint(request)
        sent = await _sent(request)
        job = await submit(self._world, endpoint, sent, process=self._world.process())
        if sent.get("wait_for_result") is False:
            return answers.submitted(job)
        return await waited_for(self._world, job)

    async def _progress(self, request: web.Request) -> Answer:
        """Answer about any job to anybody who knows its id."""
        endpoint = self._endpoint(request)
        sent = await _sent(request)
        version = endpoint.version
        if (job_id := sent.get("job_id")) is None:
            raise refused(402, ["Missing job_id"], ep_version=version)
        job = self._world.queue.find(str(job_id), process=self._world.process())
        if job is None:
            raise unknown_job(str(job_id), ep_version=version)
        if job.state is JobState.LAPSED:
            raise lapsed_error(self._world, job)
        return await answers.progress(self._world, job, endpoint)

    async def _stream_progress(self, _: web.Request) -> Answer:
        raise broken()

    async def _models(self, request: web.Request) -> Answer:
        self._bearer(request)
        return openai.models(self._world)

    async def _chat(self, request: web.Request) -> Answer:
        access = self._bearer(request)
        sent = await _sent(request)
        endpoint = openai.endpoint_of(self._world, sent)
        native = openai.to_native(sent, access.key)
        job = await submit(self._world, endpoint, native, process=self._world.process())
        await waited_for(self._world, job)
        if sent.get("stream"):
            return openai.stream(self._world, job)
        return openai.completion(self._world, job)

    async def _not_implemented(self, _: web.Request) -> Answer:
        raise openai.not_implemented()

    def _bearer(self, request: web.Request) -> Access:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if (access := self._world.keys.by_key(key)) is None:
            raise refused_openai(401, NOT_VALID, "invalid_api_key")
        return access

    def _endpoint(self, request: web.Request) -> Endpoint:
        endpoint = self._world.endpoints.get(request.match_info["endpoint"])
        if endpoint is None:
            raise not_found(request.path)
        return endpoint


def _served(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Wrap a handler: turn refusals into answers, and write what it returns."""

    async def serve(request: web.Request) -> web.Response:
        try:
            answer = await handler(request)
        except Refusal as refusal:
            return _written(refusal.status, refusal.body)
        except FrameworkError as error:
            return _framework(request, error)
        return _written(200, answer)

    return serve


async def _sent(request: web.Request) -> Sent:
    """Return what a call says: texts of a query, or a body of JSON."""
    if request.method == "GET":
        return dict(request.query)
    body = await request.read()
    if not body:
        raise broken()
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise FrameworkError(400, "Failed when parsing body as json") from error
    if not isinstance(sent, dict):
        raise broken()
    return sent


def _framework(request: web.Request, error: FrameworkError) -> web.Response:
    if request.headers.get("Content-Type", "").startswith(JSON_TYPE):
        return _written(error.status, error.to_json())
    return web.Response(status=error.status, text=error.to_text(), headers=CORS)


def _written(status: int, answer: Answer) -> web.Response:
    kind = JSON_TYPE if isinstance(answer, dict) else "text/event-stream"
    text = json.dumps(answer) if isinstance(answer, dict) else answer
    # Bytes, not text: the real server names no charset.
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": kind, **CORS})
