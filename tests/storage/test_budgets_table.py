"""Budgets, what is used of them, pauses, and who pays."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.domain.budgets import EVERYBODY, Budget, DayTotal, Measure, Period, Used, Whom
from bot.domain.credits import Microcredits
from bot.domain.payers import WHOLE_SERVER, PayRule
from tests.storage.store_values import ANNA, BERT, HOUR, MINUTE, NOON

HERE, THERE = 44, 45
BUDGETS = [
    Budget(guild_id=HERE, whom=Whom.EACH, measure=Measure.JOBS, period=Period.DAY, amount=5),
    Budget(guild_id=HERE, whom=Whom.EACH, measure=Measure.PAUSE, amount=30),
    Budget(
        guild_id=HERE,
        whom=Whom.ROLE,
        measure=Measure.CREDITS,
        period=Period.MONTH,
        amount=10**12,
        subject_id=2**62,
        except_role_ids=frozenset({3, 2**61}),
    ),
]


class Refused(Exception):
    pass


async def use(database, *, owner=ANNA, guild=HERE, price=10, at=NOON):
    await database.write(lambda tx: tx.budgets.use(guild, owner, price=Microcredits(price), at=at))


async def used(database, owner=ANNA, *, guild=HERE, since=NOON):
    found: Used = await database.read(lambda tx: tx.budgets.used(guild, owner, since=since))
    return found.credits, found.jobs


# ---------------------------------------------------------------- rules


async def test_budgets_come_back_as_they_were(database):
    async def put(tx):
        for budget in BUDGETS:
            await tx.budgets.put(budget)

    await database.write(put)

    assert set(await database.read(lambda tx: tx.budgets.of(HERE))) == set(BUDGETS)
    assert await database.read(lambda tx: tx.budgets.of(THERE)) == ()
    assert await database.read(lambda tx: tx.budgets.get(HERE, BUDGETS[0].id)) == BUDGETS[0]


async def test_a_budget_about_the_same_takes_the_place_of_the_old(database):
    old = BUDGETS[0]
    new = Budget(
        guild_id=HERE,
        whom=Whom.EACH,
        measure=Measure.JOBS,
        period=Period.DAY,
        amount=7,
        except_role_ids=frozenset({9}),
    )
    await database.write(lambda tx: tx.budgets.put(old))
    await database.write(lambda tx: tx.budgets.put(new))

    assert await database.read(lambda tx: tx.budgets.of(HERE)) == (new,)


async def test_a_budget_is_removed_once(database):
    await database.write(lambda tx: tx.budgets.put(BUDGETS[0]))

    gone = [
        await database.write(lambda tx: tx.budgets.remove(HERE, BUDGETS[0].id)) for _ in range(2)
    ]

    assert gone == [True, False]


# ---------------------------------------------------------------- use


async def test_use_counts_for_the_member_and_for_everybody(database):
    await use(database)
    await use(database, owner=BERT, price=5)
    await use(database, guild=THERE, price=100)

    assert await used(database) == (10, 1)
    assert await used(database, EVERYBODY) == (15, 2)


async def test_use_is_counted_from_the_hour_on_that_is_asked_for(database):
    for hours in range(3):
        await use(database, at=NOON + hours * HOUR + 59 * MINUTE)

    assert await used(database, since=NOON) == (30, 3)
    assert await used(database, since=NOON + HOUR + MINUTE) == (20, 2)
    usage = await database.read(
        lambda tx: tx.budgets.usage(
            HERE, [(ANNA, Period.HOUR), (EVERYBODY, Period.DAY)], at=NOON + 2 * HOUR
        )
    )
    assert [found.jobs for found in usage.values()] == [1, 3]


async def test_what_was_not_used_is_taken_off_where_it_was_counted(database):
    await use(database)
    await use(database, at=NOON + HOUR)

    await database.write(
        lambda tx: tx.budgets.give_back(HERE, ANNA, unspent=Microcredits(4), jobs=1, at=NOON)
    )

    assert await used(database) == (16, 1)
    assert await used(database, EVERYBODY) == (16, 1)
    assert await used(database, since=NOON + HOUR) == (10, 1)


async def test_what_was_never_counted_is_not_taken_off(database):
    await use(database, price=3)

    async def give_back(tx):
        await tx.budgets.give_back(HERE, ANNA, unspent=Microcredits(4), jobs=0, at=NOON)
        await tx.budgets.give_back(HERE, BERT, unspent=Microcredits(1), jobs=1, at=NOON - HOUR)

    await database.write(give_back)

    assert await used(database) == (3, 1)


async def test_a_hundred_at_once_never_pass_what_is_looked_at_after_the_count(database):
    async def take(tx):
        await tx.budgets.use(HERE, ANNA, price=Microcredits(1), at=NOON)
        if (await tx.budgets.used(HERE, ANNA, since=NOON)).jobs > 10:
            raise Refused

    outcomes = await asyncio.gather(
        *(database.write(take) for _ in range(100)), return_exceptions=True
    )

    assert outcomes.count(None) == 10
    assert await used(database) == (10, 10)


# ---------------------------------------------------------------- pauses


async def test_a_pause_begins_with_a_job_and_tells_when_that_was(database):
    async def ask(at, seconds=30):
        return await database.write(
            lambda tx: tx.budgets.pause(
                HERE, ANNA, at=at, not_after=at - timedelta(seconds=seconds)
            )
        )

    answers = [await ask(NOON), await ask(NOON + timedelta(seconds=29.9)), await ask(NOON + MINUTE)]

    assert answers == [None, NOON, None]
    assert await database.read(lambda tx: tx.budgets.last_job(HERE, ANNA)) == NOON + MINUTE
    assert await database.read(lambda tx: tx.budgets.last_job(HERE, BERT)) is None


async def test_of_a_hundred_at_once_one_begins_a_pause(database):
    outcomes = await asyncio.gather(
        *(
            database.write(
                lambda tx: tx.budgets.pause(HERE, ANNA, at=NOON, not_after=NOON - MINUTE)
            )
            for _ in range(100)
        )
    )

    assert outcomes.count(None) == 1


# ---------------------------------------------------------------- looking back


async def test_days_are_added_up_newest_first(database):
    await use(database)
    await use(database, owner=BERT, at=NOON + HOUR)
    await use(database, at=NOON + 24 * HOUR)

    assert await database.read(lambda tx: tx.budgets.days(HERE, since=NOON - 24 * HOUR)) == (
        DayTotal(day=date(2026, 11, 22), credits=Microcredits(10), jobs=1),
        DayTotal(day=date(2026, 11, 21), credits=Microcredits(20), jobs=2),
    )


async def test_old_use_is_forgotten_sooner_for_members_than_for_servers(database):
    await use(database)
    await database.write(lambda tx: tx.budgets.pause(HERE, ANNA, at=NOON, not_after=NOON))

    async def forget(members, servers):
        await database.write(
            lambda tx: tx.budgets.forget(of_members=NOON + members, of_servers=NOON + servers)
        )
        return await used(database), await used(database, EVERYBODY)

    assert await forget(timedelta(), timedelta()) == ((10, 1), (10, 1))
    assert await forget(HOUR, timedelta()) == ((0, 0), (10, 1))
    assert await forget(HOUR, HOUR) == ((0, 0), (0, 0))
    assert await database.read(lambda tx: tx.budgets.last_job(HERE, ANNA)) is None


# ---------------------------------------------------------------- who pays


@pytest.mark.parametrize("rule", PayRule)
async def test_the_last_rule_of_a_channel_counts(database, rule):
    async def put(tx):
        await tx.pay_rules.put(HERE, 7, PayRule.MEMBER)
        await tx.pay_rules.put(HERE, 7, rule)
        await tx.pay_rules.put(HERE, WHOLE_SERVER, PayRule.SERVER)
        await tx.pay_rules.put(THERE, 8, rule)

    await database.write(put)

    assert await database.read(lambda tx: tx.pay_rules.of(HERE)) == {7: rule, 0: PayRule.SERVER}
    assert await database.read(lambda tx: tx.pay_rules.all()) == {
        HERE: {7: rule, 0: PayRule.SERVER},
        THERE: {8: rule},
    }


async def test_a_rule_is_taken_away_once(database):
    await database.write(lambda tx: tx.pay_rules.put(HERE, 7, PayRule.SERVER))

    gone = [await database.write(lambda tx: tx.pay_rules.remove(HERE, 7)) for _ in range(2)]

    assert gone == [True, False]
    assert await database.read(lambda tx: tx.pay_rules.of(HERE)) == {}
