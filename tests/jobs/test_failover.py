"""When the first takes nothing, the second does: never dearer, never twice, never for ever."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit_trail import Deed
from bot.domain.credits import NOTHING
from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    InvalidRequest,
    KeyBusy,
    KeyEmpty,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    RateLimited,
    ShutOut,
    Transient,
    TurnedAway,
)
from bot.domain.house_rules import Listing, Stance
from bot.domain.jobs import JobState, Remote
from bot.domain.keys import KeyKind, KeyOwner
from bot.providers.base import Accepted
from tests.jobs.two_providers import CHEAPER, PRICE, opened, said
from tests.storage.store_values import ANNA, BERT


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


async def test_what_is_refused_twice_goes_to_the_second_and_costs_its_price(world):
    await world.asks()
    world.one.will_say(said(Transient), said(Transient))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert job.notes == ("Said so. Two takes it instead.",)
    assert (world.one.taken, world.two.taken) == (0, 1)
    assert await world.spent() == job.charged == CHEAPER


@pytest.mark.parametrize("error", [Permanent, KeyRejected])
async def test_what_is_refused_for_good_goes_at_once(world, error):
    await world.asks()
    world.one.will_say(said(error))

    job = await world.runs()

    assert job.provider == "two"
    assert world.one.asked == 1


@pytest.mark.parametrize("error", [RateLimited, ShutOut, Transient])
async def test_nobody_waits_long_where_another_begins_at_once(world, error):
    await world.asks()
    world.one.will_say(said(error, retry_after_s=600))
    before = world.clock.now()

    job = await world.runs()

    assert job.provider == "two"
    assert world.clock.now() - before < timedelta(minutes=1)


@pytest.mark.parametrize("error", [InvalidRequest, ContentRefused])
async def test_what_is_the_members_to_mend_is_not_taken_elsewhere(world, error):
    await world.asks()
    world.one.will_say(said(error))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.FAILED, "one")
    assert world.two.asked == 0
    assert await world.spent() == 0


async def test_who_was_named_is_not_replaced(world):
    await world.asks(is_automatic=False)
    world.one.will_say(said(Permanent))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.FAILED, "one")
    assert world.two.asked == 0


async def test_what_may_have_arrived_stays_even_where_a_later_try_is_refused(world):
    await world.asks()
    world.one.will_say(said(Ambiguous), *[said(Transient)] * 8)

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.FAILED, "one")
    assert world.two.asked == 0
    assert await world.spent() == 0


async def prepares(request, now):
    """Answer as a service that opens a place for a request before it takes the request."""
    place = Remote(id="place", total=request.count, submitted_at=now, is_empty=True)
    return Accepted(remote=place, is_complete=False)


async def test_a_place_with_nothing_in_it_yet_holds_nobody_back(world):
    await world.asks()
    world.one.will_say(prepares, said(Permanent))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert (job.remote.id, world.one.asked) == ("r1", 2)
    assert await world.spent() == CHEAPER


async def partly(request, now):
    remote = Remote(id="part", total=request.count, submitted_at=now)
    return Accepted(remote=remote, is_complete=False)


async def test_a_part_that_was_taken_stays_where_it_is(world):
    await world.asks()
    world.one.will_say(partly, said(Permanent))

    job = await world.runs()

    assert job.provider == "one"
    assert world.two.asked == 0


async def test_whoever_waits_in_the_line_of_a_shut_door_goes_elsewhere(world):
    await world.asks("1")
    await world.asks("2")
    await world.step("2", has_turn=False)
    assert world.turns["one"].place("2")
    world.one.will_say(said(RateLimited, "Slow down.", retry_after_s=600))
    await world.runs("1")

    await world.step("2", has_turn=False)
    job = await world.runs("2")

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert job.notes[0].startswith("Slow down.")
    assert world.one.asked == 1


async def test_whoever_waits_in_vain_goes_even_to_a_second_that_is_down_just_now(world):
    await world.asks()
    await world.step(has_turn=False)
    other = (await world.job()).evolve(provider="two")
    for _ in range(3):
        world.health.failed(other, "Two cannot be reached.")
    until = world.clock.now() + timedelta(hours=2)
    world.turns["one"].paces.shut(until, why="Come back in two hours.")

    await world.step(has_turn=False)
    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert job.notes[0].startswith("Come back in two hours.")


async def test_whoever_waits_in_line_stays_while_the_door_is_shut_for_a_moment(world):
    await world.asks("1")
    await world.asks("2")
    await world.step("2", has_turn=False)
    world.one.will_say(said(RateLimited, retry_after_s=5))
    await world.step("1", has_turn=False)
    await world.step("1")

    await world.step("2", has_turn=False)

    assert (await world.job("2")).provider == "one"


async def test_whoever_waits_in_the_line_of_somebody_who_is_down_goes_elsewhere(world):
    await world.asks("1")
    await world.step("1", has_turn=False)
    for _ in range(3):
        world.health.failed(await world.job("1"), "One cannot be reached.")

    await world.step("1", has_turn=False)

    assert (await world.job("1")).provider == "two"


async def test_where_the_second_is_down_too_the_first_is_asked_on(world):
    await world.asks()
    other = (await world.job()).evolve(provider="two")
    for _ in range(3):
        world.health.failed(other, "Two cannot be reached.")
    world.one.will_say(said(Transient), said(Transient))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "one")
    assert world.two.asked == 0


async def test_where_the_first_is_out_for_good_even_a_second_that_is_down_is_worth_a_try(world):
    await world.asks()
    other = (await world.job()).evolve(provider="two")
    for _ in range(3):
        world.health.failed(other, "Two cannot be reached.")
    world.one.will_say(said(Permanent))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")


async def test_where_both_are_down_for_good_it_ends_with_a_sentence_and_a_refund(world):
    await world.asks()
    world.one.will_say(*[said(Transient, "One is away.")] * 50)
    world.two.will_say(*[said(Transient, "Two is away.")] * 50)

    job = await world.runs()

    assert job.state is JobState.FAILED
    assert job.failure.sentence == "Two is away."
    assert await world.spent() == 0


async def test_a_start_between_the_refusal_and_the_second_try_forgets_only_the_count(world):
    await world.asks()
    world.one.will_say(*[said(Transient)] * 3)
    await world.step()
    await world.step()

    world.start()
    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert await world.spent() == CHEAPER


async def test_a_start_right_after_the_takeover_goes_on_with_the_second(world):
    await world.asks()
    world.one.will_say(said(Permanent))
    while (await world.job()).provider == "one":
        await world.step()

    world.start()
    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert (world.one.asked, world.two.taken) == (1, 1)
    assert await world.spent() == CHEAPER


async def test_a_cancel_while_the_first_refuses_stops_it_before_the_second_is_asked(world):
    await world.asks()

    async def refuses(request, now):
        await world.cancels()
        raise said(Permanent)

    world.one.will_say(refuses)

    job = await world.runs()

    assert job.state is JobState.CANCELLED
    assert world.two.asked == 0
    assert await world.spent() == 0


async def test_a_job_of_a_provider_that_is_not_offered_any_more_goes_to_its_second(world):
    await world.asks()
    await world.step(has_turn=False)

    world.start(offered={"two": world.two})
    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "two")
    assert job.notes[0].startswith("The provider that was chosen is not offered here any more.")


@pytest.mark.parametrize("state", [JobState.ACCEPTED, JobState.SUBMITTING, JobState.RUNNING])
async def test_a_job_whose_providers_are_all_gone_ends_with_a_sentence_and_a_refund(world, state):
    await world.asks()
    job = await world.job()
    facts = {JobState.SUBMITTING: {"attempt": 1}, JobState.RUNNING: {}}
    if state is not JobState.ACCEPTED:
        sending = job.to(JobState.SUBMITTING, at=world.clock.now(), attempt=1)
        await world.database.write(lambda tx: tx.jobs.move(job, sending))
    if state is JobState.RUNNING:
        remote = Remote(id="r", total=1, submitted_at=world.clock.now())
        running = sending.to(JobState.RUNNING, at=world.clock.now(), remote=remote)
        await world.database.write(lambda tx: tx.jobs.move(sending, running))
    assert (await world.job()).state is state, facts

    world.start(offered={"three": world.two})
    job = await world.runs()

    assert job.state is JobState.FAILED
    assert job.failure.sentence == "This provider is not offered here any more."
    assert await world.spent() == 0


async def test_a_submit_that_may_have_arrived_where_nobody_can_look_is_not_taken_elsewhere(world):
    await world.asks()
    job = await world.job()
    sending = job.to(JobState.SUBMITTING, at=world.clock.now(), attempt=1)
    await world.database.write(lambda tx: tx.jobs.move(job, sending))

    world.start(offered={"two": world.two})
    job = await world.runs()

    assert job.state is JobState.FAILED
    assert world.two.asked == 0


async def test_a_second_that_is_not_offered_any_more_is_no_second(world):
    await world.asks()
    world.start(offered={"one": world.one})
    world.one.will_say(said(Permanent, "No."))

    job = await world.runs()

    assert job.state is JobState.FAILED
    assert job.failure.sentence == "No."


async def test_after_the_pause_one_tries_and_the_others_wait_for_it(world):
    for number in "123":
        await world.asks(number, second=None, owner_id=BERT, price=CHEAPER)
    for _ in range(3):
        world.health.failed(await world.job("1"), "One is away.")
    for number in "123":
        await world.step(number, has_turn=False)
        await world.step(number)

    jobs = await asyncio.gather(*(world.runs(number) for number in "123"))

    assert [job.state for job in jobs] == [JobState.DONE] * 3
    assert world.one.taken == 3


async def test_a_trial_that_is_told_to_slow_down_shows_that_somebody_is_there(world):
    await world.asks("1", second=None)
    await world.asks("2", second=None, owner_id=BERT)
    for _ in range(3):
        world.health.failed(await world.job("1"), "One is away.")
    world.one.will_say(said(RateLimited, retry_after_s=1))
    while world.one.asked == 0:
        await world.step("1")

    assert world.health.is_up("one")
    assert (await world.runs("2")).state is JobState.DONE


async def test_the_price_shown_is_never_exceeded(world):
    await world.asks(second_price=PRICE)
    world.one.will_say(said(Permanent))

    await world.runs()

    assert await world.spent() == PRICE


@pytest.mark.parametrize("by_key", [True, False])
async def test_a_limit_on_one_members_key_holds_up_others_only_where_it_is_not_the_keys(
    world, by_key
):
    world.one.limits = replace(world.one.limits, by_key=by_key)
    await world.brings_key("one")
    await world.asks(key_kind=KeyKind.MEMBER, second=None, price=NOTHING)
    world.one.will_say(said(RateLimited, retry_after_s=600))
    while world.one.asked == 0:
        await world.step()

    before = world.clock.now() - timedelta(seconds=601)
    opens_for_all = world.turns["one"].paces.opens_at(None, before)
    assert (opens_for_all == before) is by_key
    assert world.turns["one"].paces.opens_at(KeyOwner.member(ANNA), before) > before


async def test_a_busy_account_of_one_member_holds_up_nobody_else(world):
    await world.brings_key("one")
    await world.asks(key_kind=KeyKind.MEMBER, second=None, price=NOTHING)
    world.one.will_say(said(KeyBusy, retry_after_s=600))
    while world.one.asked == 0:
        await world.step()

    before = world.clock.now() - timedelta(seconds=601)
    assert world.turns["one"].paces.opens_at(None, before) == before
    assert world.turns["one"].paces.opens_at(KeyOwner.member(ANNA), before) > before


async def test_an_erased_key_says_nothing_of_its_provider(world):
    await world.asks(key_kind=KeyKind.MEMBER, second=None, price=NOTHING)

    job = await world.runs()

    assert job.failure.sentence == "Your key was erased before this could be sent."
    assert world.health.is_up("one", KeyOwner.member(ANNA))


@pytest.mark.parametrize(
    ("error", "is_up"),
    [
        (Permanent, True),
        (InvalidRequest, True),
        (KeyEmpty, False),
        (TurnedAway, False),
        (ProtocolBroken, False),
    ],
)
async def test_what_is_wrong_with_a_request_closes_nothing_to_others(world, error, is_up):
    world.one.will_say(*[said(error)] * 3)
    for number in "123":
        await world.asks(number, second=None)
        await world.runs(number)

    assert world.health.is_up("one") is is_up


async def test_a_trial_that_is_refused_for_what_it_asks_opens_the_door(world):
    await world.asks("1", second=None)
    for _ in range(3):
        world.health.failed(await world.job("1"), "One is away.")
    world.one.will_say(said(Permanent))

    await world.runs("1")

    assert world.one.asked == 1
    assert world.health.is_up("one")


async def blocks(world, listing, entry):
    deed = Deed(id="deed", by=BERT, guild_id=44)
    await world.house.put(deed, listing, entry, Stance.BLOCK)


@pytest.mark.parametrize(
    ("listing", "entry"), [(Listing.PROVIDER, "two"), (Listing.MODEL, "two's m*")]
)
async def test_what_a_server_blocked_meanwhile_does_not_take_over(world, listing, entry):
    await world.asks(second_model="two's model")
    world.one.will_say(said(Permanent, "No."))
    await blocks(world, listing, entry)

    job = await world.runs()

    assert (job.state, job.failure.sentence) == (JobState.FAILED, "No.")
    assert world.two.asked == 0
    assert await world.spent() == 0


async def test_what_a_server_blocked_meanwhile_leaves_nobody_without_the_first(world):
    await world.asks()
    world.one.will_say(*[said(Transient)] * 3)
    await blocks(world, Listing.PROVIDER, "two")

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "one")


async def test_where_the_second_does_not_answer_the_first_is_asked_on(world):
    world.two.lists_nothing = True
    await world.catalogue.refresh()
    await world.asks()
    world.one.will_say(said(Transient), said(Transient))

    job = await world.runs()

    assert (job.state, job.provider) == (JobState.DONE, "one")
    assert world.two.asked == 0


async def test_a_job_on_a_key_is_estimated_once_however_often_it_is_refused(world):
    await world.brings_key("one")
    await world.asks(key_kind=KeyKind.MEMBER, second=None, price=NOTHING)
    world.one.will_say(*[said(Transient)] * 3)

    job = await world.runs()

    assert job.state is JobState.DONE
    assert world.one.estimates == 1
