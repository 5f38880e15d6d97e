"""A member changes their mind, tries again, asks for more, or presses what is not theirs."""

import asyncio

import pytest

from bot.domain.credits import CREDIT
from tests.scenarios.stage import done, titled, until_sent

PRICE = 5  # of one picture of the usual size and steps
LATE_S = 1.5  # how late a press reaches the service when its way is long


def running(stage, number=0):
    return stage.horde.truth.jobs[number].remote_id


async def held(stage, **options):
    """Return the card of a job of Ann's that waits at the provider."""
    stage.horde.script.next(held=True)
    jobs = len(stage.horde.truth.jobs)
    card = await stage.ann.runs("/imagine", **{"prompt": "a cat", **options})
    await until_sent(stage, jobs + 1)
    await card.until(titled("In the queue"))
    return card


async def test_what_is_cancelled_in_the_queue_costs_nothing(stage):
    card = await held(stage)

    await stage.ann.clicks("Cancel", on=card)
    shown = await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    assert shown.shows("5 credits returned")
    assert shown.accent == 0x6B7280
    assert stage.horde.truth.jobs[0].cancelled
    assert await stage.credits(stage.ann) == 1000
    assert (await stage.moves(card))[-1] == "cancelled"


async def test_what_was_drawn_before_the_cancel_stays_and_is_paid_for(stage):
    card = await held(stage, count=4)
    for _ in range(3):  # one is taken up, drawn, the next, drawn
        stage.horde.step(running(stage))
    await card.until(lambda version: len(version.attachments) == 2)

    await stage.ann.clicks("Cancel", on=card)
    shown = await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    assert len(shown.attachments) == 2
    assert shown.shows("10 credits charged, 10 returned")
    assert await stage.credits(stage.ann) == 1000 - 2 * PRICE


async def test_a_press_by_somebody_else_stops_nothing(stage):
    card = await held(stage)

    await stage.bob.clicks("Cancel", on=card)
    answer = await stage.bob.sees("Only the person who asked for these pictures can stop them.")

    assert answer.ephemeral
    stage.horde.finish(running(stage))
    await card.until(done)


async def test_a_moderator_may_stop_what_others_asked_for(stage):
    card = await held(stage)

    await stage.mod.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    assert await stage.credits(stage.ann) == 1000


async def test_pressing_twice_is_the_same_as_pressing_once(stage):
    card = await held(stage)

    await asyncio.gather(*(stage.ann.clicks("Cancel", on=card) for _ in range(2)))
    await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    assert await stage.credits(stage.ann) == 1000
    assert (await stage.moves(card)).count("cancelled") == 1


async def test_a_press_that_comes_too_late_changes_nothing(stage):
    card = await held(stage)
    stage.discord.deliver(delay_s=LATE_S)

    pressing = asyncio.create_task(stage.ann.clicks("Cancel", on=card))
    stage.horde.finish(running(stage))
    await card.until(done)
    await stage.until_settled(card)
    await pressing
    answer = await stage.ann.sees("There is nothing left to stop here.")

    assert answer.ephemeral
    assert card.shows("Done")
    assert await stage.credits(stage.ann) == 1000 - PRICE


async def test_a_finished_card_has_no_cancel_any_more(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)

    assert [button.label for button in shown.buttons] == ["Again"]


async def test_try_again_after_a_failure_is_a_new_job_with_the_same_wish(stage):
    stage.horde.script.next(outcome="faulted")
    failed = await stage.ann.runs("/imagine", prompt="a cat", steps=11)
    await failed.until(titled("That did not work"))
    await stage.until_settled(failed)

    card = await stage.ann.clicks("Try again", on=failed)
    await card.until(done)
    await stage.until_settled(card)

    first, second = await stage.job(failed), await stage.job(card)
    assert card.id != failed.id
    assert second.parent_id == first.id
    assert second.request == first.request
    assert failed.shows("That did not work"), "the old card stays as it is"
    assert await stage.credits(stage.ann) == 1000 - second.charged / CREDIT


async def test_try_again_after_a_cancel_works_too(stage):
    card = await held(stage)
    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    again = await stage.ann.clicks("Try again", on=card)

    await again.until(done)


async def test_again_after_a_success_draws_another_picture_of_the_same_wish(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", seed=7, steps=11)
    await card.until(done)
    await stage.until_settled(card)

    again = await stage.ann.clicks("Again", on=card)
    shown = await again.until(done)

    first, second = (job.payload["params"] for job in stage.horde.truth.jobs)
    assert first["seed"] == "7"
    assert second["seed"] != "7"
    assert first | {"seed": ""} == second | {"seed": ""}
    assert shown.attachments[0].data != card.attachments[0].data


async def test_only_the_owner_may_spend_their_credits_again(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    answer = await stage.bob.clicks("Again", on=card)

    assert answer.ephemeral
    assert answer.shows("Only the member who asked for this can try it again.")
    assert len(stage.horde.truth.jobs) == 1


async def test_buttons_go_on_working_after_a_restart(world):
    async with world.playing():
        card = await held(world)

    async with world.playing():
        await world.ann.clicks("Cancel", on=card)
        await card.until(titled("Cancelled"))
        await world.until_settled(card)
        again = await world.ann.clicks("Try again", on=card)
        await again.until(done)


async def test_a_command_that_is_delivered_twice_is_one_job(stage):
    stage.discord.deliver(twice=True)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)

    assert len(stage.horde.truth.jobs) == 1
    assert [message.id for message in stage.discord.messages(stage.channel)] == [card.id]
    assert await stage.credits(stage.ann) == 1000 - PRICE


async def test_a_press_that_is_delivered_twice_is_one_job(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)
    stage.discord.deliver(twice=True)

    again = await stage.ann.clicks("Again", on=card)
    await again.until(done)
    await stage.until_settled(again)

    assert len(stage.horde.truth.jobs) == 2
    assert await stage.credits(stage.ann) == 1000 - 2 * PRICE


class Killed(Exception):
    pass


class Deadly:
    """A store at which the write that takes a job in dies, as in a process killed right there."""

    def __init__(self, database):
        self._database = database
        self.read, self.scrub = database.read, database.scrub
        self.is_deadly = False

    async def write(self, fn):
        async def dying(tx):
            result = await fn(tx)
            if self.is_deadly and await tx.jobs.newest(1):
                raise Killed
            return result

        try:
            return await self._database.write(dying)
        except Killed:
            raise asyncio.CancelledError from None


@pytest.fixture
async def orphan(world):
    """A card whose job was never taken in: the process died right after the first answer."""
    world.wrap_database = Deadly
    async with world.playing():
        world.service.database.is_deadly = True
        yield await world.ann.runs("/imagine", prompt="a cat")


async def test_a_press_on_a_card_that_is_only_just_starting_asks_for_patience(world, orphan):
    answer = await world.ann.clicks("Cancel", on=orphan)

    assert answer.ephemeral
    assert answer.shows("This one is only just starting.")
    assert orphan.shows("On its way")


async def test_a_card_whose_job_was_never_taken_in_can_be_closed(world, orphan):
    world.discord.clock.advance(180)

    await world.ann.clicks("Cancel", on=orphan)
    shown = await orphan.until(titled("Lost"))

    assert shown.shows("a cat")
    assert shown.shows("nothing was charged")
    assert shown.buttons == []
    assert await world.nothing_began()
