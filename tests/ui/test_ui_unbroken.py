import asyncio
import logging

import pytest

from bot.ui.unbroken import IN_FLIGHT, landed_all, launch, unbroken


async def test_a_request_outlives_whoever_waited_for_it():
    gate, landed = asyncio.Event(), []

    async def request():
        await gate.wait()
        landed.append("answer")

    waiting = asyncio.create_task(unbroken(request()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    gate.set()
    await landed_all()

    assert landed == ["answer"]
    assert not IN_FLIGHT


async def test_answers_and_errors_reach_who_waits():
    async def fail():
        raise ValueError("no")

    async def succeed():
        return 7

    assert await unbroken(succeed()) == 7
    with pytest.raises(ValueError, match="no"):
        await unbroken(fail())


async def test_what_fails_in_the_background_is_logged(caplog):
    async def fail():
        raise ValueError("unseen")

    with caplog.at_level(logging.ERROR):
        launch(fail())
        await landed_all()

    [record] = caplog.records
    assert record.exc_info is not None


async def test_landing_waits_for_what_is_started_meanwhile():
    landed = []

    async def second():
        landed.append(2)

    async def first():
        launch(second())
        landed.append(1)

    launch(first())
    await landed_all()

    assert landed == [1, 2]
