"""A request that is sent in parts, each answered with its result: nothing that came is lost."""

from collections import deque
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from pydantic import SecretStr

from bot.accounts.credits import CreditAccounts
from bot.accounts.keys import KeyRing
from bot.accounts.strikes import StrikeBook
from bot.domain.clock import SystemClock
from bot.domain.credits import credits_of, member_account
from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    Permanent,
    RateLimited,
    StorageUnavailable,
    Transient,
)
from bot.domain.jobs import FailureKind, JobState, Remote
from bot.domain.requests import BlobId, PictureRequest, Source
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.inputs import SOURCE_GONE_SENTENCE
from bot.jobs.pace import Pace, Paces
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.tools import Tools
from bot.jobs.turns import Turns
from bot.jobs.unsure import LOST_IN_CALL_SENTENCE, LOST_PART_NOTE
from bot.jobs.worker import Worker
from bot.media.pool import PictureWork
from bot.providers.base import Accepted, Finished, Item, Limits
from bot.providers.defaults import Defaults
from storage.blobs import DirectoryBlobs
from storage.sqlite import open_sqlite
from tests.media.sample_pictures import noise, written
from tests.storage.store_values import ANNA, a_job, a_target, sealer_of

STEPS_MAX = 40
PRICE = credits_of(30)


class ByTheCall(Defaults):
    """Draws one picture while it is asked; what it says next can be an accident instead."""

    name = title = "bycall"
    unit = "calls"
    limits = Limits(submits_per_s=100, submits_per_min=6000, poll_gap_s=0.1, collect_gap_s=1)
    draws_in_call = True

    def __init__(self):
        self.sent = []
        self.says = deque()

    async def submit(self, request, *, key, inputs, now):
        number = 0 if inputs.so_far is None else int(inputs.so_far.extras["came"])
        self.sent.append(number)
        said = self.says.popleft() if self.says else None
        if isinstance(said, Exception):
            raise said
        if said is not None:
            await said()
        came = number + 1
        remote = Remote(id="-", total=request.count, submitted_at=now, extras={"came": str(came)})
        data = written(noise(16, 8 + number), "PNG")
        return Accepted(
            remote=remote,
            is_complete=came == request.count,
            finished=Finished(items=(Item(id=str(came), data=data),)),
        )

    async def poll(self, remote, *, key, expects_end=False, once=None):
        return Finished(items=())


class Card:
    """Remembers what it was told to show."""

    def __init__(self):
        self.shown = []

    def show(self, job):
        self.shown.append((job.state, job.progress and job.progress.finished, len(job.pictures)))

    async def finish(self, job):
        self.shown.append((job.state, None, len(job.pictures)))


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


class Clock(SystemClock):
    """Goes to whatever moment it is pushed to."""

    def __init__(self):
        super().__init__()
        self.ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


class Breaker(Health):
    """Lets nobody through while it is shut."""

    is_shut = False

    def blocked_until(self, job):
        until = self._clock.now() + timedelta(seconds=15)
        return until if self.is_shut else super().blocked_until(job)


class World:
    def __init__(self, database, blobs, pictures):
        self.clock, self.provider, self.card = Clock(), ByTheCall(), Card()
        self.database, self.blobs, self.pictures = database, blobs, pictures
        self.health = Breaker(self.clock)
        self.start()

    def start(self):
        """Start a worker that remembers nothing, as after a kill."""
        providers = {"bycall": self.provider}
        limits = self.provider.limits
        make = partial(Pace, per_s=limits.submits_per_s, per_min=limits.submits_per_min)
        seats = Seats(self.database, each=5)
        self.turns = Turns(Paces(make, by_key=limits.by_key), seats=seats, clock=self.clock)
        self.worker = Worker(
            Tools(
                database=self.database,
                blobs=self.blobs,
                credits=CreditAccounts(self.database, daily=credits_of(100), clock=self.clock),
                keys=KeyRing(self.database, providers=providers, clock=self.clock),
                strikes=StrikeBook(self.database, clock=self.clock),
                providers=providers,
                service_keys={"bycall": SecretStr("key")},
                seats=seats,
                turns={"bycall": self.turns},
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

    async def asks(self, count):
        now = self.clock.now()
        request = PictureRequest(prompt="a cat", count=count, width=512, height=512, steps=30)
        job = a_job(
            request=request,
            target=a_target(token=None),
            provider="bycall",
            price=PRICE,
            payer=member_account(ANNA),
            created_at=now,
            changed_at=now,
        )
        accounts = CreditAccounts(self.database, daily=credits_of(100), clock=self.clock)

        async def take_in(tx):
            await accounts.open_today(tx, job.owner_id, at=now)
            held = await accounts.hold(tx, job, payers=[member_account(job.owner_id)])
            await tx.jobs.accept(held)

        await self.database.write(take_in)

    async def job(self):
        return await self.database.read(lambda tx: tx.jobs.get("1"))

    async def step(self):
        """Let the job's turn come and advance it once, whenever that is due."""
        job = await self.job()
        if self.turns.place(job.id):
            self.turns.leave(job.id)
            self.turns._granted.add(job.id)
        again = await self.worker.advance(job.id)
        if again is not None and again > self.clock.now():
            self.clock.ahead += again - self.clock.now()
        return again

    async def runs(self):
        """Advance until there is nothing left to do."""
        for _ in range(STEPS_MAX):
            if await self.step() is None:
                return await self.job()
        raise AssertionError("it goes on for ever")

    async def runs_to(self, *, sent):
        """Advance until so many parts were answered and the next one waits in line."""
        while len(self.provider.sent) < sent:
            await self.step()
        return await self.job()

    async def spent(self):
        """Return what is gone from the member's hundred credits; nothing may be held any more."""
        job = await self.job()
        balance = await self.database.read(
            lambda tx: tx.credits.balance(member_account(job.owner_id))
        )
        assert balance.held == 0
        assert await self.database.read(lambda tx: tx.credits.audit()) == ()
        return credits_of(100) - balance.available


@asynccontextmanager
async def opened(tmp_path):
    async with (
        open_sqlite(tmp_path / "easel.db", sealer=sealer_of(b"a")) as database,
        PictureWork() as pictures,
    ):
        yield World(database, await DirectoryBlobs(tmp_path / "blobs").open(), pictures)


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


def said(error, sentence="said so"):
    if issubclass(error, Permanent | Transient | Ambiguous):
        return error(sentence, provider="bycall")
    return error(sentence)


async def test_every_part_is_sent_once_and_all_pictures_arrive(world):
    await world.asks(3)

    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == [0, 1, 2]
    assert [picture.height for picture in job.pictures] == [8, 9, 10]
    assert await world.spent() == job.charged == PRICE


async def test_the_card_shows_what_came_while_the_next_is_drawn(world):
    await world.asks(2)

    await world.runs()

    drawing = [seen for seen in world.card.shown if seen[0] is JobState.SUBMITTING]
    assert drawing == [(JobState.SUBMITTING, 0, 0), (JobState.SUBMITTING, 1, 1)]


async def test_a_picture_is_stored_before_the_next_part_is_sent(world):
    await world.asks(2)

    job = await world.runs_to(sent=1)

    assert job.state is JobState.ACCEPTED
    assert len(job.pictures) == 1
    assert await world.blobs.get(job.pictures[0].blob) is not None


async def test_a_start_between_two_parts_goes_on_with_the_next(world):
    await world.asks(3)
    await world.runs_to(sent=2)

    world.start()
    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == [0, 1, 2]
    assert len(job.pictures) == 3


async def test_a_start_amid_a_call_loses_that_part_and_sends_none_again(world):
    await world.asks(3)
    await world.runs_to(sent=1)

    class Killed(BaseException):
        pass

    async def kill():
        raise Killed

    world.provider.says.append(kill)
    with pytest.raises(Killed):
        await world.step()
    world.start()
    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == [0, 1]
    assert len(job.pictures) == 1
    assert LOST_PART_NOTE in job.notes
    assert await world.spent() == PRICE // 3


@pytest.mark.parametrize("error", [Permanent, ContentRefused])
async def test_a_part_that_is_refused_leaves_the_earlier_ones_delivered(world, error):
    await world.asks(3)
    await world.runs_to(sent=1)
    world.provider.says.append(said(error))

    job = await world.runs()

    assert job.state is JobState.DONE
    assert len(job.pictures) == 1
    assert "said so" in job.notes
    assert await world.spent() == PRICE // 3


async def test_a_first_part_that_is_refused_fails_and_costs_nothing(world):
    await world.asks(3)
    world.provider.says.append(said(Permanent))

    job = await world.runs()

    assert job.state is JobState.FAILED
    assert job.failure.sentence == "said so"
    assert await world.spent() == 0


async def test_what_may_have_been_drawn_is_not_asked_for_again(world):
    await world.asks(1)
    world.provider.says.append(said(Ambiguous))

    job = await world.runs()

    assert world.provider.sent == [0]
    assert job.state is JobState.FAILED
    assert job.failure.kind is FailureKind.LOST
    assert job.failure.sentence == LOST_IN_CALL_SENTENCE
    assert await world.spent() == 0


async def test_a_refusal_that_passes_is_waited_out(world):
    await world.asks(2)
    await world.runs_to(sent=1)
    world.provider.says.extend([said(Transient), said(RateLimited)])

    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == [0, 1, 1, 1]
    assert len(job.pictures) == 2


async def test_a_wait_beyond_the_deadline_is_not_begun(world):
    await world.asks(2)
    await world.runs_to(sent=1)
    tomorrow = Transient("No more today.", provider="bycall", retry_after_s=12 * 3600)
    world.provider.says.append(tomorrow)
    before = world.clock.now()

    job = await world.runs()

    assert job.state is JobState.DONE
    assert len(job.pictures) == 1
    assert "No more today." in job.notes
    assert world.clock.now() - before < timedelta(minutes=1)


async def test_a_stop_between_two_parts_keeps_and_charges_what_came(world):
    await world.asks(3)
    await world.runs_to(sent=2)
    await world.database.write(lambda tx: tx.jobs.ask_cancel("1", at=world.clock.now()))

    job = await world.runs()

    assert job.state is JobState.CANCELLED
    assert world.provider.sent == [0, 1]
    assert len(job.pictures) == 2
    assert world.card.shown[-1] == (JobState.CANCELLED, None, 2)
    assert await world.spent() == job.charged == PRICE * 2 // 3


async def test_a_stop_amid_the_last_call_lets_it_come(world):
    await world.asks(1)
    stop = world.clock.now()
    world.provider.says.append(
        lambda: world.database.write(lambda tx: tx.jobs.ask_cancel("1", at=stop))
    )

    job = await world.runs()

    assert job.state is JobState.DONE
    assert await world.spent() == PRICE


async def test_what_came_before_the_deadline_is_delivered(world):
    await world.asks(2)
    await world.runs_to(sent=1)
    world.clock.ahead += timedelta(minutes=61)

    job = await world.runs()

    assert job.state is JobState.DONE
    assert len(job.pictures) == 1
    assert await world.spent() == PRICE // 2


@pytest.mark.parametrize("refusals", [1, 3])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_full_disk_keeps_the_answer_until_there_is_room(world, count, refusals):
    world.blobs = FullDisk(world.blobs, refusals=refusals)
    world.start()
    await world.asks(count)

    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == list(range(count))
    assert len(job.pictures) == count
    assert await world.spent() == PRICE


async def test_a_provider_that_is_left_alone_between_two_parts_delivers_what_came(world):
    await world.asks(2)
    await world.runs_to(sent=1)
    world.health.is_shut = True

    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.provider.sent == [0]
    assert len(job.pictures) == 1
    assert await world.spent() == PRICE // 2


async def test_a_source_that_is_gone_between_two_parts_leaves_what_came(world):
    gone = Source(picture=BlobId("ab" * 32))
    await world.asks(2)
    await world.runs_to(sent=1)
    before = await world.job()
    lost = before.evolve(request=before.request.evolve(source=gone))
    await world.database.write(lambda tx: tx.jobs.move(before, lost))

    job = await world.runs()

    assert job.state is JobState.DONE
    assert len(job.pictures) == 1
    assert SOURCE_GONE_SENTENCE in job.notes
