"""The table of routes of the sandbox Horde, and what it answers where it has none."""

from aiohttp import web

from bot.sandbox.providers.horde.account_routes import account_routes
from bot.sandbox.providers.horde.alchemy.routes import alchemy_routes
from bot.sandbox.providers.horde.pictures.routes import picture_routes
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.routing import Route, Served, response, served
from bot.sandbox.providers.horde.status_routes import status_routes
from bot.sandbox.providers.horde.styles.routes import style_routes
from bot.sandbox.providers.horde.texts.routes import text_routes
from bot.sandbox.providers.horde.world import World

NO_SUCH_PAGE = (
    "The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again."
)


class Api:
    """Every route, each with its limits."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._table: tuple[Route, ...] = (
            *picture_routes(world),
            *text_routes(world),
            *alchemy_routes(world),
            *style_routes(world),
            *status_routes(world),
            *account_routes(world),
        )

    def routes(self) -> list[tuple[str, str, Served]]:
        """Return the routes as the loopback host wants them."""
        return [(route.method, route.path, served(self._world, route)) for route in self._table]

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a path or method that the server does not have."""
        paths = {route.path for route in self._table if "{" not in route.path}
        is_method = request.path.removeprefix("/api/v2") in paths
        message = "The method is not allowed for the requested URL." if is_method else NO_SUCH_PAGE
        refusal = Refusal(405 if is_method else 404, message)
        return response(refusal.status, refusal.to_wire(request.path), {})
