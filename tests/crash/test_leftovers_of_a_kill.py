"""`kill -9` between storing bytes and naming them: nobody needs them, and they go."""

import pytest

from bot.sandbox.discord.option_values import Upload
from tests.crash.kills import bot_process, jobs_in, killed, online
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.test_leftovers_story import (
    a_day_passes_for_files,
    blobs,
    every_shard_is_swept,
)

pytestmark = pytest.mark.crash

PHOTO = Upload("cat.png", written(half_red_half_blue(128, 64), "PNG"))


async def test_an_upload_that_was_stored_right_before_a_kill_goes(world):
    async with bot_process(world, crash_at="inside:accept") as first:
        await online(world)
        await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", picture=PHOTO)
        await killed(first)
    assert len(blobs(world)) == 1
    assert await jobs_in(world) == []

    a_day_passes_for_files(world)
    async with world.playing():
        await every_shard_is_swept(world)

    assert blobs(world) == set()
