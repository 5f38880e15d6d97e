"""Everything one sandbox Horde knows, shared by its handlers, and what it tells the outside."""

import base64
import random
import uuid
from dataclasses import dataclass, field

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde import answers
from bot.sandbox.providers.horde.accounts import Accounts
from bot.sandbox.providers.horde.addresses import Addresses
from bot.sandbox.providers.horde.caches import Cache
from bot.sandbox.providers.horde.jobs import Job, Picture
from bot.sandbox.providers.horde.limits import Limiter
from bot.sandbox.providers.horde.picture_host import PictureHost
from bot.sandbox.providers.horde.queue import Queue
from bot.sandbox.providers.horde.rules import DEFAULT_MODELS, HordeRules, Model
from bot.sandbox.providers.horde.scripts import Scripts, Webhooks
from bot.sandbox.providers.horde.styles import Style
from bot.sandbox.providers.horde.webhooks import Announced, Announcement, WebhookSender
from bot.sandbox.providers.studio import Studio


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    jobs: list[Job] = field(default_factory=list)
    webhooks: list[Announced] = field(default_factory=list)
    _by_id: dict[str, Job] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        """Note an accepted request."""
        self.jobs.append(job)
        self._by_id[job.remote_id] = job

    def job(self, remote_id: str) -> Job:
        """Return an accepted request by its id; KeyError if there never was one."""
        return self._by_id[remote_id]


class World:
    """The state of the server, its neighbours included."""

    def __init__(
        self, *, rules: HordeRules, clock: Clock, host: PictureHost, studio: Studio
    ) -> None:
        self.rules = rules
        self.clock = clock
        self.host = host
        self.truth = Truth()
        self.accounts = Accounts()
        self.models: dict[str, Model] = {model.name: model for model in DEFAULT_MODELS}
        self.styles: dict[str, Style] = {}
        self.scripts = Scripts()
        self.queue = Queue(
            clock,
            lifetime_s=rules.request_lifetime_s,
            on_taken_up=self._prepare,
            on_delivered=self._deliver,
        )
        self.webhooks = WebhookSender(
            clock,
            sent=self.truth.webhooks,
            tries=rules.webhook_tries,
            timeout_s=rules.webhook_timeout_s,
        )
        self.chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose
        self._studio = studio
        self._start_process()

    def new_id(self) -> str:
        """Return an id like the server's, repeatable from the seed of the rules."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def lose_memory(self) -> None:
        """Be a server that was started on an empty database; accounts and models stay."""
        for job in self.queue:
            job.expire()
        self.queue.forget()
        self.restart_process()

    def restart_process(self) -> None:
        """Lose what a server keeps outside its database: limits, caches, announcements."""
        self.webhooks.forget()
        self._start_process()

    async def img(self, job: Job, picture: Picture) -> str:
        """Return a picture as answers carry it: a fresh link, or the bytes in base64."""
        if job.wish.r2:
            return self.host.link(picture.picture_id, lifetime_s=self.rules.link_lifetime_s)
        data = await self._studio.picture(job.picture_wish(picture))
        return base64.b64encode(data).decode()

    def _start_process(self) -> None:
        self.limiter = Limiter(self.clock)
        self.addresses = Addresses(self.clock)
        self.cache = Cache(self.clock)

    def _prepare(self, job: Job, picture: Picture) -> None:
        self._studio.prepare(job.picture_wish(picture))

    def _deliver(self, job: Job, picture: Picture) -> None:
        """Store a picture and announce it as the request's script says."""
        job.account.megapixelsteps += job.wish.width * job.wish.height * job.wish.steps / 1_000_000
        lifetime_s = self.rules.picture_lifetime_s
        self.host.store(picture.picture_id, job.picture_wish(picture), lifetime_s=lifetime_s)
        if not job.wish.webhook:
            return
        match job.script.webhooks:
            case Webhooks.NORMAL | Webhooks.EARLY:
                self._announce(job, picture)
            case Webhooks.TWICE:
                self._announce(job, picture)
                self._announce(job, picture)
            case Webhooks.STRAY:
                self._announce(job, picture)
                self._announce(job, picture, picture_id=self.new_id())
            case Webhooks.REVERSED if job.is_over:
                for each in reversed([p for p in job.pictures if p.delivered_at_s is not None]):
                    self._announce(job, each)
            case Webhooks.REVERSED | Webhooks.NEVER:
                pass

    def _announce(self, job: Job, picture: Picture, *, picture_id: str = "") -> None:
        async def body() -> answers.Body:
            made = answers.webhook(job, picture, img=await self.img(job, picture))
            return made | {"id": picture_id or picture.picture_id}

        self.webhooks.announce(
            Announcement(
                url=job.wish.webhook,
                remote_id=job.remote_id,
                picture_id=picture_id or picture.picture_id,
                body=body,
            ),
            delay_s=job.script.webhook_delay_s,
        )
