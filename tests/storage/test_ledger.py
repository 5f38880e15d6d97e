import asyncio
import sqlite3
from datetime import date

import pytest

from bot.domain.credits import (
    ALLOWANCE,
    GRANTS,
    SPENT,
    Balance,
    Cursor,
    Microcredits,
    TransferId,
    TransferKind,
    member_account,
    post_id,
    reserve_id,
    void_id,
)
from bot.domain.jobs import JobId, JobState
from bot.domain.keys import KeyKind
from storage.credits import Reserved
from tests.storage.store_values import (
    ANNA,
    BERT,
    HOUR,
    MINUTE,
    NOON,
    TooPoor,
    a_job,
    in_state,
    refund,
    rich,
    settle,
    take_in,
    tamper,
)

A = member_account(ANNA)
TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)


def owns(balance: int, held: int = 0) -> Balance:
    return Balance(balance=Microcredits(balance), held=Microcredits(held))


async def balance_of(database, account=A) -> Balance:
    return await database.read(lambda tx: tx.credits.balance(account))


async def hold(database, amount: int, job_id: str = "1") -> None:
    await database.write(lambda tx: take_in(tx, a_job(job_id, price=Microcredits(amount))))


async def audit(database) -> tuple[str, ...]:
    return await database.read(lambda tx: tx.credits.audit())


# ---------------------------------------------------------------- credits in


async def test_an_account_that_was_never_opened_has_nothing(database):
    assert await balance_of(database) == owns(0)


async def test_the_allowance_comes_once_a_day(database):
    async def give(day, amount):
        return await database.write(
            lambda tx: tx.credits.give_allowance(
                ANNA, day=day, amount=Microcredits(amount), at=NOON
            )
        )

    given = [await give(TODAY, 100), await give(TODAY, 100), await give(TODAY, 500)]

    assert given == [100, 0, 0]
    assert await balance_of(database) == owns(100)
    assert await balance_of(database, ALLOWANCE) == owns(-100)
    assert await audit(database) == ()


async def test_the_allowance_tops_up_and_never_lowers(database):
    await database.write(lambda tx: rich(tx, ANNA, 70))

    async def give(day, amount):
        return await database.write(
            lambda tx: tx.credits.give_allowance(
                ANNA, day=day, amount=Microcredits(amount), at=NOON
            )
        )

    assert await give(TODAY, 100) == 30
    assert await give(TOMORROW, 80) == 0
    assert await balance_of(database) == owns(100)


async def test_a_clock_that_goes_back_pays_nobody_twice(database):
    async def give(tx, day):
        return await tx.credits.give_allowance(ANNA, day=day, amount=Microcredits(50), at=NOON)

    await database.write(lambda tx: give(tx, TOMORROW))
    await hold(database, 50)
    job = a_job(price=Microcredits(50))
    await database.write(lambda tx: settle(tx, job, amount=50))

    assert await database.write(lambda tx: give(tx, TODAY)) == 0
    assert await balance_of(database) == owns(0)


async def test_a_repeated_grant_gives_once(database):
    await database.write(lambda tx: rich(tx, ANNA, 40))
    await database.write(lambda tx: rich(tx, ANNA, 40))

    assert await balance_of(database) == owns(40)
    assert await balance_of(database, GRANTS) == owns(-40)


# ---------------------------------------------------------------- reserve, post, void


async def test_a_reservation_holds_and_spends_nothing(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))

    await hold(database, 30)

    assert await balance_of(database) == owns(100, held=30)
    assert await balance_of(database, SPENT) == owns(0)


async def test_reserving_tells_new_repeated_and_too_poor_apart(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))

    async def reserve(job_id, amount):
        return await database.write(
            lambda tx: tx.credits.reserve(
                reserve_id(job_id),
                account=A,
                amount=Microcredits(amount),
                job_id=JobId(job_id),
                at=NOON,
                expires_at=NOON + HOUR,
            )
        )

    outcomes = [await reserve(*wish) for wish in (("1", 40), ("1", 40), ("2", 61), ("3", 60))]

    assert outcomes == [Reserved.RESERVED, Reserved.REPEATED, Reserved.TOO_POOR, Reserved.RESERVED]
    assert await balance_of(database) == owns(100, held=100)


async def test_who_has_no_account_is_too_poor(database):
    with pytest.raises(TooPoor):
        await hold(database, 1)

    assert await database.read(lambda tx: tx.jobs.get(JobId("1"))) is None


async def test_posting_less_gives_the_rest_back(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 80)

    posted = await database.write(lambda tx: settle(tx, a_job(price=Microcredits(80)), amount=60))

    assert posted
    assert await balance_of(database) == owns(40)
    assert await balance_of(database, SPENT) == owns(60)
    assert await audit(database) == ()


async def test_posting_more_than_was_reserved_is_our_bug(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)

    with pytest.raises(AssertionError, match="never more"):
        await database.write(
            lambda tx: tx.credits.post(
                post_id("1"), reserve_id=reserve_id("1"), amount=Microcredits(51), at=NOON
            )
        )

    assert await balance_of(database) == owns(100, held=50)


async def test_posting_nothing_is_a_void(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)

    await database.write(lambda tx: settle(tx, a_job(price=Microcredits(50)), amount=0))

    newest = (await database.read(lambda tx: tx.credits.statement(A, limit=1)))[0]
    assert (newest.kind, newest.amount) == (TransferKind.VOID, 50)
    assert await balance_of(database) == owns(100)
    assert await audit(database) == ()


async def test_a_void_shows_what_came_back(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)

    await database.write(lambda tx: refund(tx, a_job(price=Microcredits(50))))

    newest = (await database.read(lambda tx: tx.credits.statement(A, limit=1)))[0]
    assert (newest.kind, newest.debit, newest.credit) == (TransferKind.VOID, SPENT, A)
    assert (newest.amount, newest.reserve_id, newest.job_id) == (50, reserve_id("1"), "1")
    assert await audit(database) == ()


async def test_what_was_resolved_stays_resolved(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)
    await database.write(lambda tx: refund(tx, a_job(price=Microcredits(50))))

    async def again(tx):
        return (
            await tx.credits.void(void_id("1"), reserve_id=reserve_id("1"), at=NOON),
            await tx.credits.void(TransferId("other"), reserve_id=reserve_id("1"), at=NOON),
            await tx.credits.post(
                post_id("1"), reserve_id=reserve_id("1"), amount=Microcredits(50), at=NOON
            ),
        )

    assert await database.write(again) == (False, False, False)
    assert await balance_of(database) == owns(100)


async def test_there_is_nothing_to_resolve_where_nothing_was_reserved(database):
    async def resolve(tx):
        return (
            await tx.credits.void(void_id("404"), reserve_id=reserve_id("404"), at=NOON),
            await tx.credits.post(
                post_id("404"), reserve_id=reserve_id("404"), amount=Microcredits(1), at=NOON
            ),
        )

    assert await database.write(resolve) == (False, False)


async def test_a_hundred_at_once_never_overspend(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))

    outcomes = await asyncio.gather(
        *(hold(database, 7, str(number)) for number in range(100)), return_exceptions=True
    )

    assert sum(outcome is None for outcome in outcomes) == 14
    assert sum(isinstance(outcome, TooPoor) for outcome in outcomes) == 86
    assert await balance_of(database) == owns(100, held=98)
    assert await audit(database) == ()


# ---------------------------------------------------------------- expiry


async def test_a_reservation_of_a_working_job_never_expires_under_it(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)

    assert await database.write(lambda tx: tx.credits.expire(NOON + 1000 * HOUR)) == ()
    assert await balance_of(database) == owns(100, held=50)


async def test_a_forgotten_reservation_expires_when_its_time_comes(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await hold(database, 50)
    job = a_job(price=Microcredits(50))
    await database.write(lambda tx: tx.jobs.move(job, job.to(JobState.FAILED, at=NOON)))

    early = await database.write(lambda tx: tx.credits.expire(NOON + HOUR - MINUTE))
    in_time = await database.write(lambda tx: tx.credits.expire(NOON + HOUR))
    again = await database.write(lambda tx: tx.credits.expire(NOON + HOUR))

    assert (early, in_time, again) == ((), (reserve_id("1"),), ())
    assert await balance_of(database) == owns(100)
    assert await audit(database) == ()


# ---------------------------------------------------------------- statement


async def test_a_statement_is_read_in_pages(database):
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await database.write(lambda tx: rich(tx, BERT, 100))
    for number in range(3):
        await hold(database, 10, str(number))
    await database.write(lambda tx: refund(tx, a_job("2", price=Microcredits(10))))

    first = await database.read(lambda tx: tx.credits.statement(A, limit=2))
    older = Cursor(seq=first[-1].seq)
    rest = await database.read(lambda tx: tx.credits.statement(A, limit=3, cursor=older))
    newer = Cursor(seq=rest[-1].seq, way="newer")
    back = await database.read(lambda tx: tx.credits.statement(A, limit=2, cursor=newer))

    assert [row.id for row in first] == ["job:2:void", "job:1:reserve"]
    assert [row.id for row in rest] == ["job:0:reserve", f"grant:{ANNA}:100"]
    assert [row.id for row in back] == ["job:1:reserve", "job:0:reserve"]
    assert rest[-1].at == NOON


# ---------------------------------------------------------------- what no code of ours does


async def hold_of_bert(sqlite) -> None:
    job = a_job(owner_id=BERT, price=Microcredits(50))
    await sqlite.write(lambda tx: take_in(tx, job))


@pytest.mark.parametrize("lie", ["UPDATE transfers SET amount = 1", "DELETE FROM transfers"])
async def test_transfers_are_append_only(sqlite, lie):
    await sqlite.write(lambda tx: rich(tx, BERT, 100))

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await tamper(sqlite, lie)


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE accounts SET balance = held - 1 WHERE id = 'member:2'",
        "UPDATE accounts SET held = -1 WHERE id = 'member:2'",
        """
        INSERT INTO transfers (id, kind, debit, credit, amount, at)
        VALUES ('x', 'grant', 'system:grants', 'system:spent', 0, '')
        """,
        """
        INSERT INTO transfers (id, kind, debit, credit, amount, at)
        VALUES ('x', 'grant', 'system:grants', 'member:404', 1, '')
        """,
        """
        INSERT INTO transfers (id, kind, debit, credit, amount, at)
        VALUES ('x', 'grant', 'system:grants', 'system:spent', 0.5, '')
        """,
        """
        INSERT INTO transfers (id, kind, debit, credit, amount, reserve_id, at)
        VALUES ('x', 'void', 'system:spent', 'system:grants', 1, 'job:1:reserve', ''),
            ('y', 'void', 'system:spent', 'system:grants', 1, 'job:1:reserve', '')
        """,
    ],
)
async def test_the_tables_refuse_what_cannot_be(sqlite, lie):
    await sqlite.write(lambda tx: rich(tx, BERT, 100))
    await hold_of_bert(sqlite)

    with pytest.raises(sqlite3.IntegrityError):
        await tamper(sqlite, lie)


@pytest.mark.parametrize(
    ("lies", "sentence"),
    [
        (["UPDATE accounts SET balance = 999 WHERE id = 'member:2'"], "remembers 999"),
        (["UPDATE accounts SET balance = 1 WHERE id = 'system:spent'"], "together hold 1 "),
        (["UPDATE accounts SET held = 49 WHERE id = 'member:2'"], "holds 49"),
        (["UPDATE jobs SET state = 'failed'"], "job 1 is not working"),
        (["DELETE FROM jobs"], "job 1 is not working"),
        (["UPDATE jobs SET price = 51"], "Job 1 is working for 51 without"),
        (["UPDATE jobs SET state = 'done', charged = 50"], "Job 1 says it cost 50"),
        (
            [
                "DROP INDEX one_resolution",
                """
                INSERT INTO transfers (id, kind, debit, credit, amount, reserve_id, at)
                VALUES ('x', 'post', 'member:2', 'system:spent', 20, 'job:1:reserve', ''),
                    ('y', 'post', 'member:2', 'system:spent', 20, 'job:1:reserve', '')
                """,
            ],
            "resolved 2 times with 40",
        ),
        (
            [
                """
                INSERT INTO transfers (id, kind, debit, credit, amount, reserve_id, at)
                VALUES ('x', 'post', 'member:2', 'system:spent', 51, 'job:1:reserve', '')
                """,
            ],
            "of 50 was resolved 1 times with 51",
        ),
        (
            [
                "PRAGMA ignore_check_constraints = ON",
                "UPDATE accounts SET balance = 20 WHERE id = 'member:2'",
            ],
            "has -30 available",
        ),
    ],
)
async def test_the_audit_finds_every_lie(sqlite, lies, sentence):
    await sqlite.write(lambda tx: rich(tx, BERT, 100))
    await hold_of_bert(sqlite)
    assert await audit(sqlite) == ()

    await tamper(sqlite, *lies)

    assert any(sentence in problem for problem in await audit(sqlite))


async def test_a_job_on_an_own_key_needs_no_reservation(database):
    job = in_state(JobState.RUNNING, key_kind=KeyKind.MEMBER, price=Microcredits(5))
    await database.write(lambda tx: tx.jobs.accept(job))

    assert await audit(database) == ()
