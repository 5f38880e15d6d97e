"""The four routes. The key travels in a body, in a query, and in the body of a GET."""

import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.sandbox.providers.algovera import refusals
from bot.sandbox.providers.algovera.jobs import Job, JobState
from bot.sandbox.providers.algovera.refusals import Refusal, fault, invalid, missing
from bot.sandbox.providers.algovera.scripts import AssetFault
from bot.sandbox.providers.algovera.submit import checked
from bot.sandbox.providers.algovera.world import World

ASSET_FIELDS = ("api_key", "job_uuid")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Api:
    """The handlers, and the table that says which is which."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return the routes as the loopback host wants them."""
        return [(method, path, _refusing(handler)) for method, path, handler in self._table()]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or method that the server does not have."""
        is_method = request.path in {path for _, path, _ in self._table()}
        status, detail = (405, "Method Not Allowed") if is_method else (404, "Not Found")
        return web.json_response({"detail": detail}, status=status)

    def _table(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("GET", "/api/basemodels", self._models),
            ("POST", "/api/txt2img", self._submit),
            ("GET", "/api/status", self._status),
            ("GET", "/api/getAsset", self._asset),
        )

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"base_models": list(self._world.rules.models)})

    async def _submit(self, request: web.Request) -> web.Response:
        payload = checked(await _sent(request), models=self._world.rules.models)
        return web.json_response({"job_uuid": self._world.accept(payload).remote_id})

    async def _status(self, request: web.Request) -> web.Response:
        _require(request.query, "query")
        account = self._world.account(request.query["api_key"])
        job = self._world.job(request.query["job_uuid"], account)
        return web.json_response({"job_status": job.said(self._world.clock.elapsed_s())})

    async def _asset(self, request: web.Request) -> web.Response:
        fields = await self._asset_fields(request)
        job = self._world.job(fields["job_uuid"], self._world.account(fields["api_key"]))
        job.asset_calls += 1
        if job.state(self._world.clock.elapsed_s()) is not JobState.DONE:
            raise Refusal(404, refusals.NO_ASSET)
        if job.asset_calls <= job.script.asset_faults:
            return _spoilt(AssetFault(job.script.asset_fault))
        return await self._picture(job)

    async def _picture(self, job: Job) -> web.Response:
        data = await self._world.studio.picture(job.wish)
        job.delivered += 1
        return web.Response(body=data, content_type=self._world.rules.content_type)

    async def _asset_fields(self, request: web.Request) -> Mapping[str, object]:
        """Return what the body of the GET says, where it arrives."""
        rules = self._world.rules
        if not rules.strips_get_bodies and await request.read():
            sent = await _sent(request)
            if not isinstance(sent, dict):
                raise invalid(fault("body", msg="value is not a valid dict", kind="type_error"))
            _require(sent, "body")
            return sent
        if rules.takes_asset_query and request.query:
            _require(request.query, "query")
            return request.query
        raise invalid(missing("body"))


def _refusing(handler: Handler) -> Handler:
    """Turn the refusals of a handler into answers."""

    async def serve(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response({"detail": refusal.detail}, status=refusal.status)

    return serve


async def _sent(request: web.Request) -> object:
    body = await request.read()
    if not body:
        raise invalid(missing("body"))
    try:
        sent: object = json.loads(body)
    except ValueError as error:
        msg, kind = "Expecting value", "value_error.jsondecode"
        raise invalid(fault("body", 0, msg=msg, kind=kind)) from error
    return sent


def _require(fields: Mapping[str, object], where: str) -> None:
    absent = [missing(where, name) for name in ASSET_FIELDS if name not in fields]
    if absent:
        raise invalid(*absent)


def _spoilt(asset_fault: AssetFault) -> web.Response:
    match asset_fault:
        case AssetFault.MISSING:
            return web.json_response({"detail": refusals.NO_ASSET}, status=404)
        case AssetFault.BROKEN:
            return web.Response(status=500, text="Internal Server Error")
        case AssetFault.JSON:
            return web.json_response({"status": "processing"})
        case AssetFault.EMPTY:
            return web.Response(content_type="image/jpeg")
