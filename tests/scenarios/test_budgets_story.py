"""A server limits what its members use, and says who pays."""

import pytest

from bot.domain.audit_trail import Deed
from bot.domain.budgets import Budget, Measure, Period, Whom
from bot.domain.credits import CREDIT, credits_of
from bot.domain.jobs import UserId
from bot.domain.payers import PayRule
from tests.scenarios.stage import done, titled

PRICE = 5  # of one picture of the usual size and steps


class House:
    """What the chief of the server does, without the commands for it."""

    def __init__(self, stage):
        self._stage = stage
        self._deeds = 0

    def deed(self):
        self._deeds += 1
        return Deed(
            id=f"deed {self._deeds}",
            by=UserId(int(self._stage.chief.id)),
            guild_id=int(self._stage.guild.id),
        )

    async def allows(self, amount, measure=Measure.JOBS, *, whom=Whom.EACH, **changes):
        facts = {"guild_id": int(self._stage.guild.id), "whom": whom, "measure": measure}
        if measure is not Measure.PAUSE:
            facts["period"] = Period.DAY
        budget = Budget(**{**facts, "amount": amount, **changes})
        await self._stage.service.bot.services.money.budgets.set(budget, deed=self.deed())

    async def pays(self, credits_, rule=PayRule.SERVER, **where):
        money = self._stage.service.bot.services.money
        if credits_:
            await money.treasury.fund(credits_of(credits_), deed=self.deed())
        await money.payers.set(rule, deed=self.deed(), **where)

    async def pool(self):
        money = self._stage.service.bot.services.money
        account = await money.treasury.pool(int(self._stage.guild.id), limit=9)
        return account.balance.available / CREDIT


@pytest.fixture
def house(stage):
    return House(stage)


async def drawn(stage, person, **options):
    card = await person.runs("/imagine", prompt="a cat", **options)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def refused(person, **options):
    card = await person.runs("/imagine", prompt="a cat", **options)
    return await card.until(titled("That did not work"))


async def test_who_used_a_days_requests_is_told_which_rule_it_is_and_when_it_lifts(stage, house):
    await house.allows(1)
    await drawn(stage, stage.ann)

    shown = await refused(stage.ann)

    assert shown.shows("This server allows 1 request a day for each member.")
    assert shown.shows("1 request is used and this would take 1 request. It is full again <t:")
    assert shown.shows("nothing was charged")
    assert await stage.credits(stage.ann) == 1000 - PRICE
    await drawn(stage, stage.bob)


async def test_a_budget_of_credits_counts_what_was_charged_in_the_end(stage, house):
    await house.allows(2 * PRICE * CREDIT, Measure.CREDITS, whom=Whom.SERVER)
    stage.horde.script.next(outcome="faulted")
    failed = await stage.ann.runs("/imagine", prompt="a cat")
    await failed.until(titled("That did not work"))
    await stage.until_settled(failed)

    await drawn(stage, stage.ann)
    await drawn(stage, stage.bob)
    shown = await refused(stage.ann)

    assert shown.shows("This server allows 10 credits a day for all members together.")
    assert shown.shows("10 credits are used and this would take 5 credits.")


async def test_more_than_a_budget_ever_allows_is_told_so(stage, house):
    await house.allows(PRICE * CREDIT, Measure.CREDITS)

    shown = await refused(stage.ann, count=2)

    assert shown.shows("This would take 10 credits, which is more than that at any time.")


async def test_a_pause_between_two_requests_outlives_a_restart(world):
    async with world.playing():
        await House(world).allows(60, Measure.PAUSE)
        await drawn(world, world.ann)

    async with world.playing():
        shown = await refused(world.ann)
        await world.time_passes(60)
        await drawn(world, world.ann)

    assert shown.shows("This server allows 1 min between two requests for each member.")
    assert shown.shows("The next one can begin <t:")


async def test_a_server_that_pays_leaves_its_members_credits_alone(stage, house):
    await house.pays(PRICE + 1)
    stage.horde.script.next(queue_s=20)
    card = await stage.ann.runs("/imagine", prompt="a cat")

    queued = await card.until(titled("In the queue"))
    await card.until(done)
    await stage.until_settled(card)
    shown = await refused(stage.bob)

    assert queued.shows("about 5 credits of this server")
    assert shown.shows("This costs 5 credits, which this server pays, and it has 1 left.")
    assert await house.pool() == 1
    assert (await stage.balance(stage.ann)).balance == 1000 * CREDIT


async def test_when_the_pool_is_empty_members_go_on_by_themselves_where_the_server_says_so(
    stage, house
):
    await house.pays(PRICE, PayRule.SERVER_FIRST)

    await drawn(stage, stage.ann)
    await drawn(stage, stage.ann)

    assert await house.pool() == 0
    assert await stage.credits(stage.ann) == 1000 - PRICE


async def test_each_channel_may_have_its_own_payer(stage, house):
    studio = stage.guild.channel("studio")
    await house.pays(100, channel_id=int(studio.id))

    await drawn(stage, stage.ann)
    await drawn(stage, stage.ann, in_=studio)

    assert await house.pool() == 100 - PRICE
    assert await stage.credits(stage.ann) == 1000 - PRICE


async def test_a_failed_job_gives_the_pool_its_credits_back(stage, house):
    await house.pays(PRICE)
    stage.horde.script.next(outcome="faulted")
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("That did not work"))
    await stage.until_settled(card)

    assert await house.pool() == PRICE
    await drawn(stage, stage.ann)
