"""Budgets as a job meets them, and as admins set them."""

from datetime import timedelta

import pytest

from bot.accounts.budgets import (
    BUDGETS_MAX,
    MEMBERS_USE_KEPT,
    BudgetBook,
    forget_old_use,
    give_back_unused,
)
from bot.domain.audit_trail import Act
from bot.domain.budgets import EVERYBODY, Budget, Measure, Period, Whom
from bot.domain.credits import CREDIT, Microcredits
from bot.domain.errors import BudgetExceeded, InvalidRequest
from bot.domain.jobs import JobState
from tests.accounts.account_values import HERE, a_deed, a_new_job, acts, an_asker
from tests.storage.store_values import ANNA, BERT, HOUR, NOON, a_picture


def a_budget(whom=Whom.EACH, *, amount=2, measure=Measure.JOBS, **changes):
    facts = {"guild_id": HERE, "whom": whom, "measure": measure, "amount": amount}
    if measure is not Measure.PAUSE:
        facts["period"] = Period.DAY
    return Budget(**{**facts, **changes})


@pytest.fixture
def book(database, clock):
    return BudgetBook(database, clock=clock)


@pytest.fixture
def take(book, database):
    async def take_one(job, **asker):
        await database.write(lambda tx: book.take(tx, job, asker=an_asker(job.owner_id, **asker)))

    return take_one


async def used(database, owner=ANNA):
    found = await database.read(lambda tx: tx.budgets.used(HERE, owner, since=NOON))
    return found.credits, found.jobs


async def test_a_job_too_many_is_refused_and_not_counted(book, database, take):
    await book.set(a_budget(), deed=a_deed())
    await take(a_new_job("1"))
    await take(a_new_job("2"))

    with pytest.raises(BudgetExceeded) as caught:
        await take(a_new_job("3"))

    assert caught.value.standing.budget == a_budget()
    assert caught.value.retry_at == Period.DAY.end(NOON)
    assert await used(database) == (20, 2)
    await take(a_new_job("3", at=NOON + timedelta(days=1)))


async def test_a_budget_set_late_counts_what_was_used_before(book, take):
    await take(a_new_job("1"))
    await take(a_new_job("2"))
    await book.set(a_budget(), deed=a_deed())

    with pytest.raises(BudgetExceeded):
        await take(a_new_job("3"))


async def test_a_budget_of_all_is_used_up_by_anybody(book, take):
    await book.set(a_budget(Whom.SERVER), deed=a_deed())
    await take(a_new_job("1"))
    await take(a_new_job("2", owner_id=BERT))

    with pytest.raises(BudgetExceeded):
        await take(a_new_job("3"))


async def test_in_direct_messages_no_budget_holds(book, database, take):
    await book.set(a_budget(amount=0), deed=a_deed())

    await take(a_new_job("1"), guild_id=None)

    assert await used(database) == (0, 0)


async def test_a_pause_is_told_with_its_end(book, take):
    pause = a_budget(measure=Measure.PAUSE, amount=30)
    await book.set(pause, deed=a_deed())
    await take(a_new_job("1"))

    with pytest.raises(BudgetExceeded) as caught:
        await take(a_new_job("2", at=NOON + timedelta(seconds=10)))

    assert caught.value.standing.budget == pause
    assert caught.value.retry_at == NOON + timedelta(seconds=30)
    await take(a_new_job("2", at=NOON + timedelta(seconds=30)))


async def test_who_is_refused_for_a_budget_begins_no_pause(book, take):
    await book.set(a_budget(amount=0), deed=a_deed("1"))
    await book.set(a_budget(measure=Measure.PAUSE, amount=30), deed=a_deed("2"))
    with pytest.raises(BudgetExceeded):
        await take(a_new_job("1"))
    await book.remove(a_budget().id, deed=a_deed("3"))

    await take(a_new_job("1"))


# ---------------------------------------------------------------- giving back


@pytest.mark.parametrize(
    ("ended", "unspent", "left"),
    [
        ({"state": JobState.FAILED}, 10, (0, 0)),
        ({"state": JobState.EXPIRED}, 10, (0, 0)),
        ({"state": JobState.CANCELLED}, 10, (0, 1)),
        ({"state": JobState.DELIVERED, "pictures": (a_picture(),)}, 0, (10, 1)),
        ({"state": JobState.DELIVERED, "pictures": (a_picture(),)}, 4, (6, 1)),
        ({"state": JobState.EXPIRED, "pictures": (a_picture(),)}, 4, (6, 1)),
    ],
    ids=["failed", "expired", "cancelled", "delivered", "in part", "expired in part"],
)
async def test_a_job_that_ends_gives_back_what_it_did_not_use(database, take, ended, unspent, left):
    await take(a_new_job())
    job = a_new_job(**ended)

    await database.write(lambda tx: give_back_unused(tx, job, unspent=Microcredits(unspent)))

    assert await used(database) == await used(database, EVERYBODY) == left


async def test_old_use_is_dropped_when_no_budget_reaches_back_to_it(database, take):
    await take(a_new_job())
    then = NOON + MEMBERS_USE_KEPT

    await database.write(lambda tx: forget_old_use(tx, now=then))
    assert await used(database) == (10, 1)

    await database.write(lambda tx: forget_old_use(tx, now=then + HOUR))
    assert await used(database) == (0, 0)
    assert await used(database, EVERYBODY) == (10, 1)


# ---------------------------------------------------------------- as a member and an admin see them


async def test_a_member_sees_how_budgets_stand_the_scarcest_first(book, take):
    plenty, scarce = a_budget(Whom.SERVER, amount=100), a_budget(amount=4)
    for number, budget in enumerate([plenty, scarce, a_budget(Whom.MEMBER, subject_id=BERT)]):
        await book.set(budget, deed=a_deed(str(number)))
    await take(a_new_job())

    found = await book.standings(an_asker())

    assert [(one.budget, one.used) for one in found] == [(scarce, 1), (plenty, 1)]
    assert await book.standings(an_asker(guild_id=None)) == ()


async def test_budgets_are_set_listed_and_removed_with_a_note_of_each(book, database):
    budget = a_budget(Whom.ROLE, measure=Measure.CREDITS, amount=50 * CREDIT, subject_id=7)
    for _ in range(2):
        await book.set(budget, deed=a_deed("1"))
    assert await book.of(HERE) == (budget,)

    gone = [await book.remove(budget.id, deed=a_deed(deed)) for deed in ("2", "3")]

    assert gone == [True, False]
    assert await book.of(HERE) == ()
    assert await acts(database) == [Act.BUDGET_REMOVED, Act.BUDGET_SET]


async def test_a_repeat_that_comes_late_does_not_bring_back_an_old_amount(book):
    await book.set(a_budget(amount=1), deed=a_deed("1"))
    await book.set(a_budget(amount=2), deed=a_deed("2"))

    await book.set(a_budget(amount=1), deed=a_deed("1"))

    assert [budget.amount for budget in await book.of(HERE)] == [2]


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (a_budget(amount=-1), "jobs goes from 0 to 1,000,000"),
        (a_budget(amount=10**7), "jobs goes from 0"),
        (a_budget(measure=Measure.CREDITS, amount=10**15), "credits goes from 0 to 10,000,000"),
        (a_budget(measure=Measure.PAUSE, amount=10**9), "pause goes from 0 to 604,800"),
    ],
)
async def test_an_amount_out_of_bounds_is_refused(book, budget, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        await book.set(budget, deed=a_deed())


async def test_there_is_a_limit_of_budgets_and_a_new_amount_passes_it(book, database):
    async def fill(tx):
        for number in range(1, BUDGETS_MAX + 1):
            await tx.budgets.put(a_budget(Whom.ROLE, subject_id=number))

    await database.write(fill)

    with pytest.raises(InvalidRequest, match="50 budgets already"):
        await book.set(a_budget(), deed=a_deed("1"))
    await book.set(a_budget(Whom.ROLE, subject_id=1, amount=9), deed=a_deed("2"))
