"""What a delivered part is announced with, and how faithfully: as the request's script says."""

from collections.abc import Awaitable, Callable

from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.jobs import Job, Part
from bot.sandbox.providers.horde.scripts import Webhooks
from bot.sandbox.providers.horde.webhooks import Announcement, WebhookSender

BodyOf = Callable[[Part], Awaitable[Body]]


class Announcer:
    """Tell the address in a request of each of its parts."""

    def __init__(self, sender: WebhookSender, *, new_id: Callable[[], str]) -> None:
        self._sender = sender
        self._new_id = new_id

    def delivered(self, job: Job, part: Part, body_of: BodyOf) -> None:
        """Announce a part that has just been delivered, and whatever else the script wants."""
        if not job.webhook:
            return
        match job.script.webhooks:
            case Webhooks.NORMAL | Webhooks.EARLY:
                self._announce(job, part, body_of)
            case Webhooks.TWICE:
                self._announce(job, part, body_of)
                self._announce(job, part, body_of)
            case Webhooks.STRAY:
                self._announce(job, part, body_of)
                self._announce(job, part, body_of, part_id=self._new_id())
            case Webhooks.REVERSED if job.is_over:
                for each in reversed([p for p in job.parts if p.delivered_at_s is not None]):
                    self._announce(job, each, body_of)
            case Webhooks.REVERSED | Webhooks.NEVER:
                pass

    def _announce(self, job: Job, part: Part, body_of: BodyOf, *, part_id: str = "") -> None:
        part_id = part_id or part.part_id

        async def body() -> Body:
            return await body_of(part) | {"id": part_id}

        self._sender.announce(
            Announcement(url=job.webhook, remote_id=job.remote_id, part_id=part_id, body=body),
            delay_s=job.script.webhook_delay_s,
        )
