"""The routes about the service itself: models, performance, heartbeat, modes."""

import math

from aiohttp import web

from bot.sandbox.providers.horde import answers
from bot.sandbox.providers.horde.pictures.answers import megapixelsteps
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.routing import THIRTY_A_MINUTE, Answer, Route, whole
from bot.sandbox.providers.horde.rules import VERSION
from bot.sandbox.providers.horde.world import World

MODELS_CACHE_S = 2.0


def status_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    board = Board(world)
    return (
        Route(method="GET", path="/status/models", handler=board.models),
        Route(method="GET", path="/status/models/{name}", handler=board.model),
        Route(method="GET", path="/status/performance", handler=board.performance),
        Route(method="GET", path="/status/heartbeat", handler=board.heartbeat, limits=()),
        Route(method="GET", path="/status/modes", handler=board.modes, limits=THIRTY_A_MINUTE),
    )


class Board:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def models(self, request: web.Request) -> Answer:
        """List the models of a kind that are served; nothing while the cache is cold."""
        if self._world.rules.cold_models or request.query.get("type", "image") != "image":
            return 200, []
        entries = self._world.cache.answer("models", self._entries, lifetime_s=MODELS_CACHE_S)
        assert isinstance(entries, dict)
        least = max(1, whole(request, "min_count"))
        most = whole(request, "max_count") or math.inf
        return 200, [entry for entry in entries.values() if least <= entry["count"] <= most]

    async def model(self, request: web.Request) -> Answer:
        """Answer with a list of one."""
        entry = self._entries().get(request.match_info["name"])
        return 200, [entry] if entry else []

    async def performance(self, _: web.Request) -> Answer:
        """Answer with the counters that the upfront rules read."""
        queue = self._world.pictures.queue
        queue.catch_up()
        work = sum(megapixelsteps(job) for job in queue)
        return 200, answers.performance(
            self._world.rules, waiting=queue.waiting(), megapixelsteps=work
        )

    async def heartbeat(self, _: web.Request) -> Answer:
        """Answer, whatever happens."""
        return 200, {
            "message": self._world.rules.heartbeat,
            "version": VERSION,
            "queue": 0,
            "threads": self._world.rules.thread_count,
            "active_count": 0,
            "db_connection": True,
        }

    async def modes(self, request: web.Request) -> Answer:
        """Answer those who show no key."""
        if "apikey" in request.headers:
            raise Refusal(403, "Only moderators may read this with a key.", rc="NotModerator")
        return 200, {"maintenance_mode": self._world.rules.maintenance, "invite_only_mode": False}

    def _entries(self) -> dict[str, answers.Body]:
        queue = self._world.pictures.queue
        queue.catch_up()
        queued: dict[str, float] = {}
        jobs: dict[str, float] = {}
        for job in queue:
            queued[job.model] = queued.get(job.model, 0.0) + 1_000_000 * megapixelsteps(job)
            jobs[job.model] = jobs.get(job.model, 0.0) + job.waiting
        return {
            name: answers.model(entry, queued=queued.get(name, 0.0), jobs=jobs.get(name, 0.0))
            for name, entry in self._world.models.items()
        }
