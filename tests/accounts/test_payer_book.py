"""Who pays where, and what a job's till makes of it."""

import pytest

from bot.accounts.budgets import BudgetBook
from bot.accounts.credits import CreditAccounts
from bot.accounts.payers import PayerBook
from bot.accounts.till import Till
from bot.domain.audit_trail import Act
from bot.domain.credits import NOTHING, Microcredits, member_account, server_account
from bot.domain.errors import InsufficientCredits
from bot.domain.keys import KeyKind
from bot.domain.payers import WHOLE_SERVER, PayRule
from tests.accounts.account_values import (
    HERE,
    a_deed,
    a_new_job,
    acts,
    an_asker,
    provide,
)
from tests.storage.store_values import ANNA

MEMBER, POOL = member_account(ANNA), server_account(HERE)


@pytest.fixture
def payers(database, clock):
    return PayerBook(database, clock=clock)


@pytest.fixture
def till(database, clock, payers):
    return Till(
        accounts=CreditAccounts(database, daily=NOTHING, clock=clock),
        payers=payers,
        budgets=BudgetBook(database, clock=clock),
    )


async def paid(database, till, job):
    """Take a job in and return who pays and what is held of whom."""

    async def take(tx):
        taken = await till.take(tx, job, asker=an_asker(), is_confirmed=True)
        await tx.jobs.accept(taken)
        held = [(await tx.credits.balance(account)).held for account in (MEMBER, POOL)]
        return taken.payer, *held

    return await database.write(take)


async def test_rules_are_remembered_noted_and_outlive_a_restart(payers, database, clock):
    await payers.set(PayRule.SERVER, deed=a_deed("1"))
    await payers.set(PayRule.MEMBER, deed=a_deed("2"), channel_id=22)
    restarted = PayerBook(database, clock=clock)
    await restarted.open()

    for book in (payers, restarted):
        assert book.of(HERE) == {WHOLE_SERVER: PayRule.SERVER, 22: PayRule.MEMBER}
        assert book.expected(an_asker(), KeyKind.SERVICE) == (MEMBER,)
        assert book.expected(an_asker(channel_id=3), KeyKind.SERVICE) == (POOL,)
    assert book.of(None) == book.of(45) == {}
    assert await acts(database) == [Act.PAYER_SET, Act.PAYER_SET]


async def test_a_rule_is_taken_away_and_a_repeat_changes_nothing(payers):
    await payers.set(PayRule.SERVER, deed=a_deed("1"))
    await payers.set(None, deed=a_deed("2"))
    await payers.set(PayRule.SERVER, deed=a_deed("1"))

    assert payers.of(HERE) == {}


@pytest.mark.parametrize(
    ("rule", "pool", "expected"),
    [
        (PayRule.MEMBER, 1000, (MEMBER, 10, 0)),
        (PayRule.SERVER, 1000, (POOL, 0, 10)),
        (PayRule.SERVER_FIRST, 1000, (POOL, 0, 10)),
        (PayRule.SERVER_FIRST, 9, (MEMBER, 10, 0)),
        (PayRule.SERVER_FIRST, 0, (MEMBER, 10, 0)),
    ],
)
async def test_the_rule_says_who_pays_for_a_job(database, till, payers, rule, pool, expected):
    await provide(database, pool=pool)
    await payers.set(rule, deed=a_deed())

    assert await paid(database, till, a_new_job()) == expected


async def test_an_empty_pool_is_told_as_the_servers_and_not_the_members(database, till, payers):
    await provide(database, pool=9)
    await payers.set(PayRule.SERVER, deed=a_deed())

    with pytest.raises(InsufficientCredits) as caught:
        await paid(database, till, a_new_job())

    assert (caught.value.needed, caught.value.available) == (10, 9)
    assert caught.value.renews_at is None


async def test_a_server_without_a_pool_has_nothing(database, till, payers):
    await payers.set(PayRule.SERVER, deed=a_deed())

    with pytest.raises(InsufficientCredits):
        await paid(database, till, a_new_job())


async def test_what_a_server_pays_leaves_the_members_balance_as_it_is(database, till, payers):
    await provide(database)
    await payers.set(PayRule.SERVER, deed=a_deed())

    async def take(tx):
        taken = await till.take(tx, a_new_job(), asker=an_asker(), is_confirmed=True)
        await tx.jobs.accept(taken)
        return taken

    till.remember(await database.write(take))

    assert till.last_known(ANNA) == Microcredits(1000)
