"""A member asks what they have, spends it, and runs out."""

import asyncio

from bot.domain.audit_trail import Deed
from bot.domain.credits import CREDIT, TransferKind, credits_of, member_account
from bot.domain.jobs import UserId
from tests.scenarios.stage import done, titled, until_sent

PRICE = 5  # of one picture of the usual size and steps
KEY = "abcdefgh-ijklmnop-1234"


async def movements(stage, person):
    account = member_account(int(person.id))
    rows = await stage.service.database.read(lambda tx: tx.credits.statement(account, limit=20))
    return [row.kind for row in rows]


async def test_on_the_first_day_there_are_a_thousand_credits(stage):
    card = await stage.ann.runs("/credits")

    assert card.ephemeral
    assert card.shows("You can spend **1,000 credits**.")
    assert card.shows("Every day your credits are topped up to 1,000, next <t:")
    assert card.shows("1,000 arrived as your daily allowance")


async def test_asking_again_gives_nothing_again(stage):
    await stage.ann.runs("/credits")
    card = await stage.ann.runs("/credits")

    assert card.shows("You can spend **1,000 credits**.")
    assert await movements(stage, stage.ann) == [TransferKind.ALLOWANCE]


async def test_while_a_job_runs_its_price_is_held(stage):
    stage.horde.script.next(held=True)
    await stage.ann.runs("/imagine", prompt="a cat")
    await until_sent(stage, 1)

    card = await stage.ann.runs("/credits")

    assert card.shows("You can spend **995 credits**.")
    assert card.shows("5 more are held for requests in the works.")
    assert card.shows(">: 5 held for a request in the works")
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)


async def test_after_a_job_the_movements_are_told_in_words(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)

    statement = await stage.ann.runs("/credits")

    assert statement.shows("You can spend **995 credits**.")
    assert "held for requests in the works" not in statement.text.splitlines()[1]
    said = [line.partition(": ")[2] for line in statement.text.splitlines()[3:]]
    assert said == [
        "5 paid for a request",
        "1,000 arrived as your daily allowance",
    ]


async def test_a_failed_job_is_told_as_released(stage):
    stage.horde.script.next(outcome="faulted")
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("That did not work"))
    await stage.until_settled(card)

    statement = await stage.ann.runs("/credits")

    assert statement.shows("You can spend **1,000 credits**.")
    assert statement.shows("5 given back, nothing was charged")


async def test_too_few_credits_are_told_on_the_card_with_what_is_missing(world):
    world.environment["EASEL_DAILY_CREDITS"] = "3"

    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        shown = await card.until(titled("That did not work"))

        assert shown.shows("This costs 5 credits and you have 3.")
        assert shown.shows("Your next allowance arrives <t:")
        assert shown.shows("nothing was charged")
        assert shown.accent == 0xEF4444
        assert shown.buttons == []
        assert await world.nothing_began()


async def test_with_credit_for_one_of_two_commands_at_once_exactly_one_runs(world):
    world.environment["EASEL_DAILY_CREDITS"] = str(PRICE)

    async with world.playing():
        await world.ann.runs("/defaults set", ask_above=100)
        cards = await asyncio.gather(
            *(world.ann.runs("/imagine", prompt=f"cat {number}") for number in range(2))
        )
        ends = await asyncio.gather(
            *(card.until(lambda v: v.shows("Done") or v.shows("did not work")) for card in cards)
        )
        winner = next(card for card in cards if card.shows("Done"))
        await world.until_settled(winner)

        assert sorted(end.shows("### Done") for end in ends) == [False, True]
        assert len(world.horde.truth.jobs) == 1
        assert await world.credits(world.ann) == 0
        assert await world.audit() == ()


async def test_each_member_has_an_account_of_their_own(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)

    bobs = await stage.bob.runs("/credits")

    assert bobs.shows("You can spend **1,000 credits**.")


async def test_a_job_on_the_members_own_key_costs_no_credits(stage):
    await stage.brings_key(stage.ann, KEY)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)

    statement = await stage.ann.runs("/credits")
    assert statement.shows("You can spend **1,000 credits**.")
    assert await movements(stage, stage.ann) == [TransferKind.ALLOWANCE]


async def test_what_a_card_says_one_has_is_what_one_has(stage):
    first = await stage.ann.runs("/imagine", prompt="a cat", count=4)
    await first.until(done)
    await stage.until_settled(first)

    stage.horde.script.next(queue_s=20)
    second = await stage.ann.runs("/imagine", prompt="a cat")
    queued = await second.until(titled("In the queue"))

    assert queued.shows("about 5 credits, you have 980")


async def test_a_long_statement_is_read_page_by_page_also_after_a_restart(world):
    async with world.playing():
        await grants(world, 12)
        card = await world.ann.runs("/credits")
        assert amounts(card) == list(range(12, 2, -1))

    async with world.playing():
        await world.ann.clicks("Older", on=card)
        assert amounts(card) == [2, 1, 1000]
        await world.ann.clicks("Newer", on=card)
        assert amounts(card) == list(range(12, 2, -1))
        assert [button.label for button in card.buttons] == ["Older", "Prices"]


async def test_the_price_list_is_behind_a_button_and_leads_back(world):
    prices = world.data_dir.parent / "prices.toml"
    prices.write_text('[[price]]\nprovider = "horde"\nmodel = "Deliberate"\npicture = 2\n')
    world.environment["EASEL_PRICES"] = str(prices)

    async with world.playing():
        card = await world.ann.runs("/credits")
        await world.ann.clicks("Prices", on=card)
        listed = card.text
        await world.ann.clicks("Back", on=card)
        picture = await world.ann.runs("/imagine", prompt="a cat", model="Deliberate")
        await picture.until(done)
        await world.until_settled(picture)

        assert "**AI Horde: Deliberate**" in listed
        assert "Pictures: 2 credits each and 0.2 for each step of a megapixel" in listed
        assert card.shows("You can spend")
        assert (await world.job(picture)).charged == 4 * CREDIT


async def grants(world, count):
    """Let the chief grant 1, 2, 3 … credits."""
    money = world.service.bot.services.money
    await world.ann.runs("/credits")
    for number in range(1, count + 1):
        deed = Deed(id=str(number), by=UserId(9), guild_id=int(world.guild.id))
        await money.treasury.grant(UserId(int(world.ann.id)), credits_of(number), deed=deed)


def amounts(card):
    """Return the amounts of the movements that a card shows."""
    rows = [line for line in card.text.splitlines() if line.startswith("<t:")]
    return [int(row.partition(">: ")[2].split()[0].replace(",", "")) for row in rows]
