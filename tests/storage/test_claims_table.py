"""Claims: there from the first answer until the job is."""

from tests.storage.store_values import HOUR, NOON, a_claim, a_job


async def test_a_claim_comes_back_as_it_was_and_a_repeat_changes_nothing(database):
    first = await database.write(lambda tx: tx.claims.make(a_claim()))
    second = await database.write(lambda tx: tx.claims.make(a_claim(application_id=99)))

    assert (first, second) == (True, False)
    assert await database.read(lambda tx: tx.claims.all()) == (a_claim(),)


async def test_a_job_takes_the_place_of_its_claim_and_no_late_claim_comes_back(database):
    await database.write(lambda tx: tx.claims.make(a_claim()))
    await database.write(lambda tx: tx.claims.make(a_claim("2", created_at=NOON + HOUR)))
    await database.write(lambda tx: tx.jobs.accept(a_job()))

    late = await database.write(lambda tx: tx.claims.make(a_claim()))

    assert not late
    assert [claim.id for claim in await database.read(lambda tx: tx.claims.all())] == ["2"]


async def test_a_claim_is_dropped_once(database):
    await database.write(lambda tx: tx.claims.make(a_claim()))

    assert await database.write(lambda tx: tx.claims.drop("1"))
    assert not await database.write(lambda tx: tx.claims.drop("1"))
    assert await database.read(lambda tx: tx.claims.all()) == ()
