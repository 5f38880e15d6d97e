"""The store is full, read-only or locked; members get a sentence, nothing is charged, and it passes.

The faults are SQLite's own, switched on in the writing connection, or made by a second one.
"""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, contextmanager

import pytest

from bot.domain.errors import StorageUnavailable
from bot.jobs.recovery import SWEEP_S
from bot.jobs.worker import STORAGE_RETRY_S
from tests.scenarios.stage import done, titled, until

CANNOT_SAVE = "I cannot save anything right now, so nothing was started or charged."
LONG = "a cat in a hat, and so on " * 150  # about a page, so that no page has room for it


async def asks(stage, prompt="a cat"):
    return await stage.ann.runs("/imagine", in_=stage.channel, prompt=prompt)


async def arrives(stage, prompt="a cat"):
    card = await asks(stage, prompt)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def switch(stage, pragma):
    """Set a switch of the writing connection and return its value."""
    connection = stage.service.database._writer._connection
    row = await connection.run(lambda raw: raw.execute(f"PRAGMA {pragma}").fetchone())
    return None if row is None else row[0]


async def fill_the_disk(stage):
    pages = await switch(stage, "page_count")
    await switch(stage, f"max_page_count = {pages}")


async def make_room(stage):
    await switch(stage, "max_page_count = 1000000")


@contextmanager
def locked(stage):
    """Hold the database as another program would."""
    other = sqlite3.connect(stage.settings.database_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@asynccontextmanager
async def unwritable(stage, fault):
    """Let nothing be written for as long as the block lasts."""
    if fault == "locked":
        with locked(stage):
            yield
        return
    await switch(stage, "query_only = ON")
    yield
    await switch(stage, "query_only = OFF")


async def is_refused(stage, card):
    """Check a card that was refused late, and that nothing at all came of it."""
    await card.until(titled("That did not work"))
    assert card.shows(CANNOT_SAVE)
    assert not card.buttons
    ids = await stage.service.database.read(lambda tx: tx.jobs.newest(50))
    jobs = [await stage.service.tracker.get(job_id) for job_id in ids]
    assert int(card.id) not in {job.target.message_id for job in jobs}
    assert (await stage.balance(stage.ann)).held == 0


async def test_on_a_full_disk_nothing_begins_until_there_is_room(stage):
    await arrives(stage)
    before = await stage.credits(stage.ann)
    await fill_the_disk(stage)

    refused = await asks(stage, LONG)
    await is_refused(stage, refused)

    assert await stage.credits(stage.ann) == before
    await make_room(stage)
    await arrives(stage, LONG)


async def test_on_a_full_disk_everybody_of_one_commit_is_told(stage):
    await arrives(stage)
    await fill_the_disk(stage)

    ours = await asks(stage, LONG)
    theirs = await stage.bob.runs("/imagine", in_=stage.channel, prompt=LONG)

    await is_refused(stage, ours)
    await is_refused(stage, theirs)
    await make_room(stage)


async def test_on_a_read_only_database_every_command_answers_with_a_sentence(stage):
    card = await arrives(stage)
    await switch(stage, "query_only = ON")

    refused = await asks(stage)
    credits_ = await stage.ann.runs("/credits", in_=stage.channel)
    again = await stage.ann.clicks("Again", on=card)
    forgotten = await stage.ann.runs("/key forget", in_=stage.channel, provider="horde")
    about = await stage.ann.runs("/about", in_=stage.channel)

    await is_refused(stage, refused)
    await is_refused(stage, again)
    assert credits_.ephemeral
    assert credits_.shows(CANNOT_SAVE)
    assert forgotten.shows(CANNOT_SAVE)
    assert about.shows("I make pictures")
    await switch(stage, "query_only = OFF")
    await arrives(stage)


async def test_a_job_whose_store_fails_waits_for_it_and_is_paid_once(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    await card.until(titled("In the queue"))

    await switch(stage, "query_only = ON")
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await until(lambda: stage.calls("GET", "/images/*") >= 1)
    with pytest.raises(StorageUnavailable):
        await stage.service.recovery.sweep()
    await switch(stage, "query_only = OFF")
    await stage.time_passes(STORAGE_RETRY_S)
    await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert job.charged == job.price
    assert len(stage.horde.truth.jobs) == 1
    assert len(card.attachments) == 1


async def test_a_cancel_that_cannot_be_saved_says_so_and_works_later(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    await card.until(titled("In the queue"))
    await switch(stage, "query_only = ON")

    await stage.ann.clicks("Cancel", on=card)
    told = await stage.ann.sees("I cannot save anything right now")

    assert told.ephemeral
    assert card.shows("Cancel")
    await switch(stage, "query_only = OFF")
    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))


async def test_a_lock_of_a_moment_goes_unnoticed(stage):
    with locked(stage):
        card = await asks(stage)
    await card.until(done)


async def test_a_lock_that_stays_is_told_and_leaves_nothing(stage):
    await switch(stage, "busy_timeout = 50")
    with locked(stage):
        refused = await asks(stage)
        credits_ = await stage.bob.runs("/credits", in_=stage.channel)
        await is_refused(stage, refused)

    assert credits_.shows(CANNOT_SAVE)
    await arrives(stage)


@pytest.mark.parametrize("fault", ["locked", "read-only"])
async def test_jobs_that_end_while_nothing_can_be_written_are_posted_once_it_can(stage, fault):
    await switch(stage, "busy_timeout = 100")
    stage.horde.script.default(held=True)
    people = (stage.ann, stage.bob, stage.mod)
    cards = [await person.runs("/imagine", prompt=f"a cat {LONG}"[:900]) for person in people]
    for card in cards:
        await card.until(titled("In the queue"))

    async with unwritable(stage, fault):
        for remote in stage.horde.truth.jobs:
            stage.horde.finish(remote.remote_id)
        for _ in range(10):
            await asyncio.sleep(0.1)
            await stage.time_passes(SWEEP_S + 1)
        assert not any(done(version) for card in cards for version in card.versions)
    for _ in range(5):
        await stage.time_passes(STORAGE_RETRY_S + 1)
        await asyncio.sleep(0.1)

    for card in cards:
        await card.until(done)
        await stage.until_settled(card)
        job = await stage.job(card)
        assert job.charged == job.price
        assert [done(version) for version in card.versions].count(True) == 1


async def test_pictures_that_cannot_be_stored_are_fetched_again_when_they_can(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    await card.until(titled("In the queue"))
    blobs = stage.data_dir / "blobs"
    aside = blobs.rename(stage.data_dir / "unmounted")

    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await until(lambda: stage.calls("GET", "/images/*") >= 1)
    aside.rename(blobs)
    await stage.time_passes(STORAGE_RETRY_S)
    await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert job.charged == job.price
    assert len(card.attachments) == 1
