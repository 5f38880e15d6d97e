"""Answers that come once only are on the disk before anything is made of them."""

import pytest

from bot.domain.errors import StorageUnavailable
from bot.domain.jobs import JobId, JobState
from bot.jobs import answers
from bot.jobs.answers import AnswerBook
from storage.blobs import DirectoryBlobs
from storage.sqlite import open_sqlite
from tests.jobs.workshop import FullDisk
from tests.storage.store_values import in_state, sealer_of

ONE, TWO = JobId("1"), JobId("2")
ANSWER = b'{"job_result": {"images": ["..."]}}'


@pytest.fixture
async def database(tmp_path):
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer_of(b"a")) as opened:
        for job_id in (ONE, TWO):
            job = in_state(JobState.RUNNING, job_id)
            await opened.write(lambda tx, job=job: tx.jobs.accept(job))
        yield opened


@pytest.fixture
async def blobs(tmp_path):
    return await DirectoryBlobs(tmp_path / "blobs").open()


async def test_an_answer_outlives_the_process_that_received_it(database, blobs):
    await AnswerBook(database, blobs).of(ONE).keep("1", ANSWER)

    again = AnswerBook(database, blobs).of(ONE)

    assert set(await again.names()) == {"1"}
    assert await again.get("1") == ANSWER
    assert set(await AnswerBook(database, blobs).of(TWO).names()) == set()


async def test_a_full_disk_loses_no_answer_and_nothing_more_is_asked_meanwhile(database, blobs):
    book = AnswerBook(database, FullDisk(blobs, refusals=2))

    for ask in (book.of(ONE).keep("1", ANSWER), book.of(ONE).names()):
        with pytest.raises(StorageUnavailable):
            await ask
    between = await database.read(lambda tx: tx.answers.of(ONE))

    assert between == {}
    assert set(await book.of(ONE).names()) == {"1"}
    assert await book.of(ONE).get("1") == ANSWER


async def test_what_waits_for_the_disk_is_bounded_over_all_jobs(database, blobs, monkeypatch):
    monkeypatch.setattr(answers, "UNWRITTEN_BYTES_MAX", len(ANSWER) - 1)
    book = AnswerBook(database, FullDisk(blobs, refusals=1))
    with pytest.raises(StorageUnavailable):
        await book.of(ONE).keep("1", ANSWER)

    with pytest.raises(StorageUnavailable, match="too many answers wait"):
        await book.of(TWO).names()
    book.forget(ONE)

    assert set(await book.of(TWO).names()) == set()
