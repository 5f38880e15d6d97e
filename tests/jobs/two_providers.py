"""A worker between two providers that say what a test wrote down, on a real store."""

import asyncio
from collections import deque

from bot.domain.credits import credits_of
from bot.domain.errors import Ambiguous, Permanent, Transient
from bot.domain.jobs import Remote, Second
from bot.domain.keys import KeyKind, KeyOwner
from bot.domain.requests import PictureRequest
from bot.providers.base import Accepted, Finished, Item, Limits, Model
from bot.providers.defaults import Defaults
from tests.jobs import workshop
from tests.jobs.workshop import Workshop
from tests.media.sample_pictures import noise, written
from tests.storage.store_values import ANNA, a_job, a_target

PRICE, CHEAPER = credits_of(30), credits_of(20)
REQUEST = PictureRequest(prompt="a cat", width=512, height=512, steps=30)
PICTURE = written(noise(16, 8), "PNG")


class Scripted(Defaults):
    """Takes every request and has its picture at once, unless it was told to say something else."""

    unit = "coins"
    limits = Limits(submits_per_s=100, submits_per_min=6000, poll_gap_s=0.1, collect_gap_s=1)

    def __init__(self, name):
        self.name, self.title = name, name.title()
        self.says = deque()
        self.asked = 0
        self.taken = 0
        self.estimates = 0
        self.lists_nothing = False
        self.looked = 0
        self.delivers = PICTURE
        self.looks_say = deque()
        self.answers = asyncio.Event()
        self.answers.set()

    def will_say(self, *errors):
        self.says.extend(errors)

    async def submit(self, request, *, key, inputs, now):
        self.asked += 1
        said = self.says.popleft() if self.says else None
        if isinstance(said, Exception):
            raise said
        if said is not None:
            return await said(request, now)
        return self.takes(request, now)

    def takes(self, request, now):
        self.taken += 1
        return Accepted(remote=Remote(id=f"r{self.taken}", total=request.count, submitted_at=now))

    async def models(self):
        if self.lists_nothing:
            raise Transient("It does not answer.", provider=self.name)
        return (Model(name="a model"),)

    async def fetch(self, item):
        return item.data

    async def estimate(self, request, *, key, inputs):
        self.estimates += 1
        return 7.0

    async def poll(self, remote, *, key, expects_end=False, once=None):
        self.looked += 1
        await self.answers.wait()
        if self.looks_say:
            raise self.looks_say.popleft()
        return Finished(items=(Item(id="1", data=self.delivers),))


class World(Workshop):
    """Jobs that ask `one` first; `two` is the second choice unless a test says otherwise."""

    def __init__(self, database, blobs, pictures):
        self.one, self.two = Scripted("one"), Scripted("two")
        super().__init__(database, blobs, pictures, offered={"one": self.one, "two": self.two})

    async def asks(
        self,
        job_id="1",
        *,
        second_price=CHEAPER,
        second_model=None,
        is_automatic=True,
        **changes,
    ):
        now = self.clock.now()
        second = Second(
            provider="two",
            request=REQUEST.evolve(model=second_model),
            price=second_price,
            key_kind=KeyKind.SERVICE,
            is_automatic=is_automatic,
        )
        facts = {
            "request": REQUEST,
            "target": a_target(token=None, guild_id=44),
            "provider": "one",
            "price": PRICE,
            "second": second,
            "created_at": now,
            "changed_at": now,
        }
        await self.takes_in(a_job(job_id, **{**facts, **changes}))

    async def brings_key(self, provider):
        """Let the member have a key of their own there."""
        owner, now = KeyOwner.member(ANNA), self.clock.now()
        await self.database.write(
            lambda tx: tx.keys.put(owner, provider=provider, secret="own-key", label="", at=now)
        )


def opened(folder):
    return workshop.opened(folder, World)


def said(error, sentence="Said so.", **facts):
    """Return an error of one of our classes."""
    if issubclass(error, Transient):
        return error(sentence, provider="one", **facts)
    if issubclass(error, Permanent | Ambiguous):
        return error(sentence, provider="one")
    return error(sentence)
