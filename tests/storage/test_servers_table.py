"""Servers that the bot has left: noted, taken back, and forgotten whole."""

from dataclasses import replace

import pytest

from bot.domain.audit_trail import Act, AuditEntry, AuditView
from bot.domain.credits import Microcredits, TransferId, server_account
from bot.domain.house_rules import Listing, Stance
from bot.domain.jobs import JobState
from bot.domain.keys import KeyOwner
from bot.domain.payers import PayRule
from bot.domain.reports import Report, ReportId
from storage.privacy import SERVER_TABLES
from tests.storage.store_values import (
    ANNA,
    BERT,
    HOUR,
    NOON,
    a_blob,
    a_job,
    a_picture,
    a_target,
    in_state,
    settle,
    take_in,
)
from tests.storage.test_user_tables import a_budget_of

HERE, THERE, NOBODY = 175928847299117044, 45, -4711


async def leave_traces(database, guild_id) -> None:
    """One row at least in every table that can know a server."""
    target = a_target(guild_id=guild_id)
    account = server_account(guild_id)
    paid = a_job(
        f"{guild_id % 1000}1", target=target, price=Microcredits(9), payer=account, owner_id=BERT
    )
    done = in_state(
        JobState.DONE,
        f"{guild_id % 1000}2",
        target=target,
        pictures=(a_picture(blob=a_blob("a")),),
    )

    async def live(tx):
        await tx.credits.open_server(guild_id)
        await tx.credits.grant(
            TransferId(f"grant:{guild_id}"), account=account, amount=Microcredits(50), at=NOON
        )
        await take_in(tx, paid)
        await settle(tx, paid, amount=9)
        delivered = await tx.jobs.get(paid.id)
        await tx.jobs.move(delivered, delivered.to(JobState.DONE, at=NOON, told_at=NOON))
        await tx.jobs.accept(done)
        await tx.keys.put(
            KeyOwner.server(guild_id), provider="horde", secret="s" * 20, label="us", at=NOON
        )
        await tx.audit_trail.add(
            AuditEntry(
                id=f"act {guild_id}",
                guild_id=guild_id,
                actor_id=ANNA,
                act=Act.KEY_SET,
                facts={"provider": "AI Horde"},
                at=NOON,
            )
        )
        await tx.house_rules.ban(guild_id, ANNA, at=NOON)
        await tx.reports.add(
            Report(
                id=ReportId(f"{guild_id % 1000}3"),
                owner_id=ANNA,
                guild_id=guild_id,
                words="this is not a lighthouse",
                created_at=NOON,
            )
        )
        await tx.house_rules.set_report_channel(guild_id, 7)
        await tx.house_rules.put(guild_id, Listing.WORD, "spam", Stance.BLOCK)
        await tx.budgets.put(replace(a_budget_of(ANNA), guild_id=guild_id))
        await tx.budgets.use(guild_id, ANNA, price=Microcredits(9), at=NOON)
        await tx.budgets.pause(guild_id, ANNA, at=NOON, not_after=NOON)
        await tx.pay_rules.put(guild_id, 0, PayRule.SERVER)
        await tx.questions.put(a_job(f"{guild_id % 1000}3", target=target), at=NOON)
        await tx.servers.note_left(guild_id, at=NOON)

    await database.write(live)


async def forget(database, guild_id=HERE) -> bool:
    return await database.write(lambda tx: tx.servers.forget(guild_id, nobody_id=NOBODY, at=NOON))


async def rows_of(sqlite, guild_id):
    """Return how many rows each table has of a server."""

    def count(raw):
        return {
            table: raw.execute(
                f"SELECT COUNT(*) FROM {table} WHERE {column} = ?",  # noqa: S608 - names are ours
                (guild_id,),
            ).fetchone()[0]
            for table, column in SERVER_TABLES.items()
        }

    return await sqlite._writer._connection.run(count)


async def test_a_server_is_forgotten_whole_and_no_other(sqlite):
    await leave_traces(sqlite, HERE)
    await leave_traces(sqlite, THERE)
    others = await rows_of(sqlite, THERE)
    assert all((await rows_of(sqlite, HERE)).values())

    assert await forget(sqlite)

    assert not any((await rows_of(sqlite, HERE)).values())
    assert await rows_of(sqlite, THERE) == others
    assert await sqlite.read(lambda tx: tx.credits.audit()) == ()
    assert await sqlite.read(lambda tx: tx.servers.known()) == {THERE}
    assert await sqlite.read(lambda tx: tx.forgetting.doomed(limit=9)) == (a_blob("a"),)


async def test_nothing_in_the_files_names_it(sqlite, tmp_path):
    await leave_traces(sqlite, HERE)
    before = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    await forget(sqlite)
    assert await sqlite.scrub()

    after = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for trace in (str(HERE).encode(), HERE.to_bytes(8, "big")):
        assert trace in before
        assert trace not in after


async def test_its_acts_stay_without_anybody(database):
    await leave_traces(database, HERE)

    await forget(database)

    [act] = await database.read(lambda tx: tx.audit_trail.page(AuditView(guild_id=NOBODY), limit=9))
    assert (act.act, act.actor_id, act.facts) == (Act.KEY_SET, None, {})


async def test_while_a_job_there_is_open_nothing_is_forgotten(database):
    await leave_traces(database, HERE)
    open_job = in_state(JobState.RUNNING, "7", target=a_target(guild_id=HERE))
    await database.write(lambda tx: tx.jobs.accept(open_job))

    assert not await forget(database)

    assert await database.read(lambda tx: tx.servers.known()) == {HERE}


async def test_a_server_is_left_at_the_first_moment_that_was_noted(database):
    first = await database.write(lambda tx: tx.servers.note_left(HERE, at=NOON))
    again = await database.write(lambda tx: tx.servers.note_left(HERE, at=NOON + HOUR))
    await database.write(lambda tx: tx.servers.note_left(THERE, at=NOON + HOUR))

    assert (first, again) == (True, False)
    assert await database.read(lambda tx: tx.servers.left_before(NOON)) == (HERE,)
    assert await database.read(lambda tx: tx.servers.left_before(NOON + HOUR)) == (HERE, THERE)


@pytest.mark.parametrize("was_left", [True, False])
async def test_a_server_that_is_back_has_not_been_left(database, was_left):
    if was_left:
        await database.write(lambda tx: tx.servers.note_left(HERE, at=NOON))

    assert await database.write(lambda tx: tx.servers.note_back(HERE)) is was_left
    assert await database.read(lambda tx: tx.servers.left_before(NOON)) == ()


async def test_the_pool_of_a_server_goes_on_without_its_name(database):
    async def balance():
        return await database.read(lambda tx: tx.credits.statement(server_account(HERE), limit=9))

    await leave_traces(database, HERE)
    assert len(await balance()) == 2

    await forget(database)

    assert await balance() == ()
    moved = await database.read(lambda tx: tx.credits.statement(server_account(NOBODY), limit=9))
    assert sorted(row.amount for row in moved) == [9, 50]
    assert str(HERE) not in str(moved)
