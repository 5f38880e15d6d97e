"""The second host: pictures and their thumbnails, for whoever has the link."""

from aiohttp import web

from bot.sandbox.providers.ai_client.rules import VERSION_CODE
from bot.sandbox.providers.ai_client.scripts import Links
from bot.sandbox.providers.ai_client.threads import Image
from bot.sandbox.providers.server import LoopbackServer
from bot.sandbox.providers.studio import Studio

FOLDER = f"/storage/{VERSION_CODE}"
FULL, THUMBNAIL = ".png", ".png.thumbnail.jpg"


class Storage:
    """Stores pictures by name. Survives the API's restarts."""

    def __init__(self, server: LoopbackServer, studio: Studio) -> None:
        self._server = server
        self._studio = studio
        self._images: dict[str, Image] = {}
        server.speaks([("GET", FOLDER + "/{name}", self._get)])

    def store(self, image: Image) -> None:
        """Take a picture in; it is drawn when it is wanted."""
        self._images[image.name] = image

    def link(self, image: Image, links: Links) -> str:
        """Return where a picture is said to be."""
        origins = {
            Links.STORAGE: self._server.origin,
            Links.ELSEWHERE: "https://pictures.elsewhere.example",
            Links.PRIVATE: "https://10.1.2.3",
        }
        return f"{origins[links]}{FOLDER}/{image.name}{FULL}"

    async def picture(self, image: Image) -> bytes:
        """Return a picture's bytes."""
        return await self._studio.picture(image.full)

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        image = self._images.get(name.partition(".")[0])
        if image is None:
            return web.Response(status=404, text="404 Not Found")
        if name.endswith(THUMBNAIL):
            data = await self._studio.picture(image.thumbnail)
            return web.Response(body=data, content_type="image/jpeg")
        return web.Response(body=await self.picture(image), content_type="image/png")
