"""Strikes are kept once each, for as long as they count."""

from bot.domain.strikes import OURS, PROVIDERS, Strike
from tests.storage.store_values import ANNA, BERT, HOUR, NOON

OLD = Strike(id="a", owner_id=ANNA, at=NOON - HOUR, weight=OURS)
NEW = Strike(id="b", owner_id=BERT, at=NOON, weight=PROVIDERS)


async def test_strikes_come_back_and_a_repeat_changes_nothing(database):
    added = [await database.write(lambda tx, s=one: tx.strikes.add(s)) for one in (OLD, NEW, NEW)]

    assert added == [True, True, False]
    assert await database.read(lambda tx: tx.strikes.since(NOON - 2 * HOUR)) == (OLD, NEW)
    assert await database.read(lambda tx: tx.strikes.since(NOON - HOUR)) == (NEW,)


async def test_old_strikes_are_deleted(database):
    for one in (OLD, NEW):
        await database.write(lambda tx, s=one: tx.strikes.add(s))

    gone = await database.write(lambda tx: tx.strikes.forget(NOON - HOUR))

    assert gone == 1
    assert await database.read(lambda tx: tx.strikes.since(NOON - 2 * HOUR)) == (NEW,)
