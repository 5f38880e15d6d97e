"""What is asked every minute must not cost more with every job there ever was."""

import pytest

from bot.domain.jobs import JobState
from tests.storage.store_values import HOUR, NOON, in_state, tamper

OLD_JOBS = 5_000
STEPS_MAX = 20 * OLD_JOBS // 100  # of SQLite's machine; looking at every old job takes far more
STEPS_COUNTED_BY = 10

QUESTIONS = {
    "open jobs": lambda tx: tx.jobs.open_ids(),
    "results past their time": lambda tx: tx.jobs.done_before(NOON + HOUR, limit=200),
    "words past their time": lambda tx: tx.jobs.worded_before(NOON + HOUR, limit=200),
    "jobs to take over": lambda tx: tx.jobs.take_over_all(),
    "jobs at providers": lambda tx: tx.jobs.at_providers(),
    "reservations past their time": lambda tx: tx.credits.overdue(NOON + HOUR),
}


@pytest.fixture
async def aged(sqlite):
    """A store with many jobs that are over and swept, and one that is not."""

    async def two(tx):
        await tx.jobs.accept(in_state(JobState.DONE, "1", told_at=NOON))
        await tx.jobs.forget_results("1")
        await tx.jobs.forget_words("1")
        await tx.jobs.accept(in_state(JobState.RUNNING, "2"))

    await sqlite.write(two)
    (columns,) = await sqlite._writer._connection.run(
        lambda raw: raw.execute(
            "SELECT group_concat(name) FROM pragma_table_info('jobs') WHERE name <> 'id'"
        ).fetchone()
    )
    many = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {OLD_JOBS})"  # noqa: S608 - all ours
    again = f"SELECT 'old' || i, {columns} FROM jobs, n WHERE id = '1'"  # noqa: S608 - all ours
    await tamper(sqlite, f"INSERT INTO jobs (id, {columns}) {many} {again}")
    return sqlite


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
async def test_a_sweep_does_not_look_through_all_jobs_there_ever_were(aged, question):
    steps = []
    connection = aged._writer._connection

    def count(raw, step=None):
        raw.set_progress_handler(step, STEPS_COUNTED_BY)

    await aged.write(question)
    await connection.run(lambda raw: count(raw, lambda: steps.append(None)))
    await aged.write(question)
    await connection.run(count)

    assert 0 < len(steps) * STEPS_COUNTED_BY < STEPS_MAX
