"""What is stored goes when nobody needs it any more, and never before."""

import os

import pytest

from bot.jobs.recovery import NEW_BLOB, SWEEP_S
from bot.sandbox.discord.option_values import Upload
from storage.blobs import SHARDS
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.stage import Stage, done, titled, until, until_sent

HOUR_S = 60 * 60
DAY_S = 24 * HOUR_S
PHOTO = Upload("cat.png", written(half_red_half_blue(128, 64), "PNG"))


def blobs(stage: Stage) -> set[str]:
    return {path.name for path in (stage.data_dir / "blobs").rglob("*") if path.is_file()}


def a_day_passes_for_files(stage: Stage) -> None:
    for path in (stage.data_dir / "blobs").rglob("*"):
        then = path.stat().st_mtime - DAY_S
        os.utime(path, (then, then))


async def every_shard_is_swept(stage: Stage) -> None:
    """Sweep at each of the minutes behind us: each looks at another part of the store."""
    for _ in range(SHARDS):
        stage.clock.travel(-SWEEP_S)
        await stage.service.recovery.sweep()
    stage.clock.travel(SHARDS * SWEEP_S)


class TestPoor:
    @pytest.fixture
    async def stage(self, world):
        world.environment["EASEL_DAILY_CREDITS"] = "1"
        async with world.playing():
            yield world

    async def test_the_picture_of_a_refused_request_goes_after_a_while(self, stage):
        card = await stage.ann.runs("/imagine", prompt="a cat", picture=PHOTO)
        await card.until(titled("That did not work"))
        assert card.shows("This costs")
        assert len(blobs(stage)) == 1

        await every_shard_is_swept(stage)
        assert len(blobs(stage)) == 1  # it is new: a job may be about to name it

        a_day_passes_for_files(stage)
        await every_shard_is_swept(stage)
        assert blobs(stage) == set()


async def test_what_a_job_names_stays_however_old_it_is(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=PHOTO)
    await card.until(done)
    await stage.until_settled(card)
    kept = blobs(stage)
    assert len(kept) == 2

    a_day_passes_for_files(stage)
    await every_shard_is_swept(stage)

    assert blobs(stage) == kept


async def test_what_is_asked_for_again_while_it_is_let_go_stays(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=PHOTO)
    await card.until(done)
    await stage.until_settled(card)
    parent, recovery = await stage.job(card), stage.service.recovery
    a_day_passes_for_files(stage)

    # What the sweep does with an old job, and the member's click right in the middle of it.
    freed = await stage.service.database.write(lambda tx: tx.jobs.forget_results(parent.id))
    again = await stage.ann.clicks("Again", on=card)
    await until_sent(stage, 2)
    for blob in freed:
        await recovery._blobs.delete(blob, older_than=stage.clock.now() - NEW_BLOB)
    await again.until(done)

    assert parent.request.source.picture in freed & blobs(stage)
    sent = [job.payload["source_image"] for job in stage.horde.truth.jobs]
    assert sent[0] == sent[1]


async def test_after_its_time_a_picture_goes_and_again_asks_for_it(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", picture=PHOTO)
    await card.until(done)
    await stage.until_settled(card)

    stage.clock.travel(73 * HOUR_S)
    await until(lambda: not blobs(stage))

    again = await stage.ann.clicks("Again", on=card)
    await again.until(titled("That did not work"))
    assert again.shows("not kept any more")
    assert again.shows("nothing was charged")
    assert len(stage.horde.truth.jobs) == 1
