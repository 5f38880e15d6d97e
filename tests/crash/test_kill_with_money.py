"""`kill -9` amid gifts, grants, questions and settlements: the books are exact, nothing moves twice."""

from contextlib import suppress
from datetime import timedelta

import pytest

from bot.domain.audit_trail import AuditView
from bot.domain.budgets import EVERYBODY
from bot.domain.credits import CREDIT, TransferKind, member_account, server_account
from bot.domain.jobs import JobState
from bot.sandbox.discord.cards import NeverHappened
from tests.crash.kills import books, bot_process, closed_job, exact, jobs_in, killed, online
from tests.scenarios.stage import done, titled
from tests.scenarios.test_budgets_story import House

pytestmark = pytest.mark.crash

PRICE = 5  # of one picture of the usual size and steps
WHEN = pytest.mark.parametrize("when", ["inside", "after"])


async def owned(world, account):
    async with books(world) as database:
        balance = await database.read(lambda tx: tx.credits.balance(account))
    assert balance.held == 0
    return balance.balance / CREDIT


async def moved(world, account, kind):
    async with books(world) as database:
        rows = await database.read(lambda tx: tx.credits.statement(account, limit=50))
    return [row.amount / CREDIT for row in rows if row.kind is kind]


def account_of(person):
    return member_account(int(person.id))


def pool_of(world):
    return server_account(int(world.guild.id))


# ---------------------------------------------------------------- gifts


@WHEN
@pytest.mark.parametrize("presses", [1, 2])
async def test_a_gift_that_a_kill_came_between_is_given_once_however_often_it_is_asked_for(
    world, when, presses
):
    async with bot_process(world, crash_at=f"{when}:credits.gift") as first:
        await online(world)
        card = await world.ann.runs("/gift", in_=world.channel, amount=50, member=world.bob)
        with suppress(NeverHappened):  # it may die before it can answer the click
            await world.ann.clicks("Give", on=card)
        await killed(first)
    given_before = await moved(world, account_of(world.ann), TransferKind.GIFT)

    async with bot_process(world):
        await online(world)
        for _ in range(presses):
            if card.buttons:
                await world.ann.clicks("Give", on=card)
                await card.until(lambda version: not version.buttons)

    assert given_before == ([50] if when == "after" else [])
    assert card.shows("You can spend 950 now.")
    assert await moved(world, account_of(world.ann), TransferKind.GIFT) == [50]
    assert await owned(world, account_of(world.ann)) == 950
    assert await owned(world, account_of(world.bob)) == 1050
    assert await exact(world) == ()


# ---------------------------------------------------------------- what admins do

DEEDS = {
    "grant": ("/admin grant", "credits.grant"),
    "revoke": ("/admin revoke", "credits.revoke"),
    "fund": ("/admin pool fund", "credits.grant"),
}


@WHEN
@pytest.mark.parametrize("step", ["audit_trail.add", None], ids=["noted", "moved"])
@pytest.mark.parametrize("deed", DEEDS)
async def test_what_an_admin_did_is_done_and_noted_or_neither(world, when, step, deed):
    command, moves = DEEDS[deed]
    whom = {} if deed == "fund" else {"member": world.bob}
    async with world.playing():
        await world.bob.runs("/credits")
    async with bot_process(world, crash_at=f"{when}:{step or moves}") as first:
        await online(world)
        with suppress(NeverHappened):
            await world.chief.runs(command, in_=world.channel, amount=30, **whom)
        await killed(first)

    async with bot_process(world):  # whatever a start does changes none of it
        await online(world)

    account = pool_of(world) if deed == "fund" else account_of(world.bob)
    async with books(world) as database:
        view = AuditView(guild_id=int(world.guild.id))
        notes = await database.read(lambda tx: tx.audit_trail.page(view, limit=9))
    times = 1 if when == "after" else 0
    assert await moved(world, account, TransferKind.GRANT) == [30] * times
    assert len(notes) == times
    assert await exact(world) == ()


# ---------------------------------------------------------------- settlements


async def used(world):
    guild_id, since = int(world.guild.id), world.clock.now() - timedelta(hours=1)

    async def look(tx):
        mine = await tx.budgets.used(guild_id, int(world.ann.id), since=since)
        everybodys = await tx.budgets.used(guild_id, EVERYBODY, since=since)
        return mine, everybodys, await tx.budgets.days(guild_id, since=since)

    async with books(world) as database:
        mine, all_, found = await database.read(look)
    assert mine == all_
    assert sum(day.jobs for day in found) == all_.jobs
    return mine.credits / CREDIT, mine.jobs


@pytest.fixture
async def paid(world):
    """A server that pays and counts what its members use."""
    async with world.playing():
        house = House(world)
        await house.pays(100)
        await house.allows(50)
    return world


@WHEN
@pytest.mark.parametrize("step", ["budgets.use", "credits.reserve"])
async def test_killed_while_it_is_held_a_job_is_paid_and_counted_once_or_not_at_all(
    paid, when, step
):
    async with bot_process(paid, crash_at=f"{when}:{step}") as first:
        await online(paid)
        card = await paid.ann.runs("/imagine", in_=paid.channel, prompt="a cat")
        await killed(first)

    async with bot_process(paid):
        await online(paid)
        if when == "after":
            await card.until(done)
            assert (await closed_job(paid)).state is JobState.DONE
        else:
            await card.until(lambda version: not version.buttons)
            assert await jobs_in(paid) == []

    jobs = 1 if when == "after" else 0
    assert await used(paid) == (jobs * PRICE, jobs)
    assert await owned(paid, pool_of(paid)) == 100 - jobs * PRICE
    assert await owned(paid, account_of(paid.ann)) == (1000 if jobs else 0)
    assert await exact(paid) == ()


@WHEN
async def test_killed_while_it_is_settled_a_job_is_charged_and_counted_once(paid, when):
    async with bot_process(paid, crash_at=f"{when}:credits.post") as first:
        await online(paid)
        card = await paid.ann.runs("/imagine", in_=paid.channel, prompt="a cat", count=2)
        await killed(first)

    async with bot_process(paid):
        await card.until(done)
        job = await closed_job(paid)

    assert job.charged == job.price == 2 * PRICE * CREDIT
    assert await moved(paid, pool_of(paid), TransferKind.POST) == [2 * PRICE]
    assert await used(paid) == (2 * PRICE, 1)
    assert await owned(paid, pool_of(paid)) == 100 - 2 * PRICE
    assert await exact(paid) == ()


@WHEN
async def test_killed_while_it_is_given_back_a_failure_costs_and_counts_nothing(paid, when):
    paid.horde.script.default(outcome="faulted")
    async with bot_process(paid, crash_at=f"{when}:credits.void") as first:
        await online(paid)
        card = await paid.ann.runs("/imagine", in_=paid.channel, prompt="a cat")
        await killed(first)

    async with bot_process(paid):
        await card.until(titled("That did not work"))
        await closed_job(paid)

    assert await moved(paid, pool_of(paid), TransferKind.VOID) == [PRICE]
    assert await used(paid) == (0, 0)
    assert await owned(paid, pool_of(paid)) == 100
    assert await exact(paid) == ()


# ---------------------------------------------------------------- the question about a price


async def asks_for_much(world):
    return await world.ann.runs("/imagine", in_=world.channel, prompt="a cat", count=2)


@WHEN
async def test_killed_before_the_question_is_shown_nothing_is_held_and_the_card_is_closed(
    world, when
):
    world.environment["EASEL_DAILY_CREDITS"] = "30"
    async with bot_process(world, crash_at=f"{when}:questions.put") as first:
        await online(world)
        card = await asks_for_much(world)
        await killed(first)

    async with bot_process(world):
        await card.until(lambda version: not version.buttons)

    assert card.shows("nothing was charged")
    assert await jobs_in(world) == []
    assert await moved(world, account_of(world.ann), TransferKind.RESERVE) == []
    assert await exact(world) == ()


@WHEN
@pytest.mark.parametrize("step", ["questions.take", "accept"])
async def test_a_yes_that_a_kill_came_between_begins_the_job_once(world, when, step):
    world.environment["EASEL_DAILY_CREDITS"] = "30"
    async with bot_process(world, crash_at=f"{when}:{step}") as first:
        await online(world)
        card = await asks_for_much(world)
        await card.until(titled("Shall I?"))
        with suppress(NeverHappened):
            await world.ann.clicks("Go ahead", on=card)
        await killed(first)

    async with bot_process(world):
        await online(world)
        if when == "inside":
            await world.ann.clicks("Go ahead", on=card)
        await card.until(done)
        job = await closed_job(world)

    assert job.charged == job.price == 2 * PRICE * CREDIT
    assert len(world.horde.truth.jobs) == 1
    assert await owned(world, account_of(world.ann)) == 20
    assert await exact(world) == ()
