"""The routes of styles, for pictures and for texts, and of their collections, of which there are none."""

from aiohttp import web

from bot.sandbox.providers.horde.admission import UNKNOWN_KEY, check_key_is_there
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.routing import (
    NINETY_A_MINUTE,
    TEN_A_SECOND,
    Answer,
    Handler,
    Route,
    caller_of,
    sent_json,
    whole,
)
from bot.sandbox.providers.horde.schema import (
    BOOLEAN,
    TEXT,
    Schema,
    errors_of,
    list_of,
    object_of,
    text,
)
from bot.sandbox.providers.horde.styles.book import Style, StyleBook
from bot.sandbox.providers.horde.world import World

LIST_CACHE_S = 30.0
STYLE: Schema = object_of(
    {
        "name": text(1, 100), "info": text(1, 1000), "prompt": text(1, 7500),
        "params": object_of({}), "models": list_of(TEXT), "tags": list_of(TEXT),
        "public": BOOLEAN, "nsfw": BOOLEAN,
    },
    "name",
)  # fmt: skip


def style_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    return (
        *_shelf_routes("image", StyleShelf(world, world.styles, name="image")),
        *_shelf_routes("text", StyleShelf(world, world.text_styles, name="text")),
        Route(method="GET", path="/collections", handler=_collections, limits=TEN_A_SECOND),
    )


def _shelf_routes(kind: str, shelf: "StyleShelf") -> tuple[Route, ...]:
    def single(path: str, handler: Handler) -> Route:
        return Route(method="GET", path=path, handler=handler, limits=NINETY_A_MINUTE)

    return (
        Route(method="GET", path=f"/styles/{kind}", handler=shelf.browse, limits=TEN_A_SECOND),
        Route(method="POST", path=f"/styles/{kind}", handler=shelf.create, limits=TEN_A_SECOND),
        single(f"/styles/{kind}/{{id}}", shelf.by_id),
        single(f"/styles/{kind}_by_name/{{name}}", shelf.by_name),
    )


class StyleShelf:
    """The handlers for one kind of styles."""

    def __init__(self, world: World, book: StyleBook, *, name: str) -> None:
        self._world = world
        self._book = book
        self._name = name

    async def browse(self, request: web.Request) -> Answer:
        """Answer a page of 25, up to half a minute old."""
        cached = f"styles {self._name} {request.query_string}"
        by_age = request.query.get("sort", "popular") == "age"
        page = self._world.cache.answer(
            cached,
            lambda: [
                style.to_wire()
                for style in self._book.page(
                    whole(request, "page") or 1,
                    by_age=by_age,
                    tag=request.query.get("tag", ""),
                    model=request.query.get("model", ""),
                )
            ],
            lifetime_s=LIST_CACHE_S,
        )
        return 200, page

    async def by_id(self, request: web.Request) -> Answer:
        """Answer one style."""
        return 200, self._found(request.match_info["id"])

    async def by_name(self, request: web.Request) -> Answer:
        """Answer one style by its plain or unique name."""
        return 200, self._found(request.match_info["name"])

    async def create(self, request: web.Request) -> Answer:
        """Take in a registered user's style."""
        sent = await sent_json(request)
        if errors := dict(errors_of(sent, STYLE)):
            raise invalid(errors)
        assert isinstance(sent, dict)
        account = self._world.accounts.by_key(check_key_is_there(caller_of(request)))
        if account is None:
            raise Refusal(401, UNKNOWN_KEY, rc="InvalidAPIKey")
        if account.is_anonymous:
            raise Refusal(403, "Anonymous users cannot make styles.", rc="AnonForbidden")
        given = {name: sent[name] for name in STYLE_FIELDS if name in sent}
        given |= {name: tuple(given[name]) for name in ("models", "tags") if name in given}
        style = Style(style_id=self._world.new_id(), creator=account.username, **given)
        self._book.add(style)
        return 200, {"id": style.style_id, "message": "OK", "warnings": []}

    def _found(self, name: str) -> dict[str, object]:
        style = self._book.find(name)
        if style is None:
            raise Refusal(404, f"Style with ID '{name}' not found.", rc="StyleNotFound")
        return style.to_wire()


STYLE_FIELDS = ("name", "info", "prompt", "params", "models", "tags", "public", "nsfw")


async def _collections(_: web.Request) -> Answer:
    return 200, []
