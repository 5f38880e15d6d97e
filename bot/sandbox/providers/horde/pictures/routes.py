"""The routes of requests for pictures."""

from aiohttp import web

from bot.sandbox.providers.horde.answers import Body, lite_status
from bot.sandbox.providers.horde.limits import SUBMIT_LIMITS
from bot.sandbox.providers.horde.pictures import answers
from bot.sandbox.providers.horde.pictures.jobs import PictureJob
from bot.sandbox.providers.horde.pictures.submit import submit
from bot.sandbox.providers.horde.refusals import Refusal, not_found
from bot.sandbox.providers.horde.routing import (
    FIVE_A_MINUTE,
    TEN_A_MINUTE,
    TEN_A_SECOND,
    Answer,
    Route,
    caller_of,
    sent_json,
)
from bot.sandbox.providers.horde.world import World

CHECK_CACHE_S = 1.0
NOUN = "Image Waiting Prompt"


def picture_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    desk = PictureDesk(world)
    status = "/generate/status/{id}"
    return (
        Route(method="POST", path="/generate/async", handler=desk.submit, limits=SUBMIT_LIMITS),
        Route(method="GET", path="/generate/check/{id}", handler=desk.check, limits=TEN_A_SECOND),
        Route(method="GET", path=status, handler=desk.status, limits=TEN_A_MINUTE),
        Route(method="DELETE", path=status, handler=desk.cancel, limits=TEN_A_MINUTE),
        Route(method="POST", path="/generate/rate/{id}", handler=desk.rate, limits=FIVE_A_MINUTE),
    )


class PictureDesk:
    """The handlers. A request's id is all that anybody needs to ask for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def submit(self, request: web.Request) -> Answer:
        """Take a request in."""
        return await submit(self._world, caller_of(request), await sent_json(request))

    async def check(self, request: web.Request) -> Answer:
        """Answer how far a request is, up to a second late."""
        caller = caller_of(request)
        if not caller.agent and self._world.addresses.timeout_left_s(caller.ip):
            raise Refusal(403, "Access to this endpoint is forbidden.", rc="Forbidden")
        job = self._job(request, "Check")
        name = f"check {job.remote_id}"
        return 200, self._world.cache.answer(
            name, lambda: self._lite(job), lifetime_s=CHECK_CACHE_S
        )

    async def status(self, request: web.Request) -> Answer:
        """Answer with the pictures that exist."""
        return 200, await self._full(self._job(request, "Status"))

    async def cancel(self, request: web.Request) -> Answer:
        """Answer how it was before the cancel."""
        job = self._job(request, "Delete")
        before = await self._full(job)
        self._world.pictures.queue.cancel(job)
        return 200, before

    async def rate(self, _: web.Request) -> Answer:
        """Refuse: this one is dead."""
        message = "You can only aesthetically rate requests you have opted to share publicly"
        raise Refusal(400, message, rc="AestheticsNotPublic")

    def _job(self, request: web.Request, what: str) -> PictureJob:
        remote_id = request.match_info["id"]
        if (job := self._world.pictures.queue.find(remote_id)) is None:
            raise not_found(f"{NOUN} ({what})", remote_id)
        return job

    def _lite(self, job: PictureJob) -> Body:
        queue = self._world.pictures.queue
        wait_s = self._world.clock.real_s(queue.wait_s(job))
        return lite_status(job, position=queue.position(job), wait_s=wait_s)

    async def _full(self, job: PictureJob) -> Body:
        generations = [
            answers.generation(job, picture, img=await self._world.img(job, picture.index))
            for picture in job.delivered
        ]
        return {"generations": generations, "shared": False} | self._lite(job)
