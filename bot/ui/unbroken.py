"""Requests to Discord that nobody may cut off: only our waiting for them can be cancelled.

discord.py 2.7.1 keeps a lock for ever when an interaction edit is cancelled while it waits out a
rate limit, and leaves its global gate shut when that happens during a global one: the whole bot
goes mute. So a request runs in a task of its own, and at shutdown we wait for those tasks.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")

NO_CONNECTION = (aiohttp.ClientError, OSError, TimeoutError)
"""What a request raises when Discord was not reached, or its answer was not."""

log = logging.getLogger(__name__)

IN_FLIGHT: set[asyncio.Task[Any]] = set()
"""Strong references: the event loop itself holds tasks only weakly."""


async def unbroken(call: Coroutine[Any, Any, T]) -> T:
    """Run a request to its end and return its answer, even if the caller stops waiting."""
    return await asyncio.shield(started(call))


def launch(call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run something in the background that ends by itself; its failure is logged."""
    task = started(call)
    task.add_done_callback(_report)
    return task


async def landed_all() -> None:
    """Wait until nothing is in flight any more; stop whatever starts new things first."""
    while IN_FLIGHT:
        await asyncio.wait(set(IN_FLIGHT))


def started(call: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin a request that runs to its end; whoever awaits the task has to shield it."""
    task = asyncio.create_task(call)
    IN_FLIGHT.add(task)
    task.add_done_callback(_landed)
    return task


def _landed(task: asyncio.Task[Any]) -> None:
    IN_FLIGHT.discard(task)
    if not task.cancelled():
        task.exception()  # read, or asyncio complains when the waiter is gone


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("something in the background failed", exc_info=error)
