"""The routes about the service itself: models, performance, heartbeat, modes."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from bot.sandbox.providers.horde import answers
from bot.sandbox.providers.horde.pictures.answers import megapixelsteps
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.routing import THIRTY_A_MINUTE, Answer, Route, whole
from bot.sandbox.providers.horde.rules import VERSION, Model
from bot.sandbox.providers.horde.texts.answers import tokens_left
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
        kind = request.query.get("type", "image")
        entries_of = {"image": self._image_entries, "text": self._text_entries}.get(kind)
        if self._world.rules.cold_models or entries_of is None:
            return 200, []
        entries = self._world.cache.answer(f"models {kind}", entries_of, lifetime_s=MODELS_CACHE_S)
        assert isinstance(entries, dict)
        least = max(1, whole(request, "min_count"))
        most = whole(request, "max_count") or math.inf
        return 200, [entry for entry in entries.values() if least <= entry["count"] <= most]

    async def model(self, request: web.Request) -> Answer:
        """Answer with a list of one."""
        name = request.match_info["name"]
        entry = self._image_entries().get(name) or self._text_entries().get(name)
        return 200, [entry] if entry else []

    async def performance(self, _: web.Request) -> Answer:
        """Answer with the counters that the upfront rules read."""
        world = self._world
        for queue in (world.pictures.queue, world.texts.queue, world.alchemy.queue):
            queue.catch_up()
        return 200, answers.performance(
            world.rules,
            pictures=world.pictures.queue.waiting(),
            megapixelsteps=sum(megapixelsteps(job) for job in world.pictures.queue),
            texts=world.texts.queue.waiting(),
            tokens=sum(tokens_left(job) for job in world.texts.queue),
            forms=world.alchemy.queue.waiting(),
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

    def _image_entries(self) -> dict[str, answers.Body]:
        queue = self._world.pictures.queue
        queue.catch_up()
        load = Load.of((job.model, 1_000_000 * megapixelsteps(job), job.waiting) for job in queue)
        return load.entries(self._world.models, kind="image")

    def _text_entries(self) -> dict[str, answers.Body]:
        queue = self._world.texts.queue
        queue.catch_up()
        load = Load.of((job.model, tokens_left(job), job.waiting) for job in queue)
        return load.entries(self._world.text_models, kind="text")


@dataclass(slots=True)
class Load:
    """What waits for each model: work and requests."""

    work: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, waiting: Iterable[tuple[str, float, int]]) -> Self:
        """Add up (model, work, requests)."""
        load = cls()
        for model, work, jobs in waiting:
            load.work[model] += int(work)
            load.jobs[model] += jobs
        return load

    def entries(self, models: Mapping[str, Model], *, kind: str) -> dict[str, answers.Body]:
        """Return the entry of each model."""
        return {
            name: answers.model(
                entry, kind=kind, queued=float(self.work[name]), jobs=float(self.jobs[name])
            )
            for name, entry in models.items()
        }
