"""The routes of requests for texts. There is no check: the status is asked at every look."""

from aiohttp import web

from bot.sandbox.providers.horde.answers import Body, lite_status
from bot.sandbox.providers.horde.limits import SUBMIT_LIMITS
from bot.sandbox.providers.horde.refusals import not_found
from bot.sandbox.providers.horde.routing import SIXTY_A_MINUTE, Answer, Route, caller_of, sent_json
from bot.sandbox.providers.horde.texts import answers
from bot.sandbox.providers.horde.texts.jobs import TextJob
from bot.sandbox.providers.horde.texts.submit import submit
from bot.sandbox.providers.horde.world import World

NOUN = "Text Waiting Prompt"


def text_routes(world: World) -> tuple[Route, ...]:
    """Return the routes with their handlers."""
    desk = TextDesk(world)
    start, status = "/generate/text/async", "/generate/text/status/{id}"
    return (
        Route(method="POST", path=start, handler=desk.submit, limits=SUBMIT_LIMITS),
        Route(method="GET", path=status, handler=desk.status, limits=SIXTY_A_MINUTE),
        Route(method="DELETE", path=status, handler=desk.cancel, limits=SIXTY_A_MINUTE),
    )


class TextDesk:
    """The handlers. A request's id is all that anybody needs to ask for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def submit(self, request: web.Request) -> Answer:
        """Take a request in."""
        return await submit(self._world, caller_of(request), await sent_json(request))

    async def status(self, request: web.Request) -> Answer:
        """Answer how far a request is, with the texts that exist."""
        return 200, self._full(self._job(request, "Status"))

    async def cancel(self, request: web.Request) -> Answer:
        """Answer how it was before the cancel."""
        job = self._job(request, "Delete")
        before = self._full(job)
        self._world.texts.queue.cancel(job)
        return 200, before

    def _job(self, request: web.Request, what: str) -> TextJob:
        remote_id = request.match_info["id"]
        if (job := self._world.texts.queue.find(remote_id)) is None:
            raise not_found(f"{NOUN} ({what})", remote_id)
        return job

    def _full(self, job: TextJob) -> Body:
        queue = self._world.texts.queue
        wait_s = self._world.clock.real_s(queue.wait_s(job))
        generations = [answers.generation(job, writing) for writing in job.delivered]
        lite = lite_status(job, position=queue.position(job), wait_s=wait_s)
        return {"generations": generations} | lite
