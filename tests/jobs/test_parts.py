"""A request that is sent in parts, each answered with its result: nothing that came is lost."""

from collections import deque
from datetime import timedelta

import pytest

from bot.domain.credits import credits_of, member_account
from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    Permanent,
    RateLimited,
    Transient,
)
from bot.domain.jobs import FailureKind, JobState, Remote
from bot.domain.requests import BlobId, PictureRequest, Source
from bot.jobs.health import Health
from bot.jobs.inputs import SOURCE_GONE
from bot.jobs.unsure import LOST_IN_CALL_SENTENCE, LOST_PART_NOTE
from bot.providers.base import Accepted, Finished, Item, Limits
from bot.providers.defaults import Defaults
from tests.jobs.workshop import FullDisk, Workshop, opened
from tests.media.sample_pictures import noise, written
from tests.storage.store_values import ANNA, a_job, a_target

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

    async def fetch(self, item):
        return item.data

    async def poll(self, remote, *, key, expects_end=False, once=None):
        return Finished(items=())


class Breaker(Health):
    """Lets nobody through while it is shut."""

    is_shut = False

    def blocked_until(self, job):
        until = self._clock.now() + timedelta(seconds=15)
        return until if self.is_shut else super().blocked_until(job)


class World(Workshop):
    health_kind = Breaker

    def __init__(self, database, blobs, pictures):
        self.provider = ByTheCall()
        super().__init__(database, blobs, pictures, offered={"bycall": self.provider})

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
        await self.takes_in(job)

    async def runs_to(self, *, sent):
        """Advance until so many parts were answered and the next one waits in line."""
        while len(self.provider.sent) < sent:
            await self.step()
        return await self.job()


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, World) as world:
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

    drawing = [job for job in world.card.shown if job.state is JobState.SUBMITTING]
    assert [(job.progress.finished, len(job.pictures)) for job in drawing] == [(0, 0), (1, 1)]


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
    await world.cancels()

    job = await world.runs()

    assert job.state is JobState.CANCELLED
    assert world.provider.sent == [0, 1]
    assert len(job.pictures) == 2
    last = world.card.shown[-1]
    assert (last.state, len(last.pictures)) == (JobState.CANCELLED, 2)
    assert await world.spent() == job.charged == PRICE * 2 // 3


async def test_a_stop_amid_the_last_call_lets_it_come(world):
    await world.asks(1)
    world.provider.says.append(world.cancels)

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
    assert SOURCE_GONE in job.notes
