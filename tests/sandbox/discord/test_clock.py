"""The sandbox's time, and the ids that carry it."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.discord.clock import Clock
from bot.sandbox.discord.snowflakes import Mint, created_at


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


def test_ids_grow_even_within_a_millisecond():
    mint = Mint(Clock())

    ids = [int(mint.mint()) for _ in range(1000)]

    assert ids == sorted(set(ids))


def test_an_id_tells_when_it_was_made():
    clock = Clock()
    clock.advance(86_400)

    made_at = created_at(Mint(clock).mint())

    assert abs(made_at - clock.now()) < timedelta(seconds=1)


@given(st.integers(1, 64), st.integers(0, 63), st.integers(1, 20))
def test_guild_ids_fall_on_the_wanted_shard_and_never_repeat(shards, shard, count):
    mint = Mint(Clock())

    ids = [int(mint.mint_guild(shard=shard % shards, shards=shards)) for _ in range(count)]

    assert {(number >> 22) % shards for number in ids} == {shard % shards}
    assert len(set(ids)) == count
