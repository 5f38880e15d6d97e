"""A member is forgotten: nothing names them any more, the ledger is exact, limits come back."""

import re
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.credits import Microcredits, TransferId, member_account, server_account
from bot.domain.jobs import JobState, UserId
from bot.domain.marks import mark_of
from bot.domain.strikes import Strike
from storage.forgetting import NOT_JUST_DELETED, STANDING
from storage.privacy import RELATED, USER_TABLES
from storage.sqlite import open_sqlite
from tests.storage.store_values import (
    ANNA,
    BERT,
    HOUR,
    NOON,
    TOKEN,
    a_blob,
    a_job,
    in_state,
    refund,
    rich,
    sealer_of,
    settle,
    take_in,
    tamper,
)
from tests.storage.test_user_tables import SECRET, a_budget_of, exported, leave_traces, put_key

NOBODY = -4711
DAY = NOON.date()


async def let_jobs_end(database, owner_id) -> None:
    """Refund and tell every job of a member that is still open."""

    async def end(tx):
        for job_id in await tx.forgetting.open_jobs(owner_id):
            job = await tx.jobs.get(job_id)
            if job.price:
                await refund(tx, job)
            else:
                await tx.jobs.move(job, job.to(JobState.FAILED, at=NOON))
            await tx.jobs.mark_told(job_id, epoch=job.epoch, at=NOON)

    await database.write(end)


async def erase(database, owner_id, *, nobody_id=NOBODY) -> bool:
    return await database.write(
        lambda tx: tx.forgetting.erase(owner_id, nobody_id=nobody_id, at=NOON)
    )


async def mark(database) -> int:
    return mark_of(ANNA, key=await database.read(lambda tx: tx.forgetting.marks_key()))


async def allowance(database, owner_id) -> int:
    """Give a member the allowance of the day, as far as it is due; return how much came."""

    async def give(tx):
        await tx.credits.open_member(owner_id)
        return await tx.credits.give_allowance(owner_id, day=DAY, amount=Microcredits(100), at=NOON)

    return await database.write(give)


async def limits(database):
    """Return a budget of Anna's, and what she used of it."""
    budgets = await database.read(lambda tx: tx.budgets.of(44))
    export = await exported(database, ANNA)
    return [(budget.id, budget.subject_id) for budget in budgets], export["used"]


async def audit(database) -> tuple[str, ...]:
    return await database.read(lambda tx: tx.credits.audit())


async def test_nothing_of_a_member_is_left_and_all_of_the_others(database):
    await leave_traces(database, ANNA, "a")
    await leave_traces(database, BERT, "b")
    await let_jobs_end(database, ANNA)
    others = await exported(database, BERT)

    assert await erase(database, ANNA)

    assert not any((await exported(database, ANNA)).values())
    assert await exported(database, BERT) == others
    assert await audit(database) == ()


async def test_the_files_of_the_database_do_not_know_them_either(tmp_path):
    """Not in a free page, not in the log of writes: what is erased is overwritten."""
    path = tmp_path / "easel.db"
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        await leave_traces(database, ANNA, "a")
        await database.write(lambda tx: tx.forgetting.ask(ANNA, at=NOON))
        await let_jobs_end(database, ANNA)
        before = b"".join(file.read_bytes() for file in tmp_path.iterdir())

        assert await erase(database, ANNA)
        assert await database.scrub()

        after = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        number = ANNA.to_bytes(8, "big")
        for trace in (
            b"prompt of a",
            b"fears of a",
            str(ANNA).encode(),
            number,
            a_blob("9").encode(),
        ):
            assert trace in before
            assert trace not in after or trace == a_blob("9").encode()  # doomed, not deleted yet
        assert TOKEN.encode() not in before + after
        assert SECRET.encode() not in before + after


async def test_while_a_job_is_open_nothing_is_erased(database):
    await leave_traces(database, ANNA, "a")
    before = await exported(database, ANNA)

    assert not await erase(database, ANNA)

    assert await exported(database, ANNA) == before


async def test_the_wish_outlives_everything_until_it_is_done(database):
    await database.write(lambda tx: tx.forgetting.ask(BERT, at=NOON + HOUR))
    await database.write(lambda tx: tx.forgetting.ask(ANNA, at=NOON))
    await database.write(lambda tx: tx.forgetting.ask(ANNA, at=NOON + 2 * HOUR))

    assert await database.read(lambda tx: tx.forgetting.asked()) == (ANNA, BERT)
    assert await database.read(lambda tx: tx.forgetting.is_asked(ANNA))
    await erase(database, ANNA)
    assert await database.read(lambda tx: tx.forgetting.asked()) == (BERT,)
    assert not await database.read(lambda tx: tx.forgetting.is_asked(ANNA))


async def test_stored_bytes_are_doomed_and_found_again_until_they_are_gone(database):
    await leave_traces(database, ANNA, "a")
    await let_jobs_end(database, ANNA)

    await erase(database, ANNA)

    doomed = await database.read(lambda tx: tx.forgetting.doomed(limit=9))
    assert set(doomed) >= {a_blob("a"), a_blob("0")}
    await database.write(lambda tx: tx.forgetting.settle_blob(a_blob("a")))
    assert a_blob("a") not in await database.read(lambda tx: tx.forgetting.doomed(limit=9))


async def test_a_job_made_from_theirs_loses_its_parent_and_nothing_else(database):
    child = in_state(JobState.DONE, "2", owner_id=BERT, parent_id="1")
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.DONE, "1")))
    await database.write(lambda tx: tx.jobs.accept(child))

    await erase(database, ANNA)

    assert await database.read(lambda tx: tx.jobs.get("2")) == child.evolve(parent_id=None)


async def test_jobs_that_a_server_paid_for_lose_their_number_in_its_books(database):
    job = a_job("4711", price=Microcredits(10), payer=server_account(44))

    async def live(tx):
        await tx.credits.open_server(44)
        await tx.credits.grant(
            TransferId("grant:44"), account=server_account(44), amount=Microcredits(50), at=NOON
        )
        await take_in(tx, job)
        await settle(tx, job, amount=7)
        delivered = await tx.jobs.get(job.id)
        await tx.jobs.move(delivered, delivered.to(JobState.DONE, at=NOON, told_at=NOON))

    await database.write(live)
    balance = await database.read(lambda tx: tx.credits.balance(server_account(44)))

    assert await erase(database, ANNA)

    rows = await database.read(lambda tx: tx.credits.statement(server_account(44), limit=9))
    assert "4711" not in "".join(f"{row.id} {row.job_id} {row.reserve_id}" for row in rows).replace(
        f"nobody:{-NOBODY}", ""
    )
    assert await database.read(lambda tx: tx.credits.balance(server_account(44))) == balance
    assert await audit(database) == ()


async def test_who_comes_back_gets_no_second_allowance_that_day(database):
    await allowance(database, ANNA)
    await erase(database, ANNA)

    first = await database.write(lambda tx: tx.forgetting.recognise(ANNA))
    second = await database.write(lambda tx: tx.forgetting.recognise(ANNA))

    assert (first, second) == (True, False)
    assert not await database.write(lambda tx: tx.forgetting.recognise(BERT))
    assert await allowance(database, ANNA) == 0
    assert await allowance(database, BERT) == 100


async def test_erased_twice_in_a_day_the_allowance_of_the_day_is_still_known(database):
    await allowance(database, ANNA)
    await erase(database, ANNA)
    await erase(database, ANNA, nobody_id=NOBODY - 1)

    assert await database.write(lambda tx: tx.forgetting.recognise(ANNA))
    assert await allowance(database, ANNA) == 0


async def test_a_mark_leads_nowhere_without_the_secret_of_the_house(tmp_path):
    marks = []
    for name in ("one", "other"):
        async with open_sqlite(tmp_path / f"{name}.db", sealer=sealer_of(b"a")) as database:
            await put_key(database)
            await erase(database, ANNA)
            marks.append(await mark(database))

    assert all(mark < 0 for mark in marks)
    assert marks[0] != marks[1]


async def test_a_mark_is_recognised_under_a_new_master_key_as_well(tmp_path):
    path = tmp_path / "easel.db"
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        await database.write(lambda tx: tx.credits.open_member(ANNA))
        await erase(database, ANNA)
        before = await mark(database)

    async with open_sqlite(path, sealer=sealer_of(b"a", b"b")) as database:
        from bot.accounts.rotation import reseal_all

        await reseal_all(database)
    async with open_sqlite(path, sealer=sealer_of(b"b")) as database:
        assert await mark(database) == before


async def test_old_marks_are_dropped(database):
    await erase(database, ANNA)

    assert await database.write(lambda tx: tx.forgetting.drop_marks(before=NOON)) == 0
    assert await database.write(lambda tx: tx.forgetting.drop_marks(before=NOON + HOUR)) == 1
    assert not await database.write(lambda tx: tx.forgetting.recognise(ANNA))


async def test_a_mark_stays_for_as_long_as_anything_is_kept_under_it(database):
    await database.write(lambda tx: tx.house_rules.ban(44, ANNA, at=NOON))
    await erase(database, ANNA)

    assert await database.write(lambda tx: tx.forgetting.drop_marks(before=NOON + HOUR)) == 0
    assert await database.write(lambda tx: tx.forgetting.recognise(ANNA))


async def test_what_limits_a_member_stays_without_their_name_and_is_theirs_when_they_are_back(
    database,
):
    async def live(tx):
        await tx.house_rules.ban(44, ANNA, at=NOON)
        await tx.house_rules.ban(45, ANNA, at=NOON)
        await tx.strikes.add(Strike(id="1", owner_id=ANNA, at=NOON, weight=1))
        await tx.budgets.put(a_budget_of(ANNA))
        await tx.budgets.use(44, ANNA, price=Microcredits(10), at=NOON)

    await database.write(live)
    before = await limits(database)

    await erase(database, ANNA)
    assert await limits(database) != before

    [ban] = await database.read(lambda tx: tx.house_rules.bans(44, limit=9))
    [strike] = await database.read(lambda tx: tx.strikes.since(NOON - HOUR))
    assert ban.owner_id == strike.owner_id == await mark(database) < 0
    await database.write(lambda tx: tx.house_rules.ban(45, ANNA, at=NOON + HOUR))  # once more
    await database.write(lambda tx: tx.forgetting.recognise(ANNA))
    [strike] = await database.read(lambda tx: tx.strikes.since(NOON - HOUR))
    bans = [
        await database.read(lambda tx, g=guild: tx.house_rules.bans(g, limit=9))
        for guild in (44, 45)
    ]
    assert strike.owner_id == ANNA
    assert await limits(database) == before
    assert [[(ban.owner_id, ban.at) for ban in found] for found in bans] == [
        [(ANNA, NOON)],
        [(ANNA, NOON + HOUR)],
    ]


def keys_of(raw):
    """Return what is unique in each table that stays, without the owner; none if they are no part."""
    found = {}
    for table, rows in STANDING.items():
        key = {row[1] for row in raw.execute(f"PRAGMA table_info({table})") if row[5]}
        named = {rows.owner} if rows.named is None else {"id"}
        found[table] = key - named if named <= key else set()
    return found


async def test_what_stays_under_a_mark_is_known_by_its_key(sqlite):
    found = await sqlite._writer._connection.run(keys_of)

    assert {table: set(rows.same) for table, rows in STANDING.items()} == found


def test_every_table_with_a_way_of_its_own_is_one():
    assert {*USER_TABLES, *RELATED} >= NOT_JUST_DELETED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET amount = 1",
        "UPDATE transfers SET kind = 'gift'",
        "UPDATE transfers SET at = 'yesterday'",
        "UPDATE transfers SET debit = 'member:2'",
        "UPDATE transfers SET credit = 'system:spent'",
        "UPDATE transfers SET id = 'another'",
        "UPDATE transfers SET job_id = '7' WHERE job_id IS NOT NULL",
        "UPDATE transfers SET job_id = 'nobody:1:1' WHERE job_id IS NULL",
        "UPDATE transfers SET expires_at = 'never' WHERE expires_at IS NOT NULL",
        "DELETE FROM transfers",
    ],
)
async def test_of_a_transfer_nothing_else_ever_changes(sqlite, statement):
    await sqlite.write(lambda tx: rich(tx, ANNA, 100))
    await sqlite.write(lambda tx: take_in(tx, a_job("1", price=Microcredits(5))))

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await tamper(sqlite, statement)


PEOPLE = [UserId(number) for number in (710000011, 710000022, 710000033)]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["grant", "hold", "settle", "refund", "erase"]),
        st.sampled_from(PEOPLE),
        st.integers(1, 50),
    ),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=MOVES)
async def test_the_ledger_is_exact_whoever_is_forgotten_and_when(tmp_path_factory, moves):
    path = tmp_path_factory.mktemp("ledger") / "easel.db"
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        for number, (what, who, amount) in enumerate(moves, start=1):
            await _one(database, what, who, amount, number)
            assert await audit(database) == ()
        raw = await database._writer._connection.run(
            lambda c: c.execute("SELECT * FROM transfers").fetchall()
        )
    forgotten = {who for what, who, _ in moves if what == "erase"}
    last = {who: max(i for i, m in enumerate(moves) if m[1] == who) for who in forgotten}
    for who in forgotten:
        if moves[last[who]][0] == "erase":
            assert not re.search(rf"\b{who}\b", str([tuple(row) for row in raw]))


async def _one(database, what, who, amount, number):
    async def do(tx):
        open_ids = await tx.forgetting.open_jobs(who)
        match what:
            case "grant":
                await tx.credits.open_member(who)
                await tx.credits.grant(
                    TransferId(f"grant:{who}:n{number}"),
                    account=member_account(who),
                    amount=Microcredits(amount),
                    at=NOON,
                )
            case "hold":
                await tx.credits.open_member(who)
                balance = await tx.credits.balance(member_account(who))
                if balance.available >= amount:
                    await take_in(
                        tx,
                        a_job(
                            f"{number}000",
                            owner_id=who,
                            price=Microcredits(amount),
                            payer=member_account(who),
                        ),
                    )
            case "settle" | "refund" if open_ids:
                job = await tx.jobs.get(open_ids[0])
                if what == "settle":
                    await settle(tx, job, amount=min(amount, job.price))
                    job = await tx.jobs.get(job.id)
                    await tx.jobs.move(job, job.to(JobState.DONE, at=NOON, told_at=NOON))
                else:
                    await refund(tx, job)
                    await tx.jobs.mark_told(job.id, epoch=job.epoch, at=NOON)
            case "erase":
                for job_id in open_ids:
                    await refund(tx, await tx.jobs.get(job_id))
                    await tx.jobs.mark_told(job_id, epoch=1, at=NOON)
                assert await tx.forgetting.erase(who, nobody_id=-number, at=NOON)

    await database.write(do)
