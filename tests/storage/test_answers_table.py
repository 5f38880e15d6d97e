"""Answers that come once only: kept whoever received them, and gone when something was made of them."""

from bot.domain.jobs import JobState
from tests.storage.store_values import NOON, a_blob, a_job, in_state


async def running(database):
    job = in_state(JobState.RUNNING, "1")
    await database.write(lambda tx: tx.jobs.accept(job))
    return job


async def test_an_answer_is_kept_once_and_needed_as_long_as_it_is(database):
    job = await running(database)

    first = await database.write(lambda tx: tx.answers.keep(job.id, "1", a_blob("a")))
    second = await database.write(lambda tx: tx.answers.keep(job.id, "1", a_blob("b")))

    assert (first, second) == (True, False)
    assert await database.read(lambda tx: tx.answers.of(job.id)) == {"1": a_blob("a")}
    assert await database.read(lambda tx: tx.jobs.needs(a_blob("a")))
    assert not await database.read(lambda tx: tx.jobs.needs(a_blob("b")))


async def test_a_superseded_worker_still_keeps_what_nobody_else_will_get(database):
    job = await running(database)
    await database.write(lambda tx: tx.jobs.take_over_all())

    assert await database.write(lambda tx: tx.answers.keep(job.id, "1", a_blob("a")))


async def test_a_move_of_facts_keeps_answers_and_the_end_of_the_run_drops_them(database):
    job = await running(database)
    await database.write(lambda tx: tx.answers.keep(job.id, "1", a_blob("a")))

    noted = job.evolve(notes=("a note",))
    await database.write(lambda tx: tx.jobs.move(job, noted))
    between = await database.read(lambda tx: tx.answers.of(job.id))
    await database.write(lambda tx: tx.jobs.move(noted, noted.to(JobState.COLLECTED, at=NOON)))

    assert between == {"1": a_blob("a")}
    assert await database.read(lambda tx: tx.answers.of(job.id)) == {}
    assert not await database.read(lambda tx: tx.jobs.needs(a_blob("a")))


async def test_nothing_is_kept_for_a_job_that_is_over_or_unknown(database):
    over = a_job("2", state=JobState.DONE)
    await database.write(lambda tx: tx.jobs.accept(over))

    for job_id in ("2", "3"):
        kept = await database.write(lambda tx, job_id=job_id: tx.answers.keep(job_id, "1", "a"))
        assert not kept
