"""Discord limits, breaks, forgets or shuts the door; the card still ends well, and once."""

import asyncio

import pytest

from bot.sandbox.discord.cards import NeverHappened
from bot.sandbox.discord.rules import DiscordRules, Limit
from tests.scenarios.stage import done, titled, until

ORIGINAL = "/webhooks/*/*/messages/@original"
IN_CHANNEL = "/channels/*/messages/*"
TOKEN_LIFE_S = 15 * 60


async def asks(stage, **options):
    return await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat", **options)


async def held(stage, **options):
    """Ask for a picture that is drawn when the story says so."""
    stage.horde.script.next(held=True)
    card = await asks(stage, **options)
    await card.until(titled("In the queue"))
    return card


def finish(stage):
    stage.horde.finish(stage.horde.truth.jobs[-1].remote_id)


def unanswered(stage):
    return sum(request.status == 0 for request in stage.discord.requests)


async def goes_on(stage):
    """Prove that whatever happened, the next job works, in a place where nothing happened."""
    card = await stage.bob.runs("/imagine", in_=stage.guild.channel("quiet"), prompt="a dog")
    await card.until(done)
    await stage.until_settled(card)


async def delivered_once(stage, card):
    """Check one message, one picture on it, one charge."""
    await stage.until_settled(card)
    job = await stage.job(card)
    assert [message.id for message in stage.discord.messages(stage.channel)] == [card.id]
    assert len(card.attachments) == job.request.count
    assert job.charged == job.price > 0
    assert await stage.credits(stage.ann) == 1000 - job.price / 1_000_000


async def closed_and_refunded(stage, card):
    """Check that a job without a place to go is over, for nothing, and was not posted anew."""
    await stage.until_settled(card)
    job = await stage.job(card)
    assert job.state == "failed"
    assert job.failure.kind == "undeliverable"
    assert job.charged == 0
    assert await stage.credits(stage.ann) == 1000
    return job


# ---------------------------------------------------------------- limits


class TestTightTokens:
    @pytest.fixture
    def rules(self):
        return DiscordRules(token_bucket=Limit(count=1, per_s=0.5))

    async def test_the_last_edit_gets_through_a_full_bucket(self, stage):
        stage.horde.script.next(queue_s=5, seconds_per_picture=5)

        card = await asks(stage, count=3)
        await card.until(done)

        await delivered_once(stage, card)
        await goes_on(stage)


class TestTightEverywhere:
    @pytest.fixture
    def rules(self):
        return DiscordRules(global_bucket=Limit(count=3, per_s=0.5))

    async def test_a_global_limit_leaves_nobody_mute(self, stage):
        card = await held(stage)
        stage.discord.clock.advance(TOKEN_LIFE_S + 1)  # later edits are the bot's own, and counted
        crowd = [stage.service.bot.application_info() for _ in range(6)]

        finish(stage)
        await asyncio.gather(card.until(done), *crowd)

        assert any(request.status == 429 for request in stage.discord.requests)
        await delivered_once(stage, card)
        await goes_on(stage)


# ---------------------------------------------------------------- a last edit that fails


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_error_on_the_last_edit_is_tried_again(stage, status):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, status=status)

    finish(stage)
    await card.until(done)

    await delivered_once(stage, card)


@pytest.mark.parametrize("cut", ["before", "after", "body"])
async def test_a_connection_that_drops_on_the_last_edit_changes_nothing(stage, cut):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, cut=cut)

    finish(stage)
    await card.until(done)

    await delivered_once(stage, card)


@pytest.mark.parametrize("status", [502, 503])
async def test_in_the_channel_too_a_server_error_is_tried_again(stage, status):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    stage.discord.faults.add("PATCH", IN_CHANNEL, status=status)

    finish(stage)
    await card.until(done)

    await delivered_once(stage, card)


async def test_while_discord_is_away_the_picture_waits_in_the_store(stage):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, cut="before", times=6)

    finish(stage)
    for failed in range(1, 7):
        await until(lambda failed=failed: unanswered(stage) >= failed)
        await stage.time_passes(10)
    await card.until(done)

    assert stage.calls("GET", "/images/*") == 1
    await delivered_once(stage, card)
    await goes_on(stage)


async def test_while_discord_is_down_for_ten_minutes_jobs_end_and_are_posted_once_it_is_back(stage):
    stage.horde.script.default(held=True)
    people = (stage.ann, stage.bob, stage.mod)
    cards = [await person.runs("/imagine", prompt="a cat") for person in people]
    for card in cards:
        await card.until(titled("In the queue"))
    for way in (ORIGINAL, IN_CHANNEL):
        stage.discord.faults.add("PATCH", way, status=503, times=10_000)
    stage.discord.faults.socket("cut")

    for remote in stage.horde.truth.jobs:
        stage.horde.finish(remote.remote_id)
    await time_goes_on_until(stage, lambda: stage.calls("GET", "/images/*") == len(cards))
    before = len(stage.discord.requests)
    for _ in range(20):
        await stage.time_passes(30)
        await asyncio.sleep(0.05)
    asked = len(stage.discord.requests) - before
    stage.discord.faults.clear()
    for _ in range(3):
        await stage.time_passes(30)
        await asyncio.sleep(0.05)

    for card in cards:
        shown = await card.until(done)
        await stage.until_settled(card)
        job = await stage.job(card)
        assert (job.charged, len(shown.attachments)) == (job.price, 1)
    assert {m.id for m in stage.discord.messages(stage.channel)} == {card.id for card in cards}
    assert asked <= 20 * 5 * len(cards)  # a few tries at a time, not a flood
    assert stage.calls("GET", "/images/*") == len(cards)
    stage.horde.script.default(held=False)
    await goes_on(stage)


async def time_goes_on_until(stage, is_so):
    """Let pauses go by quickly, however many there are."""
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.1)
            await stage.time_passes(20)


async def time_goes_on_until_done(stage, card):
    await time_goes_on_until(stage, lambda: done(card.latest))


PAGE = "<html>You are being rate limited.</html>"
AS_JSON = {"Content-Type": "application/json"}
STRANGE_ANSWERS = {
    "a page, through a proxy": {"status": 429, "says": PAGE},
    "a page that says when": {"status": 429, "says": PAGE, "headers": {"Retry-After": "1"}},
    "a page of a ban": {"status": 429, "says": PAGE, "headers": {"Via": ""}},
    "no word for how long": {"status": 429, "says": '{"message": "x"}', "headers": AS_JSON},
    "nonsense for how long": {"status": 429, "says": '{"retry_after": []}', "headers": AS_JSON},
    "a number in words": {"status": 429, "says": '{"retry_after": "1"}', "headers": AS_JSON},
    "a list": {"status": 429, "says": "[1]", "headers": AS_JSON},
    "half an answer": {"status": 429, "says": '{"retry_af', "headers": AS_JSON},
    "a window of ages": {
        "status": 429,
        "says": '{"retry_after": 0.1}',
        "headers": AS_JSON
        | {f"X-RateLimit-{name}": "-5" for name in ("Bucket", "Limit", "Remaining")}
        | {"X-RateLimit-Reset-After": "1e30", "Retry-After": "1e30"},
    },
    "a page that is no edit": {"status": 200, "says": PAGE},
    "nothing": {"status": 204, "says": ""},
}


@pytest.mark.parametrize("way", [ORIGINAL, IN_CHANNEL], ids=["token", "channel"])
@pytest.mark.parametrize("strange", STRANGE_ANSWERS.values(), ids=STRANGE_ANSWERS)
async def test_answers_that_nobody_can_read_put_the_last_edit_off(stage, strange, way):
    card = await held(stage)
    if way is IN_CHANNEL:
        stage.discord.clock.advance(TOKEN_LIFE_S + 1)
        await stage.time_passes(TOKEN_LIFE_S + 1)
    stage.discord.faults.add("PATCH", way, times=4, **strange)

    finish(stage)
    await stage.discord.until_requested("PATCH", way)
    await time_goes_on_until_done(stage, card)

    await delivered_once(stage, card)


async def test_an_edit_that_has_to_wait_for_long_keeps_no_seat_from_others(stage):
    card = await held(stage)
    says, in_a_while = '{"message": "x", "retry_after": 90, "global": false}', AS_JSON
    stage.discord.faults.add("PATCH", ORIGINAL, status=429, says=says, headers=in_a_while)

    finish(stage)
    await until(lambda: any(request.status == 429 for request in stage.discord.requests))
    await until(lambda: stage.service.editor.figures().in_flight == 0)
    await goes_on(stage)
    assert not done(card.latest)
    await stage.time_passes(90)
    await card.until(done)

    await delivered_once(stage, card)


async def test_a_refund_that_could_not_be_told_is_told_after_a_restart_too(world):
    async with world.playing():
        world.horde.script.next(held=True, outcome="faulted")
        card = await asks(world)
        await card.until(titled("In the queue"))
        for way in (ORIGINAL, IN_CHANNEL):
            world.discord.faults.add("PATCH", way, cut="before", times=10_000)

        finish(world)
        async with asyncio.timeout(10):
            while (await world.job(card)).state != "failed":
                await asyncio.sleep(0.01)
        await until(lambda: unanswered(world) > 1)
        for _ in range(5):
            await world.time_passes(30)
            await asyncio.sleep(0.05)
        assert (await world.job(card)).told_at is None
        assert await world.credits(world.ann) == 1000
    world.discord.faults.clear()

    async with world.playing():
        await card.until(titled("That did not work"))
        await world.until_settled(card)

        assert card.shows("credits returned")
        assert await world.credits(world.ann) == 1000
        assert await world.audit() == ()


async def test_after_a_day_a_card_that_discord_never_takes_is_given_up(stage):
    ends_well, is_stopped = await held(stage), await held(stage)
    await stage.ann.clicks("Cancel", on=is_stopped)
    for way in (ORIGINAL, IN_CHANNEL):
        stage.discord.faults.add("PATCH", way, status=403, times=10_000)  # without a code

    for remote in stage.horde.truth.jobs:
        stage.horde.finish(remote.remote_id)
    await until(lambda: stage.calls("GET", "/images/*"))
    async with asyncio.timeout(10):
        while (await stage.job(ends_well)).state != "collected":
            await asyncio.sleep(0.01)
    await stage.time_passes(23 * 3600)
    await asyncio.sleep(0.2)
    assert (await stage.job(ends_well)).is_open
    await stage.time_passes(2 * 3600)

    job = await closed_and_refunded(stage, ends_well)
    assert len(job.pictures) == 1  # for /jobs
    await stage.until_settled(is_stopped)
    stage.discord.faults.clear()
    await stage.time_passes(3600)
    await goes_on(stage)


async def test_a_block_in_front_of_discord_is_waited_out(stage):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, status=403)  # without a code of Discord's own

    finish(stage)
    await stage.discord.until_requested("PATCH", ORIGINAL, times=2)
    await stage.time_passes(60)
    await card.until(done)

    await delivered_once(stage, card)


# ---------------------------------------------------------------- a card that is gone


async def test_a_deleted_card_closes_its_job_and_is_not_posted_anew(stage):
    card = await held(stage)
    stage.discord.delete_message(card)

    finish(stage)

    job = await closed_and_refunded(stage, card)
    assert "deleted" in job.failure.sentence
    assert stage.discord.messages(stage.channel) == []
    await goes_on(stage)


async def test_a_deleted_channel_closes_its_job(stage):
    card = await held(stage)
    stage.discord.delete_channel(stage.channel)

    finish(stage)

    await closed_and_refunded(stage, card)
    await goes_on(stage)


async def test_a_thread_that_was_closed_is_opened_again_for_the_last_edit_only(stage):
    card = await held(stage, count=2)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    await stage.time_passes(14 * 60 + 1)
    stage.channel.archived = True
    stage.horde.step(stage.horde.truth.jobs[0].remote_id)
    await stage.discord.until_requested("PATCH", IN_CHANNEL)
    await until(lambda: not stage.service.editor.figures().in_flight)
    was_left_closed = stage.channel.archived

    finish(stage)
    shown = await card.until(done)

    assert was_left_closed
    assert shown.via == "channel"
    await delivered_once(stage, card)
    await goes_on(stage)


async def test_a_thread_that_is_locked_closes_the_job_and_keeps_its_pictures(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    stage.channel.archived = stage.channel.locked = True

    finish(stage)

    job = await closed_and_refunded(stage, card)
    assert len(job.pictures) == 1
    assert "no longer write" in job.failure.sentence
    await goes_on(stage)


async def test_a_bot_that_was_thrown_out_keeps_the_pictures_for_their_owner(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    stage.discord.remove_bot(stage.guild)

    finish(stage)

    job = await closed_and_refunded(stage, card)
    assert len(job.pictures) == 1


# ---------------------------------------------------------------- a stop amid a last edit


async def until_last_edit(world, card):
    async with asyncio.timeout(10):
        while (await world.job(card)).state != "collected":
            await asyncio.sleep(0.01)
    await until(lambda: world.service.editor.figures().in_flight)


async def test_a_last_edit_under_way_at_the_stop_lands_and_is_not_repeated(world):
    async with world.playing():
        card = await held(world)
        world.discord.faults.add("PATCH", ORIGINAL, delay_s=0.5)
        finish(world)
        await until_last_edit(world, card)
    landed = [done(version) for version in card.versions].count(True)

    async with world.playing():
        await delivered_once(world, card)
        assert await world.audit() == ()

    assert landed == 1
    assert [done(version) for version in card.versions].count(True) == 1


async def test_a_last_edit_too_slow_for_the_stop_is_left_to_the_next_start(world):
    world.environment["EASEL_DRAIN_S"] = "1"
    async with world.playing():
        card = await held(world)
        world.discord.faults.add("PATCH", ORIGINAL, delay_s=5)
        finish(world)
        await until_last_edit(world, card)
        told_at = asyncio.get_running_loop().time()
    took_s = asyncio.get_running_loop().time() - told_at

    async with world.playing():
        await card.until(done)
        await delivered_once(world, card)
        assert await world.audit() == ()

    assert took_s < 4


# ---------------------------------------------------------------- a token that is dead


async def test_after_a_quarter_of_an_hour_the_bot_edits_the_same_message(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)

    finish(stage)
    shown = await card.until(done)

    assert shown.via == "channel"
    await delivered_once(stage, card)


async def test_by_its_own_clock_it_does_not_even_try_a_token_that_old(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    await stage.time_passes(TOKEN_LIFE_S + 1)
    before = len(stage.discord.requests)

    finish(stage)
    await card.until(done)

    asked = stage.discord.requests[before:]
    assert not [request for request in asked if request.status == 401]
    await delivered_once(stage, card)


@pytest.mark.parametrize(("status", "code"), [(404, 10015), (401, 50027)])
async def test_a_token_that_dies_early_is_asked_only_once(stage, status, code):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, status=status, code=code, times=5)
    before = len(stage.discord.requests)

    finish(stage)
    shown = await card.until(done)

    refused = [r for r in stage.discord.requests[before:] if r.status == status]
    assert len(refused) == 1
    assert shown.via == "channel"
    await delivered_once(stage, card)


async def test_without_the_right_to_see_the_channel_the_job_is_closed(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    stage.discord.revoke(stage.channel, "VIEW_CHANNEL")

    finish(stage)

    job = await closed_and_refunded(stage, card)
    assert "no longer write" in job.failure.sentence
    await goes_on(stage)


async def test_without_the_right_to_attach_files_the_card_says_so(stage):
    card = await held(stage)
    stage.discord.clock.advance(TOKEN_LIFE_S + 1)
    stage.discord.revoke(stage.channel, "ATTACH_FILES")

    finish(stage)
    await card.until(titled("That did not work"))

    await closed_and_refunded(stage, card)
    assert card.shows("I may not post files in the channel of this job.")
    assert card.shows("credits returned")
    await goes_on(stage)


# ---------------------------------------------------------------- files


async def test_files_that_discord_does_not_take_end_with_a_sentence_and_a_refund(stage):
    card = await held(stage)
    stage.discord.faults.add("PATCH", ORIGINAL, status=413, code=40005)

    finish(stage)
    await card.until(titled("That did not work"))

    assert card.shows("too big for this place")
    await closed_and_refunded(stage, card)
    await goes_on(stage)


# ---------------------------------------------------------------- the gateway


@pytest.mark.parametrize("fault", ["cut", "reconnect", "invalidate"])
async def test_after_a_lost_connection_commands_and_clicks_are_heard(stage, fault):
    card = await held(stage)

    stage.discord.faults.socket(fault)
    await stage.discord.until_ready()
    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))

    await goes_on(stage)


async def test_a_job_goes_on_while_the_gateway_is_away(stage):
    card = await held(stage)

    stage.discord.faults.socket("cut")
    finish(stage)
    await card.until(done)

    await delivered_once(stage, card)


# ---------------------------------------------------------------- interactions


async def test_a_command_that_comes_too_late_begins_nothing(stage):
    stage.discord.deliver(delay_s=4)
    running = asyncio.ensure_future(asks(stage))
    await asyncio.sleep(0)
    stage.discord.clock.advance(5)

    with pytest.raises(NeverHappened):
        await running
    await stage.discord.until_requested("POST", "/interactions/*/callback")

    assert await stage.nothing_began()
    await goes_on(stage)


async def test_a_command_that_comes_twice_is_one_job(stage):
    stage.discord.deliver(twice=True)

    card = await asks(stage)
    await card.until(done)

    await delivered_once(stage, card)
    assert len(stage.horde.truth.jobs) == 1


async def test_a_click_that_comes_twice_is_one_job(stage):
    card = await asks(stage)
    await card.until(done)
    stage.discord.deliver(twice=True)

    again = await stage.ann.clicks("Again", on=card)
    await again.until(done)
    await stage.until_settled(again)

    assert len(stage.horde.truth.jobs) == 2
    assert len(stage.discord.messages(stage.channel)) == 2


@pytest.mark.parametrize("cut", ["before", "after", "body"])
async def test_a_first_answer_whose_connection_broke_is_one_card_and_one_job(stage, cut):
    stage.discord.faults.add("POST", "/interactions/*/callback", cut=cut)

    card = await asks(stage)
    await card.until(done)

    await delivered_once(stage, card)
    assert len(stage.horde.truth.jobs) == 1


async def test_a_server_error_on_the_first_answer_is_tried_again_in_time(stage):
    stage.discord.faults.add("POST", "/interactions/*/callback", status=503)

    card = await asks(stage)
    await card.until(done)

    await delivered_once(stage, card)
