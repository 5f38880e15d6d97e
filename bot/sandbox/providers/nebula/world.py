"""Everything one sandbox Nebula Block knows, shared by its handlers."""

import asyncio
import random
from dataclasses import dataclass, field, replace

from bot.sandbox.clock import Clock
from bot.sandbox.providers.nebula import painting
from bot.sandbox.providers.nebula.accounts import Account, Accounts
from bot.sandbox.providers.nebula.jobs import Job
from bot.sandbox.providers.nebula.models import ModelRow
from bot.sandbox.providers.nebula.painting import Canvas
from bot.sandbox.providers.nebula.refusals import Refusal
from bot.sandbox.providers.nebula.rules import NebulaRules
from bot.sandbox.providers.nebula.scripts import Outcome, Script
from bot.sandbox.providers.nebula.submit import Payload, checked, decoded, model_of
from bot.sandbox.providers.pictures import PictureWish
from bot.sandbox.providers.scripts import Scripts
from bot.sandbox.providers.studio import Studio

UNCHARGED = frozenset({Outcome.REFUSED, Outcome.FAILED})


@dataclass(slots=True, kw_only=True)
class Truth:
    """What really happened, to compare with what a client believes."""

    jobs: list[Job] = field(default_factory=list)

    @property
    def charged(self) -> int:
        """Millionths of a dollar taken for all calls."""
        return sum(job.charged for job in self.jobs)


class World:
    """The state of the service."""

    def __init__(self, *, rules: NebulaRules, clock: Clock, studio: Studio) -> None:
        self.rules = rules
        self.clock = clock
        self.studio = studio
        self.truth = Truth()
        self.scripts = Scripts(Script())
        self.accounts = Accounts(clock)
        self._chance = random.Random(rules.seed)  # noqa: S311 - repeatable on purpose
        clock.on_advance(self._look_again)

    async def accept(self, account: Account, sent: object) -> Job:
        """Check a request, charge for it, and let its time run."""
        model = model_of(sent, self.rules.models)
        assert isinstance(sent, dict)
        payload = checked(sent, model)
        if account.plan_models is not None and model.name not in account.plan_models:
            raise Refusal("forbidden")
        canvas = await self._canvas(payload) if model.needs_picture else None
        script = self.scripts.take()
        charged = 0 if script.outcome in UNCHARGED else model.micros * script.pictures
        account.pay(charged)
        now_s = self.clock.elapsed_s()
        job = Job(
            number=len(self.truth.jobs) + 1,
            account=account,
            payload=payload,
            wishes=self._wishes(payload, model, script),
            canvas=canvas,
            script=script,
            charged=charged,
            began_s=now_s,
            ready_at_s=None if script.held else now_s + script.seconds,
        )
        self.truth.jobs.append(job)
        for wish in job.wishes:
            self.studio.prepare(wish)
        return job

    async def over(self, job: Job) -> None:
        """Return when a call's time is over."""
        while job.ready_at_s is None or self.clock.elapsed_s() < job.ready_at_s:
            await self.clock.until(job.ready_at_s, job.wake)

    async def pictures(self, job: Job) -> list[bytes]:
        """Return the bytes of a call's pictures, in their order."""
        return [await self._picture(job, wish) for wish in job.wishes]

    async def _picture(self, job: Job, wish: PictureWish) -> bytes:
        data = await self.studio.picture(wish)
        if job.canvas is not None:
            data = await asyncio.to_thread(painting.repainted, job.canvas, data, wish.format)
        return data + bytes(max(0, job.script.bytes_each - len(data)))

    async def _canvas(self, payload: Payload) -> Canvas:
        source = await self._readable("image", payload)
        mask = await self._readable("mask", payload)
        return Canvas(source=source, mask=mask, repaints=self.rules.repaints)

    async def _readable(self, name: str, payload: Payload) -> bytes:
        return await asyncio.to_thread(painting.check, name, decoded(payload[name]))

    def _wishes(self, payload: Payload, model: ModelRow, script: Script) -> tuple[PictureWish, ...]:
        width, height = (int(str(payload[name])) for name in ("width", "height"))
        if model.needs_picture:
            width, height = painting.fitted(width), painting.fitted(height)
        seed = payload.get("seed")
        first = PictureWish(
            prompt=str(payload["prompt"]),
            seed=self._chance.getrandbits(32) if seed is None else int(str(seed)),
            width=width,
            height=height,
            format=self.rules.picture_format,
        )
        return tuple(replace(first, index=index) for index in range(script.pictures))

    def _look_again(self) -> None:
        for job in self.truth.jobs:
            job.wake.set()
