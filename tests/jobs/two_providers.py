"""A worker between two providers that say what a test wrote down, on a real store."""

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from pydantic import SecretStr

from bot.accounts.credits import CreditAccounts
from bot.accounts.keys import KeyRing
from bot.accounts.strikes import StrikeBook
from bot.domain.clock import SystemClock
from bot.domain.credits import credits_of, member_account
from bot.domain.errors import Ambiguous, Permanent, Transient
from bot.domain.jobs import JobId, Remote, Second
from bot.domain.keys import KeyKind, KeyOwner
from bot.domain.requests import PictureRequest
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.pace import Pace, Paces
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.tools import Tools
from bot.jobs.turns import Turns
from bot.jobs.worker import Worker
from bot.media.pool import PictureWork
from bot.providers.base import Accepted, Finished, Item, Limits
from bot.providers.defaults import Defaults
from storage.blobs import DirectoryBlobs
from storage.sqlite import open_sqlite
from tests.media.sample_pictures import noise, written
from tests.storage.store_values import ANNA, a_job, a_target, sealer_of

STEPS_MAX = 80
DAILY = credits_of(100)
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
        self.looked = 0
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

    async def estimate(self, request, *, key, inputs):
        self.estimates += 1
        return 7.0

    async def poll(self, remote, *, key, expects_end=False, once=None):
        self.looked += 1
        await self.answers.wait()
        if self.looks_say:
            raise self.looks_say.popleft()
        return Finished(items=(Item(id="1", data=PICTURE),))


class Card:
    """Remembers what it was told to show."""

    def __init__(self):
        self.shown = []

    def show(self, job):
        self.shown.append(job)

    async def finish(self, job):
        self.shown.append(job)


class Clock(SystemClock):
    """Goes to whatever moment it is pushed to."""

    def __init__(self):
        super().__init__()
        self.ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


class World:
    """Jobs that ask `one` first; `two` is the second choice unless a test says otherwise."""

    def __init__(self, database, blobs, pictures):
        self.clock, self.card = Clock(), Card()
        self.one, self.two = Scripted("one"), Scripted("two")
        self.offered = {"one": self.one, "two": self.two}
        self.database, self.blobs, self.pictures = database, blobs, pictures
        self.accounts = CreditAccounts(database, daily=DAILY, clock=self.clock)
        self.start()

    def start(self, *, offered=None):
        """Start a worker that remembers nothing, as after a kill; perhaps with others on offer."""
        self.offered = offered or self.offered
        self.health = Health(self.clock)
        seats = Seats(self.database, each=5)
        self.turns = {
            name: Turns(
                Paces(partial(Pace, per_s=100, per_min=6000), by_key=provider.limits.by_key),
                seats=seats,
                clock=self.clock,
            )
            for name, provider in self.offered.items()
        }
        self.worker = Worker(
            Tools(
                database=self.database,
                blobs=self.blobs,
                credits=self.accounts,
                keys=KeyRing(self.database, providers=self.offered, clock=self.clock),
                strikes=StrikeBook(self.database, clock=self.clock),
                providers=self.offered,
                service_keys={name: SecretStr("key") for name in self.offered},
                seats=seats,
                turns=self.turns,
                notifier=self.card,
                pictures=self.pictures,
                schedule=Schedule(interval_s=0.1, retry_s=1, deadline=timedelta(minutes=60)),
                health=self.health,
                hearsay=Hearsay(),
                callback_addresses=None,
                clock=self.clock,
                may_submit_again=True,
            )
        )

    async def asks(self, job_id="1", *, second_price=CHEAPER, is_automatic=True, **changes):
        now = self.clock.now()
        second = Second(
            provider="two",
            request=REQUEST,
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
        job = a_job(job_id, **{**facts, **changes})

        async def take_in(tx):
            await self.accounts.open_today(tx, job.owner_id, at=now)
            held = await self.accounts.hold(tx, job, payers=[member_account(job.owner_id)])
            await tx.jobs.accept(held)

        await self.database.write(take_in)

    async def job(self, job_id="1"):
        return await self.database.read(lambda tx: tx.jobs.get(JobId(job_id)))

    def let_go(self, job_id="1"):
        """Give a job its turn wherever it waits for one."""
        for turns in self.turns.values():
            if turns.place(job_id):
                turns.leave(job_id)
                turns._granted.add(job_id)

    async def step(self, job_id="1", *, has_turn=True):
        """Advance a job once, whenever that is due; return when it wants to go on."""
        if has_turn:
            self.let_go(job_id)
        again = await self.worker.advance(JobId(job_id))
        if again is not None and again > self.clock.now():
            self.clock.ahead += again - self.clock.now()
        return again

    async def runs(self, job_id="1"):
        """Advance until there is nothing left to do."""
        for _ in range(STEPS_MAX):
            if await self.step(job_id) is None:
                return await self.job(job_id)
        raise AssertionError("it goes on for ever")

    async def spent(self):
        """Return what is gone from the member's credits; nothing may be held any more."""
        balance = await self.database.read(lambda tx: tx.credits.balance(member_account(ANNA)))
        assert balance.held == 0
        assert await self.database.read(lambda tx: tx.credits.audit()) == ()
        return DAILY - balance.available

    async def brings_key(self, provider):
        """Let the member have a key of their own there."""
        owner, now = KeyOwner.member(ANNA), self.clock.now()
        await self.database.write(
            lambda tx: tx.keys.put(owner, provider=provider, secret="own-key", label="", at=now)
        )

    async def cancels(self, job_id="1"):
        now = self.clock.now()
        await self.database.write(lambda tx: tx.jobs.ask_cancel(JobId(job_id), at=now))


@asynccontextmanager
async def opened(folder):
    async with (
        open_sqlite(folder / "easel.db", sealer=sealer_of(b"a")) as database,
        PictureWork() as pictures,
    ):
        yield World(database, await DirectoryBlobs(folder / "blobs").open(), pictures)


def said(error, sentence="Said so.", **facts):
    """Return an error of one of our classes."""
    if issubclass(error, Transient):
        return error(sentence, provider="one", **facts)
    if issubclass(error, Permanent | Ambiguous):
        return error(sentence, provider="one")
    return error(sentence)
