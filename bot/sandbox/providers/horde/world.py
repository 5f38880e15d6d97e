"""Everything one sandbox Horde knows, shared by its handlers, and what it tells the outside."""

import asyncio
import base64
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde.accounts import Accounts
from bot.sandbox.providers.horde.addresses import Addresses
from bot.sandbox.providers.horde.alchemy import answers as alchemy_answers
from bot.sandbox.providers.horde.alchemy.jobs import AlchemyJob
from bot.sandbox.providers.horde.alchemy.seeing import processed
from bot.sandbox.providers.horde.announcing import Announcer
from bot.sandbox.providers.horde.answers import Body
from bot.sandbox.providers.horde.caches import Cache
from bot.sandbox.providers.horde.desk import Desk, HandsOn, open_desk
from bot.sandbox.providers.horde.gifts import Gift, Gifts
from bot.sandbox.providers.horde.jobs import Job, Part
from bot.sandbox.providers.horde.limits import Limiter
from bot.sandbox.providers.horde.picture_host import Make, PictureHost
from bot.sandbox.providers.horde.pictures import answers
from bot.sandbox.providers.horde.pictures.jobs import PictureJob
from bot.sandbox.providers.horde.rules import DEFAULT_MODELS, DEFAULT_TEXT_MODELS, HordeRules, Model
from bot.sandbox.providers.horde.styles.book import StyleBook
from bot.sandbox.providers.horde.styles.shipped import shipped_styles
from bot.sandbox.providers.horde.texts import answers as text_answers
from bot.sandbox.providers.horde.texts.jobs import TextJob
from bot.sandbox.providers.horde.webhooks import Announced, WebhookSender
from bot.sandbox.providers.studio import Studio


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes. No restart forgets it."""

    pictures: Desk[PictureJob]
    written: Desk[TextJob]
    alchemists: Desk[AlchemyJob]
    gifts: list[Gift]
    webhooks: list[Announced] = field(default_factory=list)

    @property
    def jobs(self) -> list[PictureJob]:
        """Every accepted request for pictures."""
        return self.pictures.accepted

    @property
    def texts(self) -> list[TextJob]:
        """Every accepted request for texts."""
        return self.written.accepted

    @property
    def alchemy(self) -> list[AlchemyJob]:
        """Every accepted request for alchemy."""
        return self.alchemists.accepted

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
        self.text_models = {model.name: model for model in DEFAULT_TEXT_MODELS}
        self.styles = shipped_styles()
        self.text_styles = StyleBook()
        self.pictures: Desk[PictureJob] = open_desk(
            clock,
            lifetime_s=rules.request_lifetime_s,
            on_taken_up=self._prepare,
            on_delivered=self._deliver,
        )
        self.texts: Desk[TextJob] = open_desk(
            clock,
            lifetime_s=rules.request_lifetime_s,
            on_taken_up=_look_on,
            on_delivered=self._deliver_text,
        )
        self.alchemy: Desk[AlchemyJob] = open_desk(
            clock,
            lifetime_s=rules.request_lifetime_s,
            on_taken_up=_look_on,
            on_delivered=self._deliver_form,
        )
        self.gifts = Gifts(self.accounts, clock)
        self.truth = Truth(
            pictures=self.pictures,
            written=self.texts,
            alchemists=self.alchemy,
            gifts=self.gifts.given,
        )
        self.webhooks = WebhookSender(
            clock,
            sent=self.truth.webhooks,
            tries=rules.webhook_tries,
            timeout_s=rules.webhook_timeout_s,
            distance_s=rules.distance_s,
        )
        self.chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose
        self._announcer = Announcer(self.webhooks, new_id=self.new_id)
        self._studio = studio
        self._start_process()

    def new_id(self) -> str:
        """Return an id like the server's, repeatable from the seed of the rules."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def hands_on(self, remote_id: str) -> HandsOn[Any]:
        """Return what moves a request of any kind by hand; KeyError if there never was one."""
        for desk in (self.pictures, self.texts, self.alchemy):
            if (hands := desk.hands_on(remote_id)) is not None:
                return hands
        raise KeyError(remote_id)

    def lose_memory(self) -> None:
        """Be a server that was started on an empty database; accounts and models stay."""
        self.pictures.lose_memory()
        self.texts.lose_memory()
        self.alchemy.lose_memory()
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
        wish = job.picture_wish(picture)
        self._upload(picture, lambda: self._studio.picture(wish))

        async def body_of(part: Part) -> Body:
            img = await self.img(job, part.index)
            return answers.webhook(job, job.pictures[part.index], img=img)

        self._announcer.delivered(job, picture, body_of)

    def _deliver_text(self, job: TextJob, index: int) -> None:
        job.account.tokens += job.wish.max_length

        async def body_of(part: Part) -> Body:
            return text_answers.webhook(job, job.writings[part.index])

        self._announcer.delivered(job, job.writings[index], body_of)

    def _deliver_form(self, job: AlchemyJob, index: int) -> None:
        """Write down a form's result; its link is made here, once, and not made anew."""
        form = job.forms[index]
        if form.gives_picture:
            data, name = job.source, form.name
            self._upload(form, lambda: asyncio.to_thread(processed, name, data))
            link = self.host.link(form.part_id, lifetime_s=self.rules.link_lifetime_s)
            form.result = {form.name: link}
        else:
            form.result = form.words

        async def body_of(part: Part) -> Body:
            return alchemy_answers.webhook(job, job.forms[part.index])

        self._announcer.delivered(job, form, body_of)

    def _upload(self, part: Part, make: Make) -> None:
        self.host.store(part.part_id, make, lifetime_s=self.rules.picture_lifetime_s)


def _look_on(_: Job, __: int) -> None:
    """Do nothing when a part is taken up: nothing has to be made beforehand."""
