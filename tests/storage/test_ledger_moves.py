"""Credits that move at once: grants, revokes, gifts, a server's pool."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.credits import (
    GRANTS,
    AccountId,
    Balance,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    member_account,
    server_account,
)
from storage.credits import Gifted, Moved
from tests.storage.store_values import ANNA, BERT, HOUR, NOON, a_job, rich, settle, take_in, tamper

A, B, POOL = member_account(ANNA), member_account(BERT), server_account(44)


def a_gift(number=1, **changes) -> Transfer:
    facts = {
        "id": TransferId(f"gift:{number}"),
        "kind": TransferKind.GIFT,
        "debit": A,
        "credit": B,
        "amount": Microcredits(30),
        "at": NOON,
    }
    return Transfer(**{**facts, **changes})


async def give(database, gift, *, most=None, since=NOON):
    return await database.write(lambda tx: tx.credits.gift(gift, per_member_max=most, since=since))


async def owned(database, account: AccountId) -> int:
    balance: Balance = await database.read(lambda tx: tx.credits.balance(account))
    return balance.balance


@pytest.fixture
async def ledger(database):
    """Anna has 100, Bert's account and the pool are open; whatever a test does, the books are exact."""

    async def begin(tx):
        await rich(tx, ANNA, 100)
        await tx.credits.open_member(BERT)
        await tx.credits.open_server(44)

    await database.write(begin)
    yield database
    assert await database.read(lambda tx: tx.credits.audit()) == ()


async def test_a_gift_moves_from_one_member_to_another_once(ledger):
    outcomes = [await give(ledger, a_gift()) for _ in range(2)]

    assert outcomes == [Gifted.GIVEN, Gifted.REPEATED]
    assert (await owned(ledger, A), await owned(ledger, B)) == (70, 30)


async def test_what_is_held_for_a_job_cannot_be_given_away(ledger):
    await ledger.write(lambda tx: take_in(tx, a_job(price=Microcredits(80))))

    assert await give(ledger, a_gift(amount=Microcredits(21))) is Gifted.TOO_POOR
    assert await give(ledger, a_gift(amount=Microcredits(20))) is Gifted.GIVEN


async def test_a_hundred_gifts_at_once_never_overdraw(ledger):
    gifts = [a_gift(number, amount=Microcredits(7)) for number in range(100)]

    outcomes = await asyncio.gather(*(give(ledger, gift) for gift in gifts))

    assert outcomes.count(Gifted.GIVEN) == 14
    assert (await owned(ledger, A), await owned(ledger, B)) == (2, 98)


async def test_a_day_of_gifts_has_a_limit_for_who_gives(ledger):
    most = Microcredits(50)

    outcomes = [await give(ledger, a_gift(number), most=most) for number in (1, 2)]
    rest = await give(ledger, a_gift(3, amount=Microcredits(20)), most=most)

    assert outcomes == [Gifted.GIVEN, Gifted.GAVE_ENOUGH]
    assert rest is Gifted.GIVEN


async def test_a_day_of_gifts_has_the_same_limit_for_who_receives(ledger):
    await ledger.write(lambda tx: rich(tx, BERT, 100))
    to_the_pool = [a_gift(number, debit=giver, credit=POOL) for number, giver in enumerate([A, B])]

    outcomes = [await give(ledger, gift, most=Microcredits(50)) for gift in to_the_pool]

    assert outcomes == [Gifted.GIVEN, Gifted.GOT_ENOUGH]


async def test_yesterdays_gifts_count_no_more_today(ledger):
    await give(ledger, a_gift(1), most=Microcredits(30))
    tomorrow = NOON + timedelta(days=1)

    again = a_gift(2, at=tomorrow)

    assert await give(ledger, again, most=Microcredits(30), since=NOON + HOUR) is Gifted.GIVEN
    found = await ledger.read(lambda tx: tx.credits.gifts(A, since=NOON))
    assert (found.given, found.received) == (60, 0)


async def test_a_revoke_takes_back_what_is_free_and_all_or_nothing(ledger):
    async def revoke(number, amount):
        return await ledger.write(
            lambda tx: tx.credits.revoke(
                TransferId(f"revoke:{number}"), account=A, amount=Microcredits(amount), at=NOON
            )
        )

    outcomes = [await revoke(1, 101), await revoke(2, 60), await revoke(2, 60), await revoke(3, 41)]

    assert outcomes == [Moved.TOO_POOR, Moved.MOVED, Moved.REPEATED, Moved.TOO_POOR]
    assert (await owned(ledger, A), await owned(ledger, GRANTS)) == (40, -40)


async def test_a_pool_is_funded_gives_and_pays_for_jobs(ledger):
    async def fund_and_share(tx):
        return (
            await tx.credits.grant(
                TransferId("fund:1"), account=POOL, amount=Microcredits(100), at=NOON
            ),
            await tx.credits.grant(
                TransferId("share:1"), account=B, amount=Microcredits(40), at=NOON, source=POOL
            ),
            await tx.credits.grant(
                TransferId("share:2"), account=B, amount=Microcredits(61), at=NOON, source=POOL
            ),
        )

    outcomes = await ledger.write(fund_and_share)
    job = a_job(price=Microcredits(50), payer=POOL)
    await ledger.write(lambda tx: take_in(tx, job))
    await ledger.write(lambda tx: settle(tx, job, amount=45))

    assert outcomes == (Moved.MOVED, Moved.MOVED, Moved.TOO_POOR)
    assert (await owned(ledger, POOL), await owned(ledger, A)) == (15, 100)


async def test_credits_never_move_to_an_account_that_nobody_opened(ledger):
    with pytest.raises(AssertionError, match="open accounts"):
        await give(ledger, a_gift(credit=server_account(404)))

    assert await owned(ledger, A) == 100


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        ("allowance", "system:allowance", "server:44"),
        ("allowance", "system:grants", "member:2"),
        ("grant", "member:2", "server:44"),
        ("grant", "system:spent", "member:2"),
        ("gift", "server:44", "member:2"),
        ("gift", "member:2", "system:grants"),
    ],
)
async def test_the_audit_finds_a_movement_that_cannot_be(sqlite, kind, debit, credit):
    async def begin(tx):
        await tx.credits.open_member(BERT)
        await tx.credits.open_server(44)

    await sqlite.write(begin)

    await tamper(
        sqlite,
        f"""
        INSERT INTO transfers (id, kind, debit, credit, amount, at)
        VALUES ('x', '{kind}', '{debit}', '{credit}', 1, '')
        """,  # noqa: S608 - constants of ours
    )

    problems = await sqlite.read(lambda tx: tx.credits.audit())
    assert f"Transfer x is a {kind} from {debit} to {credit}." in problems


async def test_the_audit_finds_a_job_that_another_account_pays_for(sqlite):
    await sqlite.write(lambda tx: rich(tx, BERT, 100))
    job = a_job(owner_id=BERT, price=Microcredits(50))
    await sqlite.write(lambda tx: take_in(tx, job))

    await tamper(sqlite, "UPDATE jobs SET payer = 'server:44'")

    problems = await sqlite.read(lambda tx: tx.credits.audit())
    assert "Transfer job:1:reserve is a reserve from member:2 to system:spent." in problems
