"""What admins do with credits, and what stands in the trail of it."""

import pytest

from bot.accounts.credits import CreditAccounts
from bot.accounts.treasury import AMOUNT_MAX, Treasury
from bot.domain.audit_trail import Act, AuditView
from bot.domain.credits import CREDIT, Balance, Cursor, Microcredits, TransferKind, credits_of
from bot.domain.errors import InvalidRequest, NotAllowed
from tests.accounts.account_values import CHIEF, HERE, a_deed, a_new_job, acts
from tests.storage.store_values import ANNA, BERT, NOON, take_in

TEN, FORTY, HUNDRED = credits_of(10), credits_of(40), credits_of(100)


def owns(balance: int, held: int = 0) -> Balance:
    return Balance(balance=Microcredits(balance), held=Microcredits(held))


def treasury_of(database, clock, *, makers=None, daily=0):
    accounts = CreditAccounts(database, daily=credits_of(daily), clock=clock)
    return Treasury(database, accounts=accounts, makers=makers, clock=clock)


@pytest.fixture
def treasury(database, clock):
    return treasury_of(database, clock)


@pytest.fixture
def thrifty(database, clock):
    """A house where Bert alone may make credits."""
    return treasury_of(database, clock, makers=frozenset({BERT}))


async def test_a_grant_reaches_a_member_nobody_has_heard_of(treasury, database):
    assert await treasury.grant(ANNA, TEN, deed=a_deed()) == owns(TEN)

    view = AuditView(guild_id=HERE)
    (entry,) = await database.read(lambda tx: tx.audit_trail.page(view, limit=9))
    assert (entry.act, entry.actor_id, entry.subject_id) == (Act.GRANTED, CHIEF, ANNA)
    assert dict(entry.facts) == {"credits": "10", "from": None}
    assert entry.at == NOON


async def test_a_grant_comes_on_top_of_todays_allowance(database, clock):
    house = treasury_of(database, clock, daily=100)

    assert await house.grant(ANNA, TEN, deed=a_deed()) == owns(credits_of(110))


async def test_a_deed_done_twice_is_done_once(treasury, database):
    for _ in range(2):
        await treasury.grant(ANNA, HUNDRED, deed=a_deed("1"))
        await treasury.fund(HUNDRED, deed=a_deed("2"))
        left = await treasury.revoke(ANNA, TEN, deed=a_deed("3"))

    assert left == owns(HUNDRED - TEN)
    assert (await treasury.pool(HERE, limit=9)).balance == owns(HUNDRED)
    assert await acts(database) == [Act.REVOKED, Act.FUNDED, Act.GRANTED]


async def test_more_than_a_member_can_spend_is_not_taken_back_and_not_noted(treasury, database):
    await treasury.grant(ANNA, HUNDRED, deed=a_deed("1"))
    await database.write(lambda tx: take_in(tx, a_new_job(price=70 * CREDIT)))

    with pytest.raises(InvalidRequest, match="This member can spend 30 credits"):
        await treasury.revoke(ANNA, FORTY, deed=a_deed("2"))

    assert await acts(database) == [Act.GRANTED]
    assert await treasury.revoke(ANNA, credits_of(30), deed=a_deed("2")) == owns(
        70 * CREDIT, 70 * CREDIT
    )


async def test_a_pool_is_filled_and_gives(treasury):
    assert await treasury.fund(HUNDRED, deed=a_deed("1")) == owns(HUNDRED)

    await treasury.grant(ANNA, FORTY, deed=a_deed("2"), from_pool=True)
    with pytest.raises(InvalidRequest, match="This server's pool has 60 credits"):
        await treasury.grant(ANNA, credits_of(61), deed=a_deed("3"), from_pool=True)

    pool = await treasury.pool(HERE, limit=9)
    assert pool.balance == owns(credits_of(60))
    assert [row.kind for row in pool.transfers] == [TransferKind.GRANT, TransferKind.GRANT]


async def test_where_the_operator_names_who_makes_credits_others_give_from_the_pool(
    thrifty, database
):
    with pytest.raises(NotAllowed, match="operator has named"):
        await thrifty.fund(HUNDRED, deed=a_deed("1"))
    with pytest.raises(NotAllowed):
        await thrifty.grant(ANNA, TEN, deed=a_deed("1"), from_pool=False)
    with pytest.raises(InvalidRequest, match="pool has 0 credits"):
        await thrifty.grant(ANNA, TEN, deed=a_deed("1"))
    assert await acts(database) == []

    await thrifty.fund(HUNDRED, deed=a_deed("2", by=BERT))
    await thrifty.grant(ANNA, TEN, deed=a_deed("3"))

    assert (await thrifty.pool(HERE, limit=9)).balance == owns(90 * CREDIT)
    assert [thrifty.may_make(one) for one in (BERT, CHIEF)] == [True, False]


async def test_nobody_takes_away_what_a_member_has_in_other_servers_too(thrifty, database):
    await thrifty.fund(HUNDRED, deed=a_deed("1", by=BERT))
    await thrifty.grant(ANNA, TEN, deed=a_deed("2"))

    with pytest.raises(NotAllowed, match="take some away"):
        await thrifty.revoke(ANNA, TEN, deed=a_deed("3"))

    assert await thrifty.revoke(ANNA, TEN, deed=a_deed("4", by=BERT)) == owns(0)
    assert await acts(database) == [Act.REVOKED, Act.GRANTED, Act.FUNDED]


@pytest.mark.parametrize("amount", [0, -CREDIT, AMOUNT_MAX + 1])
async def test_an_amount_out_of_bounds_is_refused(treasury, database, amount):
    for act in (
        treasury.grant(ANNA, Microcredits(amount), deed=a_deed()),
        treasury.revoke(ANNA, Microcredits(amount), deed=a_deed()),
        treasury.fund(Microcredits(amount), deed=a_deed()),
    ):
        with pytest.raises(InvalidRequest, match="up to 10,000,000 credits"):
            await act

    assert await acts(database) == []


async def test_a_members_statement_is_read_in_pages(treasury):
    for number in range(3):
        await treasury.grant(ANNA, TEN, deed=a_deed(str(number)))

    first = await treasury.member(ANNA, limit=2)
    rest = await treasury.member(ANNA, limit=2, cursor=Cursor(seq=first.transfers[-1].seq))

    assert [row.id for row in (*first.transfers, *rest.transfers)] == [
        "grant:2",
        "grant:1",
        "grant:0",
    ]
    assert first.balance == owns(3 * TEN)


async def test_days_are_told_from_today_backwards(treasury, database, clock):
    async def use(tx):
        await tx.budgets.use(HERE, ANNA, price=TEN, at=NOON)

    await database.write(use)

    assert [day.credits for day in await treasury.days(HERE, days=1)] == [TEN]
    clock.time = NOON.replace(day=23)
    assert [len(await treasury.days(HERE, days=days)) for days in (2, 3)] == [0, 1]
