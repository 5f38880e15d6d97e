"""Ids that carry the time they were made at."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.clock import Clock
from bot.sandbox.discord.snowflakes import Mint, created_at


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
