"""The sandboxes' time."""

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.clock import Clock


async def test_advancing_wakes_who_waits_for_that_moment():
    clock = Clock()
    waiting = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)

    clock.advance(1800)
    await asyncio.sleep(0)
    half_way = waiting.done()
    clock.advance(1800)

    await waiting
    assert not half_way


def test_the_clock_never_goes_back():
    with pytest.raises(ValueError, match="only goes forward"):
        Clock().advance(-1)


def test_now_and_elapsed_are_one_clock():
    clock = Clock()
    before = clock.now()

    clock.advance(90)

    assert clock.now() - before >= timedelta(seconds=90)
    assert clock.elapsed_s() >= 90


async def test_a_clock_that_stands_still_moves_only_by_hand():
    clock = Clock(speed=0)
    waiting = asyncio.create_task(clock.sleep(1e-6))
    await asyncio.sleep(0.01)
    still = waiting.done()

    clock.advance(1)

    await waiting
    assert not still
    assert clock.elapsed_s() == 1
