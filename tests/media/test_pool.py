import asyncio
import threading

import pytest

from bot.media.pool import PictureWork


async def test_work_is_done_off_the_event_loop():
    async with PictureWork() as work:
        name = await work.run(lambda: threading.current_thread().name)

    assert name.startswith("pictures")


async def test_arguments_go_in_and_results_and_errors_come_out():
    async with PictureWork() as work:
        assert await work.run(divmod, 7, 2) == (3, 1)
        assert await work.run(int, "ff", base=16) == 255
        with pytest.raises(ZeroDivisionError):
            await work.run(divmod, 7, 0)


async def test_no_more_is_done_at_once_than_allowed():
    gate, lock = threading.Event(), threading.Lock()
    inside = [0, 0]

    def one_picture():
        with lock:
            inside[0] += 1
            inside[1] = max(inside)
            both.set() if inside[0] == 2 else None
        gate.wait(30)
        with lock:
            inside[0] -= 1

    both = threading.Event()
    async with PictureWork(threads=2) as work, asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(work.run(one_picture))
        assert await asyncio.to_thread(both.wait, 30)
        gate.set()

    assert inside == [0, 2]


async def test_the_event_loop_goes_on_while_a_picture_is_in_work():
    gate = threading.Event()
    async with PictureWork() as work:
        waiting = asyncio.ensure_future(work.run(gate.wait, 30))
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.set()

        assert await waiting


async def test_nothing_runs_after_the_end():
    async with PictureWork() as work:
        pass

    with pytest.raises(RuntimeError):
        await work.run(int)
