import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.domain.clock import SystemClock
from bot.domain.jobs import JobId
from bot.jobs.dispatch import STEPS_AT_ONCE_MAX, LocalDispatch

CLOCK = SystemClock()


class Steps:
    """Advances jobs as scripted and remembers what ran; `gate` holds every step."""

    def __init__(self):
        self.ran = []
        self.running = set()
        self.overlapped = False
        self.most_at_once = 0
        self.answers = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.changed = asyncio.Condition()

    async def __call__(self, job_id):
        self.overlapped |= job_id in self.running
        self.running.add(job_id)
        self.most_at_once = max(self.most_at_once, len(self.running))
        await self.gate.wait()
        self.running.discard(job_id)
        async with self.changed:
            self.ran.append(job_id)
            self.changed.notify_all()
        return self.answers.pop(job_id, None)

    async def until(self, count):
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.ran) >= count)


@asynccontextmanager
async def running(steps):
    dispatch = LocalDispatch(steps, clock=CLOCK)
    async with asyncio.TaskGroup() as group:
        group.create_task(dispatch.run())
        yield dispatch
        steps.gate.set()
        await dispatch.drain(timeout_s=5)


def job(number):
    return JobId(str(number))


async def test_a_woken_job_is_advanced():
    steps = Steps()
    async with running(steps) as dispatch:
        dispatch.wake(job(1))
        await steps.until(1)

    assert steps.ran == [job(1)]


async def test_a_job_that_asks_for_a_later_moment_is_advanced_again():
    steps = Steps()
    steps.answers[job(1)] = CLOCK.now() + timedelta(milliseconds=20)
    async with running(steps) as dispatch:
        dispatch.wake(job(1))
        await steps.until(2)

    assert steps.ran == [job(1), job(1)]


async def test_jobs_run_in_the_order_of_their_moments():
    steps = Steps()
    now = CLOCK.now()
    async with running(steps) as dispatch:
        dispatch.wake(job(2), at=now + timedelta(milliseconds=60))
        dispatch.wake(job(1), at=now + timedelta(milliseconds=20))
        await steps.until(2)

    assert steps.ran == [job(1), job(2)]


async def test_the_earliest_of_two_moments_counts_and_the_job_runs_once():
    steps = Steps()
    async with running(steps) as dispatch:
        dispatch.wake(job(1), at=CLOCK.now() + timedelta(hours=1))
        dispatch.wake(job(1))
        await steps.until(1)
        assert not dispatch.knows(job(1))

    assert steps.ran == [job(1)]


async def test_a_later_moment_does_not_put_an_earlier_one_off():
    steps = Steps()
    async with running(steps) as dispatch:
        dispatch.wake(job(1), at=CLOCK.now() + timedelta(milliseconds=20))
        dispatch.wake(job(1), at=CLOCK.now() + timedelta(hours=1))
        await steps.until(1)

    assert steps.ran == [job(1)]


async def test_a_job_woken_while_it_runs_runs_again_and_never_beside_itself():
    steps = Steps()
    steps.gate.clear()
    async with running(steps) as dispatch:
        dispatch.wake(job(1))
        while not steps.running:
            await asyncio.sleep(0)
        for _ in range(5):
            dispatch.wake(job(1))
            await asyncio.sleep(0)
        steps.gate.set()
        await steps.until(2)

    assert steps.ran == [job(1), job(1)]
    assert not steps.overlapped


async def test_no_more_than_a_bounded_number_runs_at_once_and_all_come_to_their_turn():
    steps = Steps()
    steps.gate.clear()
    many = STEPS_AT_ONCE_MAX * 3
    async with running(steps) as dispatch:
        for number in range(many):
            dispatch.wake(job(number))
        while len(steps.running) < STEPS_AT_ONCE_MAX:
            await asyncio.sleep(0)
        steps.gate.set()
        await steps.until(many)

    assert steps.most_at_once == STEPS_AT_ONCE_MAX
    assert sorted(steps.ran) == sorted(job(number) for number in range(many))


async def test_draining_starts_nothing_new_and_waits_for_what_runs():
    steps = Steps()
    steps.gate.clear()
    async with running(steps) as dispatch:
        dispatch.wake(job(1))
        while not steps.running:
            await asyncio.sleep(0)
        draining = asyncio.create_task(dispatch.drain(timeout_s=5))
        await asyncio.sleep(0)
        dispatch.wake(job(2))
        steps.gate.set()
        await draining

    assert steps.ran == [job(1)]


async def test_a_step_that_outlasts_the_drain_is_handed_over():
    steps = Steps()
    steps.gate.clear()
    dispatch = LocalDispatch(steps, clock=CLOCK)
    loop = asyncio.create_task(dispatch.run())
    dispatch.wake(job(1))
    while not steps.running:
        await asyncio.sleep(0)

    await dispatch.drain(timeout_s=0.01)

    assert steps.ran == []
    await loop


@pytest.mark.parametrize("waiting", [10_000])
async def test_waiting_jobs_are_no_tasks(waiting):
    steps = Steps()
    async with running(steps) as dispatch:
        for number in range(waiting):
            dispatch.wake(job(number), at=CLOCK.now() + timedelta(hours=1))
        await asyncio.sleep(0)

        assert len(asyncio.all_tasks()) < 10


async def test_the_house_is_full_at_a_bounded_number_of_jobs(monkeypatch):
    monkeypatch.setattr("bot.jobs.dispatch.JOBS_MAX", 3)
    dispatch = LocalDispatch(Steps(), clock=CLOCK)

    for number in range(3):
        assert not dispatch.is_full
        dispatch.wake(job(number), at=CLOCK.now() + timedelta(hours=1))

    assert dispatch.is_full
