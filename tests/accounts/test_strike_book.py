"""Strikes count at once, and are written behind: no restart and no full disk forgives them."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from bot.accounts.strikes import UNWRITTEN_MAX, StrikeBook, provider_strike
from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import Failure, FailureKind, JobState
from bot.domain.strikes import PROVIDERS, STRIKE_LIFE
from tests.accounts.account_values import a_new_job
from tests.storage.store_values import ANNA, BERT, NOON

MINUTE = timedelta(minutes=1)


def a_book(database, clock) -> StrikeBook:
    numbers = itertools.count()
    return StrikeBook(database, clock=clock, draw_id=lambda: f"strike {next(numbers)}")


@pytest.fixture
def book(database, clock):
    return a_book(database, clock)


def refuse(book, times, owner_id=ANNA) -> None:
    for _ in range(times):
        book.refused(owner_id)


async def test_they_count_before_they_are_written(book):
    refuse(book, 3)

    assert book.paused_until(ANNA) == NOON + MINUTE
    assert book.paused_until(BERT) is None


async def test_a_restart_forgives_nothing_that_was_written(book, database, clock):
    refuse(book, 3)
    await book.flush()
    await book.flush()

    after = a_book(database, clock)
    await after.open()

    assert after.paused_until(ANNA) == NOON + MINUTE
    assert len(await database.read(lambda tx: tx.strikes.since(NOON - STRIKE_LIFE))) == 3


async def test_they_are_written_behind_without_being_asked(book, database):
    running = asyncio.create_task(book.run())
    refuse(book, 1)

    async with asyncio.timeout(5):
        while not await database.read(lambda tx: tx.strikes.since(NOON - STRIKE_LIFE)):
            await asyncio.sleep(0.01)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class FullDisk:
    """A store that takes nothing."""

    async def write(self, fn):
        raise StorageUnavailable("The disk is full.")


async def test_what_a_full_disk_did_not_take_is_kept_for_later(book, database):
    refuse(book, 2)
    book._database = FullDisk()
    with pytest.raises(StorageUnavailable):
        await book.flush()

    book._database = database
    await book.flush()

    assert len(await database.read(lambda tx: tx.strikes.since(NOON - STRIKE_LIFE))) == 2


async def test_a_store_that_is_away_does_not_fill_the_memory(book):
    for number in range(UNWRITTEN_MAX + 50):
        book.refused(number)

    assert len(book._unwritten) == UNWRITTEN_MAX


async def test_old_ones_leave_store_and_memory(book, database, clock):
    refuse(book, 3)
    await book.flush()

    clock.time = NOON + STRIKE_LIFE
    await book.flush()
    book._prune()

    assert book.paused_until(ANNA) is None
    assert book._strikes == {}
    assert await database.read(lambda tx: tx.strikes.since(NOON - STRIKE_LIFE)) == ()


async def test_the_same_strike_counts_once(book):
    job = a_new_job(state=JobState.FAILED, failure=Failure(kind=FailureKind.CONTENT, sentence=""))
    strike = provider_strike(job)
    for _ in range(5):
        book.remember(strike)

    assert strike.weight == PROVIDERS
    assert book.paused_until(ANNA) is None  # two of three


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"failure": Failure(kind=FailureKind.BACKEND, sentence="")},
        {"failure": Failure(kind=FailureKind.CONTENT, sentence=""), "withheld": 2},
    ],
    ids=["no failure", "another failure", "pictures that a filter withheld"],
)
def test_what_is_not_a_refusal_of_what_was_asked_is_no_strike(changes):
    assert provider_strike(a_new_job(**changes)) is None
