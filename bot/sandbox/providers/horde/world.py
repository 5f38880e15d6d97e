"""Everything one sandbox Horde knows, shared by its handlers, and what it tells the outside."""

import base64
import random
import uuid
from dataclasses import dataclass, field

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde.accounts import Accounts
from bot.sandbox.providers.horde.addresses import Addresses
from bot.sandbox.providers.horde.announcing import Announcer
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.caches import Cache
from bot.sandbox.providers.horde.desk import Desk, open_desk
from bot.sandbox.providers.horde.jobs import Part
from bot.sandbox.providers.horde.limits import Limiter
from bot.sandbox.providers.horde.picture_host import PictureHost
from bot.sandbox.providers.horde.pictures import answers
from bot.sandbox.providers.horde.pictures.jobs import PictureJob
from bot.sandbox.providers.horde.rules import DEFAULT_MODELS, HordeRules, Model
from bot.sandbox.providers.horde.styles import Style
from bot.sandbox.providers.horde.webhooks import Announced, WebhookSender
from bot.sandbox.providers.studio import Studio


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    pictures: Desk[PictureJob]
    webhooks: list[Announced] = field(default_factory=list)

    @property
    def jobs(self) -> list[PictureJob]:
        """Every accepted request for pictures."""
        return self.pictures.accepted

    def job(self, remote_id: str) -> PictureJob:
        """Return an accepted request for pictures by its id; KeyError if there never was one."""
        return self.pictures.by_id(remote_id)


class World:
    """The state of the server, its neighbours included."""

    def __init__(
        self, *, rules: HordeRules, clock: Clock, host: PictureHost, studio: Studio
    ) -> None:
        self.rules = rules
        self.clock = clock
        self.host = host
        self.accounts = Accounts()
        self.models: dict[str, Model] = {model.name: model for model in DEFAULT_MODELS}
        self.styles: dict[str, Style] = {}
        self.pictures: Desk[PictureJob] = open_desk(
            clock,
            lifetime_s=rules.request_lifetime_s,
            on_taken_up=self._prepare,
            on_delivered=self._deliver,
        )
        self.truth = Truth(pictures=self.pictures)
        self.webhooks = WebhookSender(
            clock,
            sent=self.truth.webhooks,
            tries=rules.webhook_tries,
            timeout_s=rules.webhook_timeout_s,
        )
        self.chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose
        self._announcer = Announcer(self.webhooks, new_id=self.new_id)
        self._studio = studio
        self._start_process()

    def new_id(self) -> str:
        """Return an id like the server's, repeatable from the seed of the rules."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def lose_memory(self) -> None:
        """Be a server that was started on an empty database; accounts and models stay."""
        self.pictures.lose_memory()
        self.restart_process()

    def restart_process(self) -> None:
        """Lose what a server keeps outside its database: limits, caches, announcements."""
        self.webhooks.forget()
        self._start_process()

    async def img(self, job: PictureJob, index: int) -> str:
        """Return a picture as answers carry it: a fresh link, or the bytes in base64."""
        picture = job.pictures[index]
        if job.wish.r2:
            return self.host.link(picture.picture_id, lifetime_s=self.rules.link_lifetime_s)
        data = await self._studio.picture(job.picture_wish(picture))
        return base64.b64encode(data).decode()

    def _start_process(self) -> None:
        self.limiter = Limiter(self.clock)
        self.addresses = Addresses(self.clock)
        self.cache = Cache(self.clock)

    def _prepare(self, job: PictureJob, index: int) -> None:
        self._studio.prepare(job.picture_wish(job.pictures[index]))

    def _deliver(self, job: PictureJob, index: int) -> None:
        """Store a picture and announce it as the request's script says."""
        picture = job.pictures[index]
        job.account.megapixelsteps += job.wish.width * job.wish.height * job.wish.steps / 1_000_000
        lifetime_s = self.rules.picture_lifetime_s
        self.host.store(picture.picture_id, job.picture_wish(picture), lifetime_s=lifetime_s)

        async def body_of(part: Part) -> Body:
            img = await self.img(job, part.index)
            return answers.webhook(job, job.pictures[part.index], img=img)

        self._announcer.delivered(job, picture, body_of)
