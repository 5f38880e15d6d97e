"""The routes of the sandbox Horde: limits first, then the handler, then the headers of every answer."""

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.providers.horde import answers
from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.jobs import Job
from bot.sandbox.providers.horde.limits import SUBMIT_LIMITS, TRUSTED_SUBMIT_LIMITS, Limit
from bot.sandbox.providers.horde.refusals import Refusal, invalid, not_found
from bot.sandbox.providers.horde.rules import NODE, VERSION
from bot.sandbox.providers.horde.submit import Caller, submit
from bot.sandbox.providers.horde.world import World

CHECK_CACHE_S = 1.0
MODELS_CACHE_S = 2.0
ACCOUNT_CACHE_S = 30.0
MALFORMED = "The browser (or proxy) sent a request that this server could not understand."
NO_SUCH_PAGE = (
    "The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again."
)

TEN_A_SECOND = (Limit(count=10, period_s=1),)
FIVE_A_MINUTE = (Limit(count=5, period_s=60),)
TEN_A_MINUTE = (Limit(count=10, period_s=60),)
THIRTY_A_MINUTE = (Limit(count=30, period_s=60),)
SIXTY_A_MINUTE = (Limit(count=60, period_s=60),)
NINETY_A_MINUTE = (Limit(count=90, period_s=60),)

Answer = tuple[int, object]
Handler = Callable[[web.Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, with its limits per address and path; none at all for the heartbeat."""

    method: str
    path: str
    handler: Handler
    limits: tuple[Limit, ...] = NINETY_A_MINUTE


class Api:
    """The handlers, and the table that says which is which."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]]:
        """Return the routes as the loopback host wants them."""
        return [(route.method, route.path, self._served(route)) for route in self._table()]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or method that the server does not have."""
        paths = {route.path for route in self._table() if "{" not in route.path}
        is_method = request.path.removeprefix("/api/v2") in paths
        message = "The method is not allowed for the requested URL." if is_method else NO_SUCH_PAGE
        refusal = Refusal(405 if is_method else 404, message)
        return _response(refusal.status, refusal.to_wire(request.path), {})

    def _table(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST", path="/generate/async", handler=self._submit, limits=SUBMIT_LIMITS
            ),
            Route(
                method="GET", path="/generate/check/{id}", handler=self._check, limits=TEN_A_SECOND
            ),
            Route(
                method="GET",
                path="/generate/status/{id}",
                handler=self._status,
                limits=TEN_A_MINUTE,
            ),
            Route(
                method="DELETE",
                path="/generate/status/{id}",
                handler=self._cancel,
                limits=TEN_A_MINUTE,
            ),
            Route(
                method="POST", path="/generate/rate/{id}", handler=self._rate, limits=FIVE_A_MINUTE
            ),
            Route(method="GET", path="/status/models", handler=self._models),
            Route(method="GET", path="/status/models/{name}", handler=self._model),
            Route(method="GET", path="/status/performance", handler=self._performance),
            Route(method="GET", path="/status/heartbeat", handler=self._heartbeat, limits=()),
            Route(method="GET", path="/status/modes", handler=self._modes, limits=THIRTY_A_MINUTE),
            Route(method="GET", path="/find_user", handler=self._find_user),
            Route(method="GET", path="/users/{id}", handler=self._user, limits=SIXTY_A_MINUTE),
        )

    def _served(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Wrap a handler: count the call, turn refusals into answers, add the headers."""

        async def serve(request: web.Request) -> web.Response:
            world = self._world
            limits = route.limits
            if limits == SUBMIT_LIMITS and world.addresses.is_trusted(request.remote or ""):
                limits = TRUSTED_SUBMIT_LIMITS
            bucket = f"{request.remote} {request.method} {request.path}"
            seat = world.limiter.take(bucket, limits) if limits else None
            try:
                if seat and not seat.granted and world.rules.limited:
                    raise Refusal(429, str(seat.limit))  # noqa: TRY301 - one exit for all refusals
                status, body = await route.handler(request)
            except Refusal as refusal:
                status, body = refusal.status, refusal.to_wire(request.path)
            return _response(status, body, world.limiter.headers(seat) if seat else {})

        return serve

    async def _submit(self, request: web.Request) -> Answer:
        try:
            sent = json.loads(await request.read())
        except ValueError as error:
            raise Refusal(400, MALFORMED) from error
        return await submit(self._world, _caller(request), sent)

    async def _check(self, request: web.Request) -> Answer:
        caller = _caller(request)
        if not caller.agent and self._world.addresses.timeout_left_s(caller.ip):
            raise Refusal(403, "Access to this endpoint is forbidden.", rc="Forbidden")
        job = self._job(request, "Check")
        name = f"check {job.remote_id}"
        return 200, self._world.cache.answer(
            name, lambda: self._lite(job), lifetime_s=CHECK_CACHE_S
        )

    async def _status(self, request: web.Request) -> Answer:
        return 200, await self._full(self._job(request, "Status"))

    async def _cancel(self, request: web.Request) -> Answer:
        """Answer how it was before the cancel."""
        job = self._job(request, "Delete")
        before = await self._full(job)
        self._world.queue.cancel(job)
        return 200, before

    async def _rate(self, _: web.Request) -> Answer:
        message = "You can only aesthetically rate requests you have opted to share publicly"
        raise Refusal(400, message, rc="AestheticsNotPublic")

    async def _models(self, request: web.Request) -> Answer:
        if self._world.rules.cold_models or request.query.get("type", "image") != "image":
            return 200, []
        entries = self._world.cache.answer("models", self._model_entries, lifetime_s=MODELS_CACHE_S)
        assert isinstance(entries, dict)
        least = max(1, _whole(request, "min_count"))
        most = _whole(request, "max_count") or math.inf
        return 200, [entry for entry in entries.values() if least <= entry["count"] <= most]

    async def _model(self, request: web.Request) -> Answer:
        entry = self._model_entries().get(request.match_info["name"])
        return 200, [entry] if entry else []

    async def _performance(self, _: web.Request) -> Answer:
        self._world.queue.catch_up()
        work = sum(answers.megapixelsteps(job) for job in self._world.queue)
        waiting = self._world.queue.waiting_pictures()
        return 200, answers.performance(self._world.rules, waiting=waiting, megapixelsteps=work)

    async def _heartbeat(self, _: web.Request) -> Answer:
        return 200, {
            "message": self._world.rules.heartbeat,
            "version": VERSION,
            "queue": 0,
            "threads": self._world.rules.thread_count,
            "active_count": 0,
            "db_connection": True,
        }

    async def _modes(self, request: web.Request) -> Answer:
        if "apikey" in request.headers:
            raise Refusal(403, "Only moderators may read this with a key.", rc="NotModerator")
        return 200, {"maintenance_mode": self._world.rules.maintenance, "invite_only_mode": False}

    async def _find_user(self, request: web.Request) -> Answer:
        key = request.headers.get("apikey", "")
        account = self._world.accounts.by_key(key)
        if account is None:
            raise Refusal(404, f"User with api_key '{key}' not found.", rc="UserNotFound")
        found = self._world.cache.answer(
            f"user {key}", lambda: self._own_profile(account, key), lifetime_s=ACCOUNT_CACHE_S
        )
        return 200, found

    async def _user(self, request: web.Request) -> Answer:
        user_id = request.match_info["id"]
        account = self._world.accounts.by_id(user_id)
        if account is None:
            raise Refusal(404, f"User with user_id '{user_id}' not found.", rc="UserNotFound")
        return 200, answers.profile(account)

    def _job(self, request: web.Request, what: str) -> Job:
        """Return the request meant; its id is all that anybody needs."""
        remote_id = request.match_info["id"]
        if (job := self._world.queue.find(remote_id)) is None:
            raise not_found(what, remote_id)
        return job

    def _lite(self, job: Job) -> answers.Body:
        queue = self._world.queue
        wait_s = self._world.clock.real_s(queue.wait_s(job))
        return answers.lite_status(job, position=queue.position(job), wait_s=wait_s)

    async def _full(self, job: Job) -> answers.Body:
        generations = [
            answers.generation(job, picture, img=await self._world.img(job, picture))
            for picture in job.delivered
        ]
        return {"generations": generations, "shared": False} | self._lite(job)

    def _model_entries(self) -> dict[str, answers.Body]:
        self._world.queue.catch_up()
        queued: dict[str, float] = {}
        jobs: dict[str, float] = {}
        for job in self._world.queue:
            queued[job.model] = queued.get(job.model, 0.0) + 1_000_000 * answers.megapixelsteps(job)
            jobs[job.model] = jobs.get(job.model, 0.0) + job.waiting
        return {
            name: answers.model(entry, queued=queued.get(name, 0.0), jobs=jobs.get(name, 0.0))
            for name, entry in self._world.models.items()
        }

    def _own_profile(self, account: Account, key: str) -> answers.Body:
        self._world.queue.catch_up()
        return answers.own_profile(
            account,
            shared=self._world.accounts.shared_key(key),
            shared_ids=self._world.accounts.shared_ids(account),
            active=[
                job.remote_id
                for job in self._world.queue
                if job.account is account and not job.is_over
            ],
        )


def _caller(request: web.Request) -> Caller:
    return Caller(
        ip=request.remote or "",
        key=request.headers.get("apikey"),
        agent=request.headers.get("Client-Agent", ""),
    )


def _whole(request: web.Request, name: str) -> int:
    """Return a number from the query, 0 without one."""
    text = request.query.get(name, "0")
    if not text.isdecimal():
        raise invalid({name: f"invalid literal for int() with base 10: '{text}'"})
    return int(text)


def _response(status: int, body: object, headers: dict[str, str]) -> web.Response:
    fixed = {"Horde-Node": NODE, "Access-Control-Allow-Origin": "*"}
    return web.json_response(body, status=status, headers=fixed | headers)
