"""The second host: finished pictures behind presigned links, with an object store's manners."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.providers.server import LoopbackServer

FOLDER = "/images"
ACCESS_KEY = "SANDBOXACCESSKEY"
SECRET = b"sandbox object store"


Make = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One uploaded picture: bytes are made when they are wanted."""

    make: Make
    gone_at_s: float


class PictureHost:
    """Stores pictures by id and serves them to whoever has an intact link. Survives the API's restarts."""

    def __init__(self, server: LoopbackServer, *, clock: Clock) -> None:
        self.server = server
        self._clock = clock
        self._stored: dict[str, Stored] = {}
        server.speaks([("GET", FOLDER + "/{name}", self._get)])

    def store(self, picture_id: str, make: Make, *, lifetime_s: float) -> None:
        """Take in a worker's upload."""
        self._stored[picture_id] = Stored(make=make, gone_at_s=self._clock.elapsed_s() + lifetime_s)

    def link(self, picture_id: str, *, lifetime_s: float) -> str:
        """Return a link that works for a while; it is signed anew each time it is asked for."""
        expires_at = int(self._clock.now().timestamp() + lifetime_s)
        return f"{self.server.origin}{FOLDER}/{picture_id}.webp?{_signed(picture_id, expires_at)}"

    async def picture(self, picture_id: str) -> bytes:
        """Return what was uploaded, whether or not anybody may still fetch it."""
        return await self._stored[picture_id].make()

    async def _get(self, request: web.Request) -> web.Response:
        picture_id = request.match_info["name"].removesuffix(".webp")
        stored = self._stored.get(picture_id)
        expires = request.query.get("Expires", "")
        if not expires.isdecimal() or request.rel_url.raw_query_string != _signed(
            picture_id, int(expires)
        ):
            return _error(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if int(expires) < self._clock.now().timestamp():
            return _error(403, "AccessDenied", "Request has expired")
        if stored is None or stored.gone_at_s <= self._clock.elapsed_s():
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        picture = await stored.make()
        return web.Response(
            body=picture, content_type="image/webp", headers={"ETag": f'"{picture_id}"'}
        )


def _signed(picture_id: str, expires_at: int) -> str:
    """Return the query of a link; percent-encoded, so that re-encoding it breaks the signature."""
    digest = hmac.digest(SECRET, f"{picture_id} {expires_at}".encode(), hashlib.sha1)
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f"AWSAccessKeyId={ACCESS_KEY}&Signature={signature}&Expires={expires_at}"


def _error(status: int, code: str, message: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")
