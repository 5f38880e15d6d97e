"""The routes of alchemy."""

from aiohttp import web

from bot.sandbox.providers.horde.alchemy import answers
from bot.sandbox.providers.horde.alchemy.jobs import AlchemyJob
from bot.sandbox.providers.horde.alchemy.submit import submit
from bot.sandbox.providers.horde.refusals import not_found
from bot.sandbox.providers.horde.routing import TEN_A_SECOND, Answer, Route, caller_of, sent_json
from bot.sandbox.providers.horde.world import World

NOUN = "Interrogation"


def alchemy_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    desk = AlchemyDesk(world)
    status = "/interrogate/status/{id}"
    return (
        Route(method="POST", path="/interrogate/async", handler=desk.submit),
        Route(method="GET", path=status, handler=desk.status, limits=TEN_A_SECOND),
        Route(method="DELETE", path=status, handler=desk.cancel, limits=TEN_A_SECOND),
    )


class AlchemyDesk:
    """The handlers. A request's id is all that anybody needs to ask for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def submit(self, request: web.Request) -> Answer:
        """Take a request in."""
        return await submit(self._world, caller_of(request), await sent_json(request))

    async def status(self, request: web.Request) -> Answer:
        """Answer how each form stands."""
        return 200, answers.status(self._job(request))

    async def cancel(self, request: web.Request) -> Answer:
        """Drop what waits and answer how it is *after* that, unlike the others."""
        job = self._job(request)
        self._world.alchemy.queue.cancel(job)
        return 200, answers.status(job)

    def _job(self, request: web.Request) -> AlchemyJob:
        remote_id = request.match_info["id"]
        if (job := self._world.alchemy.queue.find(remote_id)) is None:
            raise not_found(NOUN, remote_id)
        return job
