"""How far a job is: shown at once, and written down now and then."""

from datetime import timedelta

from bot.jobs.running import PROGRESS_KEPT_EVERY
from tests.scenarios.stage import titled, until

CHECKS = ("GET", "/generate/check/*")


async def stored(stage, card):
    return (await stage.job(card)).progress


async def test_a_card_is_ahead_of_the_store_for_a_few_seconds_at_most(stage):
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    await card.until(titled("In the queue"))
    before = await stored(stage, card)

    stage.horde.step(stage.horde.truth.jobs[0].remote_id)
    await stage.time_passes((PROGRESS_KEPT_EVERY + timedelta(seconds=1)).total_seconds())
    await card.until(titled("Drawing"))
    looks = stage.calls(*CHECKS)
    await until(lambda: stage.calls(*CHECKS) > looks + 1)

    assert before is None
    assert (await stored(stage, card)).is_queued is False
