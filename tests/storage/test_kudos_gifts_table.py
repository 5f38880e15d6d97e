"""Gifts of kudos: whoever claims one sends it, and nobody else does."""

import pytest

from bot.domain.kudos import Gift, GiftId, GiftState
from tests.storage.store_values import ANNA, BERT, HOUR, NOON

ID = GiftId("110")
GIFT = Gift(
    id=ID, owner_id=ANNA, receiver="poor#6", amount=40, state=GiftState.ASKED, created_at=NOON
)


async def added(database, gift=GIFT):
    return await database.write(lambda tx: tx.kudos_gifts.add(gift))


async def claimed(database, *, at=NOON, stale_before=NOON - HOUR):
    return await database.write(
        lambda tx: tx.kudos_gifts.claim(ID, at=at, stale_before=stale_before)
    )


async def settled(database, state):
    return await database.write(lambda tx: tx.kudos_gifts.settle(ID, state, at=NOON))


async def state(database):
    gift = await database.read(lambda tx: tx.kudos_gifts.get(ID, owner_id=ANNA))
    return gift.state


async def test_a_gift_comes_back_as_it_was_and_a_repeat_changes_nothing(database):
    assert [await added(database), await added(database)] == [True, False]

    found = await database.read(lambda tx: tx.kudos_gifts.get(ID, owner_id=ANNA))
    assert found == GIFT


async def test_the_wrong_owner_finds_and_drops_nothing(database):
    await added(database)

    assert await database.read(lambda tx: tx.kudos_gifts.get(ID, owner_id=BERT)) is None
    assert not await database.write(lambda tx: tx.kudos_gifts.drop(ID, owner_id=BERT, at=NOON))
    assert await state(database) is GiftState.ASKED


async def test_of_two_claims_one_wins(database):
    await added(database)

    assert [await claimed(database), await claimed(database)] == [True, False]


async def test_a_claim_that_was_left_is_taken_over(database):
    await added(database)
    await claimed(database)

    assert await claimed(database, at=NOON + HOUR, stale_before=NOON + HOUR / 2)


@pytest.mark.parametrize("end", [GiftState.SENT, GiftState.REFUSED])
async def test_what_is_over_stays_over(database, end):
    await added(database)
    await claimed(database)
    await settled(database, end)

    assert not await claimed(database, at=NOON + HOUR, stale_before=NOON + HOUR)
    assert not await settled(database, GiftState.UNSURE)
    assert await state(database) is end


async def test_what_is_unsure_may_be_claimed_again(database):
    await added(database)
    await claimed(database)
    await settled(database, GiftState.UNSURE)

    assert await claimed(database)


async def test_only_what_was_not_confirmed_can_be_dropped(database):
    await added(database)
    await claimed(database)

    assert not await database.write(lambda tx: tx.kudos_gifts.drop(ID, owner_id=ANNA, at=NOON))
