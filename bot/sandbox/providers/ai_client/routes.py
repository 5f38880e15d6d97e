"""The three routes. Whoever does not ask for JSON is sent to the login page."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.providers.ai_client import answers
from bot.sandbox.providers.ai_client.form import fields_of, wish_of
from bot.sandbox.providers.ai_client.refusals import Refusal, invalid
from bot.sandbox.providers.ai_client.rules import VERSION_CODE
from bot.sandbox.providers.ai_client.scripts import Links
from bot.sandbox.providers.ai_client.threads import Account, Request, Thread
from bot.sandbox.providers.ai_client.world import World

BEARER = "Bearer "
LOGIN_PAGE = "<!DOCTYPE html>\n<html><head><title>Login</title></head><body></body></html>\n"

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Api:
    """The handlers, and the table that says which is which."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return the routes as the loopback host wants them."""
        return [
            ("POST", "/threads", _served(self._open)),
            ("POST", "/threads/{guid}/entry", _served(self._ask)),
            ("GET", "/threads/{guid}/entries", _served(self._entries)),
        ]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or method that the server does not have."""
        message = f"The route {request.path.strip('/')} could not be found."
        return web.json_response({"message": message}, status=404)

    async def _open(self, request: web.Request) -> web.Response:
        account = self._account(request)
        fields = fields_of(await request.read(), request.content_type)
        code = fields.get("ai_version_code", "")
        if code != VERSION_CODE:
            text = "The selected ai version code is invalid."
            required = "The ai version code field is required."
            raise invalid({"ai_version_code": [text if code else required]})
        return _data(answers.thread(self._world.open_thread(account)), status=201)

    async def _ask(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        fields = fields_of(await request.read(), request.content_type)
        asked = self._world.ask(thread, wish_of(fields, engines=self._world.rules.engines))
        return _data(answers.request_entry(asked, thread, is_waiting=True), status=201)

    async def _entries(self, request: web.Request) -> web.Response:
        thread = self._thread(request)
        now_s = self._world.clock.elapsed_s()
        listed: list[answers.Body] = []
        for asked in thread.requests:
            is_waiting = asked.is_waiting(now_s)
            listed.append(answers.request_entry(asked, thread, is_waiting=is_waiting))
            if asked.script.has_strangers:
                listed.append(answers.stranger(asked, thread))
        return _data(listed + await self._responses(thread, now_s))

    async def _responses(self, thread: Thread, now_s: float) -> list[answers.Body]:
        """Return the responses in the order in which they came."""
        came = [(asked.response_at_s(now_s), asked) for asked in thread.requests]
        found = [(at_s, asked) for at_s, asked in came if at_s is not None]
        return [
            answers.response_entry(
                asked,
                thread,
                images=await self._images(asked),
                listed_at=self._world.clock.at(at_s),
            )
            for at_s, asked in sorted(found, key=lambda pair: pair[0])
        ]

    async def _images(self, asked: Request) -> list[answers.Body]:
        storage, is_wrong = self._world.storage, asked.script.has_wrong_sizes
        return [
            answers.image(
                url=storage.link(image, Links(asked.script.links)),
                size=(1, 1) if is_wrong else (image.full.width, image.full.height),
                filesize=1 if is_wrong else len(await storage.picture(image)),
            )
            for image in asked.images
        ]

    def _thread(self, request: web.Request) -> Thread:
        account = self._account(request)
        return self._world.thread(request.match_info["guid"], account)

    def _account(self, request: web.Request) -> Account:
        return self._world.account(request.headers.get("Authorization", "").removeprefix(BEARER))


def _served(handler: Handler) -> Handler:
    """Turn the refusals of a handler into answers, and browsers away."""

    async def serve(request: web.Request) -> web.Response:
        if "json" not in request.headers.get("Accept", ""):
            return web.Response(
                status=302,
                text=LOGIN_PAGE,
                content_type="text/html",
                headers={"Location": f"{request.url.origin()}/login"},
            )
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)

    return serve


def _data(data: object, *, status: int = 200) -> web.Response:
    return web.json_response({"data": data}, status=status)
