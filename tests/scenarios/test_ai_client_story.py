"""ai-client.com: a thread for each request, weights below zero, and credits of its own."""

import pytest

from bot.domain.jobs import FailureKind, JobState, ProviderCost
from bot.sandbox.providers.hosts import HOUSE_KEY
from tests.scenarios.stage import SPEED, done, titled, until

OWN_KEY = "anns-own-token-0123"
LATE_S = 400


@pytest.fixture
async def two(world):
    """The stage with ai-client.com beside the AI Horde."""
    async with world.beside("ai_client") as host, world.playing():
        yield world, host.server
        assert await world.audit() == ()


async def asks(stage, prompt="a lighthouse", **options):
    wish = {"prompt": prompt, "provider": "ai_client", **options}
    return await stage.ann.runs("/imagine", in_=stage.channel, **wish)


async def settled(stage, card):
    await stage.until_settled(card)
    return await stage.job(card)


async def test_weights_below_zero_style_and_steps_arrive_and_full_pictures_come_back(two):
    stage, service = two

    card = await asks(
        stage, "a lighthouse::2 fog::-1", negative="boats", style="neon-punk", steps=20, count=2
    )
    shown = await card.until(done)

    (request,) = service.truth.requests
    assert request.wish.prompts == (("a lighthouse", 2), ("fog", -1), ("boats", -1))
    assert (request.wish.style, request.wish.steps, request.wish.images) == ("neon-punk", 20, 2)
    assert [(one.width, one.height) for one in (await stage.job(card)).pictures] == [
        (1024, 1024)
    ] * 2
    assert len(shown.attachments) == 2
    assert not stage.calls("GET", "*.thumbnail.jpg")
    assert not service.calls.of("GET", "*.thumbnail.jpg")


async def test_each_request_has_a_thread_of_its_own(two):
    stage, service = two

    for card in [await asks(stage), await asks(stage)]:
        await card.until(done)

    assert [len(thread.requests) for thread in service.truth.threads] == [1, 1]


async def test_what_it_took_is_kept_and_is_the_houses_affair(two):
    stage, _ = two

    card = await asks(stage, count=2)
    shown = await card.until(done)

    job = await settled(stage, card)
    assert job.provider_cost == ProviderCost(amount=10, unit="credits")
    assert not shown.shows("10 credits")


async def test_on_a_key_of_ones_own_the_card_tells_what_it_took(two):
    stage, service = two
    account = service.add_key(OWN_KEY, credits=12)
    form = await stage.ann.runs("/key set", provider="ai_client")
    answer = await stage.ann.submits(form, key=OWN_KEY)
    await answer.until(lambda version: version.shows("It works."))

    card = await asks(stage, count=2)
    shown = await card.until(done)

    assert shown.shows("10 credits on your own key.")
    assert account.credits == 2
    assert await stage.credits(stage.ann) == 1000


@pytest.mark.parametrize("no_error", [None, "", "None", "null"])
async def test_no_error_is_none_however_it_is_written(two, no_error):
    stage, service = two
    service.script.next(no_error=no_error, has_dates=False, has_strangers=True)

    card = await asks(stage)

    await card.until(done)


async def test_pictures_of_another_size_than_told_are_posted_with_a_note(two):
    stage, service = two
    service.script.next(has_wrong_sizes=True)

    card = await asks(stage)
    shown = await card.until(done)

    assert shown.shows("1 came in another size than the provider says.")


async def test_fewer_pictures_cost_their_share(two):
    stage, service = two
    service.script.next(images_missing=1)

    card = await asks(stage, count=2)
    shown = await card.until(done)

    job = await settled(stage, card)
    assert shown.shows("1 of 2 arrived")
    assert job.charged == job.price // 2 > 0


async def test_a_response_that_is_a_moment_late_is_waited_for(two):
    stage, service = two
    service.script.next(gap_s=0.5 * SPEED)

    card = await asks(stage)

    await card.until(done)


async def test_a_request_that_ends_without_a_word_is_lost_and_costs_nothing(two):
    stage, service = two
    service.script.next(outcome="silent", seconds=0)
    card = await asks(stage)
    await until(lambda: len(service.calls.of("GET", "/threads/*/entries")) >= 5)
    assert (await stage.job(card)).state is JobState.RUNNING

    await stage.time_passes(60)
    shown = await card.until(titled("That did not work"))

    job = await settled(stage, card)
    assert shown.shows("says that this is over, and shows nothing of it")
    assert job.failure.kind is FailureKind.LOST
    assert await stage.credits(stage.ann) == 1000


async def test_a_request_that_waits_for_ever_is_given_up_after_minutes(two):
    stage, service = two
    service.script.next(outcome="never")
    card = await asks(stage)
    await until(lambda: len(service.calls.of("GET", "/threads/*/entries")) >= 3)

    await stage.time_passes(LATE_S)
    await card.until(lambda version: version.shows("It took too long"))

    assert (await settled(stage, card)).state is JobState.EXPIRED
    assert await stage.credits(stage.ann) == 1000


async def test_pictures_that_came_while_nobody_looked_are_there_after_a_long_stop(world):
    async with world.beside("ai_client") as host:
        service = host.server
        service.script.next(held=True)
        async with world.playing():
            card = await asks(world)
            await until(lambda: len(service.calls.of("GET", "/threads/*/entries")) >= 2)
        service.finish(service.truth.threads[0].guid)

        world.clock.travel(24 * 3600)
        async with world.playing():
            await card.until(done)
            await world.until_settled(card)
            assert await world.audit() == ()


async def test_what_content_rules_refuse_is_told_and_held_against_the_member(two):
    stage, service = two
    service.script.next(outcome="error", error_text="This violates our content policy.")

    card = await asks(stage)
    shown = await card.until(titled("That did not work"))

    job = await settled(stage, card)
    assert shown.shows("AI Client's content rules refused this")
    assert job.failure.kind is FailureKind.CONTENT
    assert await stage.credits(stage.ann) == 1000


async def test_a_request_whose_answer_was_lost_is_found_in_its_thread(two):
    stage, service = two
    service.faults.add("POST", "/threads/*/entry", kind="cut_after")

    card = await asks(stage)
    await card.until(done)

    assert len(service.truth.requests) == 1


async def test_a_thread_without_credits_for_its_request_leaves_it_to_the_second(world):
    async with world.beside("ai_client") as host:
        service = host.server
        service.add_key(HOUSE_KEY, credits=0)
        world.environment["EASEL_PROVIDERS"] = "ai_client,horde"
        async with world.playing():
            card = await world.ann.runs("/imagine", prompt="a lighthouse", steps=20)
            shown = await card.until(done)
            await world.until_settled(card)

            assert shown.shows("has no credits left for this key. AI Horde takes it instead.")
            assert len(service.truth.threads) == 1
            assert not service.truth.requests
            assert await world.audit() == ()
