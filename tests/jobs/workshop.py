"""A worker on a real store: what is the same whoever draws."""

from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from pydantic import SecretStr

from bot.accounts.credits import CreditAccounts
from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.accounts.strikes import StrikeBook
from bot.domain.clock import SystemClock
from bot.domain.credits import credits_of, member_account
from bot.domain.errors import CardDelayed, StorageUnavailable
from bot.domain.jobs import JobId
from bot.jobs.catalogue import Catalogue
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.job_keys import JobKeys
from bot.jobs.pace import Pace, Paces
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.tools import Tools
from bot.jobs.turns import Turns
from bot.jobs.worker import Worker
from bot.media.pool import PictureWork
from storage.blobs import DirectoryBlobs
from storage.sqlite import open_sqlite
from tests.storage.store_values import ANNA, sealer_of

STEPS_MAX = 80
DAILY = credits_of(100)


class Card:
    """Remembers what it was told to show; Discord may refuse some of the last edits."""

    def __init__(self):
        self.shown = []
        self.refused = 0
        self._refusals = 0

    def refuses(self, times):
        self._refusals = times

    def show(self, job):
        self.shown.append(job)

    async def finish(self, job):
        if self._refusals:
            self._refusals -= 1
            self.refused += 1
            raise CardDelayed("Discord is away.", retry_after_s=60)
        self.shown.append(job)


class Clock(SystemClock):
    """Goes to whatever moment it is pushed to."""

    def __init__(self):
        super().__init__()
        self.ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


class FullDisk:
    """A store of pictures that is full for so many of them."""

    def __init__(self, blobs, *, refusals):
        self._blobs = blobs
        self._refusals = refusals

    def __getattr__(self, name):
        return getattr(self._blobs, name)

    async def put(self, data):
        if self._refusals:
            self._refusals -= 1
            raise StorageUnavailable("The disk for pictures is full: free some space.")
        return await self._blobs.put(data)


class Workshop:
    """Jobs of one member, advanced by hand; a subclass says who draws."""

    health_kind = Health

    def __init__(self, database, blobs, pictures, *, offered):
        self.clock, self.card = Clock(), Card()
        self.offered = offered
        self.database, self.blobs, self.pictures = database, blobs, pictures
        self.accounts = CreditAccounts(database, daily=DAILY, clock=self.clock)
        self.house = HouseBook(database, clock=self.clock)
        self.start()

    def start(self, *, offered=None):
        """Start a worker that remembers nothing, as after a kill; perhaps with others on offer."""
        self.offered = offered or self.offered
        self.health = self.health_kind(self.clock)
        self.catalogue = Catalogue(self.offered, clock=self.clock)
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
                house=self.house,
                keys=JobKeys(
                    KeyRing(self.database, providers=self.offered, clock=self.clock),
                    of_the_house={name: SecretStr("key") for name in self.offered},
                ),
                strikes=StrikeBook(self.database, clock=self.clock),
                providers=self.offered,
                seats=seats,
                turns=self.turns,
                notifier=self.card,
                pictures=self.pictures,
                schedule=Schedule(interval_s=0.1, retry_s=1, deadline=timedelta(minutes=60)),
                health=self.health,
                catalogue=self.catalogue,
                hearsay=Hearsay(),
                callback_addresses=None,
                clock=self.clock,
                may_submit_again=True,
            )
        )

    async def takes_in(self, job):
        """Hold a job's price and accept it, as the tracker does."""

        async def take_in(tx):
            await self.accounts.open_today(tx, job.owner_id, at=job.created_at)
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

    async def cancels(self, job_id="1"):
        now = self.clock.now()
        await self.database.write(lambda tx: tx.jobs.ask_cancel(JobId(job_id), at=now))


@asynccontextmanager
async def opened(folder, kind):
    """Open a workshop of a kind on a store in this folder."""
    async with (
        open_sqlite(folder / "easel.db", sealer=sealer_of(b"a")) as database,
        PictureWork() as pictures,
    ):
        yield kind(database, await DirectoryBlobs(folder / "blobs").open(), pictures)
