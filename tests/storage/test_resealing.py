"""Stored secrets under a new master key: batch by batch, each kind, whatever happens between."""

import pytest

from bot.domain.jobs import JobState
from bot.domain.keys import KeyOwner
from storage.resealing import BATCH, PLACES, Left
from storage.sqlite import open_sqlite
from tests.storage.store_values import (
    ANNA,
    BERT,
    NOON,
    TOKEN,
    a_job,
    in_state,
    sealer_of,
    tamper,
)

SECRET = "hk-0123456789-marked-secret"


async def put_key(database, owner):
    await database.write(
        lambda tx: tx.keys.put(owner, provider="horde", secret=SECRET, label="me", at=NOON)
    )


async def reseal(database):
    """Seal everything anew; return how much was, and how much could not be opened."""
    resealed = unopened = 0
    for place in PLACES:
        after = None
        while True:
            batch = await database.write(
                lambda tx, place=place, after=after: tx.resealing.batch(place, after=after)
            )
            resealed, unopened = resealed + batch.resealed, unopened + batch.unopened
            if batch.last is None:
                break
            after = batch.last
    return resealed, unopened


async def left(database):
    return await database.read(lambda tx: tx.resealing.left())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "easel.db"


async def test_secrets_of_every_kind_are_sealed_under_the_new_master_key_alone(path):
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        await put_key(database, KeyOwner.member(ANNA))
        await put_key(database, KeyOwner.server(44))
        await database.write(lambda tx: tx.jobs.accept(a_job("1")))
        assert await left(database) == Left(sealed_before=0, lost=0)

    async with open_sqlite(path, sealer=sealer_of(b"a", b"b")) as database:
        assert await left(database) == Left(sealed_before=3, lost=0)
        assert await reseal(database) == (3, 0)
        assert await left(database) == Left(sealed_before=0, lost=0)
        assert await reseal(database) == (0, 0)

    async with open_sqlite(path, sealer=sealer_of(b"b")) as database:
        for owner in (KeyOwner.member(ANNA), KeyOwner.server(44)):
            assert (
                await database.read(lambda tx, owner=owner: tx.keys.get(owner, "horde")) == SECRET
            )
        assert (await database.read(lambda tx: tx.jobs.get("1"))).target.token == TOKEN


async def test_many_secrets_take_several_batches_and_none_is_left_out(path):
    many = 2 * BATCH + 1
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        for number in range(many):
            await put_key(database, KeyOwner.member(number + 1))

    async with open_sqlite(path, sealer=sealer_of(b"a", b"b")) as database:
        first = await database.write(lambda tx: tx.resealing.batch(PLACES[0], after=None))
        assert (first.resealed, first.last) == (BATCH, (BATCH, "horde"))
        assert await left(database) == Left(sealed_before=many - BATCH, lost=0)
        assert await reseal(database) == (many - BATCH, 0)


async def test_what_cannot_be_opened_stays_and_keeps_nobody_from_going_on(path):
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        await put_key(database, KeyOwner.member(ANNA))
        await put_key(database, KeyOwner.member(BERT))
        await put_key(database, KeyOwner.server(44))
        await tamper(database, "UPDATE keys SET sealed = x'00' WHERE owner_id = 2")

    async with open_sqlite(path, sealer=sealer_of(b"a", b"b")) as database:
        assert await reseal(database) == (2, 1)
        assert await left(database) == Left(sealed_before=0, lost=1)

    async with open_sqlite(path, sealer=sealer_of(b"b", b"c")) as database:  # that key is lost
        assert await reseal(database) == (2, 1)


async def test_a_job_that_is_over_has_no_secret_to_seal_anew(path):
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        running = in_state(JobState.COLLECTED)
        await database.write(lambda tx: tx.jobs.accept(running))
        delivered = running.to(JobState.DELIVERED, at=NOON)
        await database.write(lambda tx: tx.jobs.move(running, delivered))
        done = delivered.to(JobState.DONE, at=NOON, told_at=NOON)
        await database.write(lambda tx: tx.jobs.move(delivered, done))

    async with open_sqlite(path, sealer=sealer_of(b"a", b"b")) as database:
        assert await left(database) == Left(sealed_before=0, lost=0)


def columns(raw):
    names = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        (name, row[1]): row[2]
        for (name,) in names
        for row in raw.execute(f"PRAGMA table_info({name})")
    }


async def test_every_column_of_sealed_bytes_is_listed(sqlite):
    found = await sqlite._writer._connection.run(columns)

    blobs = {column for column, kind in found.items() if kind == "BLOB"}
    assert blobs == {(place.table, place.sealed) for place in PLACES}, (
        "List the column in storage/resealing.py:PLACES."
    )
