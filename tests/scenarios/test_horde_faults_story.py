"""The Horde refuses, breaks, lies or goes away; the member reads why and pays for nothing."""

import asyncio
import json

import pytest

from tests.media.sample_pictures import coded_pixels
from tests.scenarios.stage import SPEED, done, titled, until, until_sent

SUBMIT, CHECK, STATUS = "/generate/async", "/generate/check/*", "/generate/status/*"
PICTURE = "/images/*"
FAILED = titled("That did not work")
OWN_KEY = "anns-own-key-4711"


@pytest.fixture
def world(world):
    world.environment["EASEL_POLL_INTERVAL_S"] = "0.03"
    world.horde.script.default(queue_s=0.5, seconds_per_picture=0.5)
    return world


async def asks(stage, prompt="a cat", **options):
    return await stage.ann.runs("/imagine", in_=stage.channel, prompt=prompt, **options)


def submits(stage):
    """Count what was sent to be drawn; a dry run only asks for the price, a 429 took nothing."""
    sent = [call for call in stage.horde.calls.of("POST", SUBMIT) if call.status != 429]
    return sum(not (isinstance(call.body, dict) and call.body["dry_run"]) for call in sent)


async def until_open(stage, jobs):
    async def count():
        return len(await stage.service.database.read(lambda tx: tx.jobs.open_ids()))

    async with asyncio.timeout(10):
        while await count() < jobs:
            await asyncio.sleep(0.01)


async def goes_on(stage):
    """Prove that whatever happened, the next job works."""
    card = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    await card.until(done)
    await stage.until_settled(card)


async def gave_all_back(stage, card):
    await stage.until_settled(card)
    job = await stage.job(card)
    assert job.charged == 0
    assert card.shows("credits returned")
    assert card.shows("Try again")
    assert (await stage.balance(stage.ann)).held == 0
    assert await stage.credits(stage.ann) == 1000


# ---------------------------------------------------------------- before anything was accepted


async def test_a_horde_that_is_away_is_waited_for(stage):
    async with stage.horde.refusing():
        card = await asks(stage)
        waiting = await card.until(lambda version: version.shows("try again by myself"))
    await card.until(done)
    await stage.until_settled(card)

    assert waiting.shows("AI Horde cannot be reached.")
    assert not card.shows("try again by myself")
    assert len(stage.horde.truth.jobs) == 1
    assert (await stage.job(card)).charged > 0


async def test_a_horde_that_stays_away_is_given_up(stage):
    async with stage.horde.refusing():
        card = await asks(stage)
        await card.until(FAILED)
        await gave_all_back(stage, card)

    assert card.shows("AI Horde cannot be reached.")
    await goes_on(stage)


async def test_a_horde_that_goes_away_amid_a_job_is_given_up_when_its_time_is_over(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    await card.until(titled("In the queue"))

    async with stage.horde.refusing():
        await card.until(lambda version: version.shows("try again by myself"))
        await stage.time_passes(60 * 60)
        await card.until(titled("Took too long"))
        await gave_all_back(stage, card)

    await goes_on(stage)


async def test_a_limit_is_waited_out_and_nothing_is_sent_twice(stage):
    slow = '{"message": "2 per 1 second"}'
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=429, body=slow, times=2)

    card = await asks(stage)
    await card.until(done)

    assert stage.calls("POST", SUBMIT) == 3
    assert len(stage.horde.truth.jobs) == 1


def says_to_wait(stage, how_long):
    told = json.dumps({"message": f"90 per 1 {how_long}"})
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=429, body=told)


async def test_who_waits_in_line_is_told_why_while_everybody_is_refused(stage):
    says_to_wait(stage, "minute")
    first = await asks(stage)
    await first.until(lambda version: version.shows("asks to slow down"))

    second = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    shown = await second.until(lambda version: version.shows("asks to slow down"))

    assert shown.shows("try again by myself")
    assert stage.calls("POST", SUBMIT) == 1
    await stage.time_passes(61)
    await first.until(done)
    await second.until(done)


async def test_nobody_waits_for_a_door_that_opens_too_late(stage):
    says_to_wait(stage, "hour")
    first = await asks(stage)
    await first.until(FAILED)
    await gave_all_back(stage, first)

    second = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    shown = await second.until(FAILED)
    await stage.until_settled(second)

    assert shown.shows("AI Horde asks to slow down.")
    assert stage.calls("POST", SUBMIT) == 1
    assert (await stage.balance(stage.bob)).held == 0


async def test_a_timeout_of_our_address_shuts_the_door_for_everybody_until_it_is_over(stage):
    stage.horde.time_out(60 * SPEED)  # it tells a minute of our time
    first = await asks(stage)
    paused = await first.until(lambda version: version.shows("try again by myself"))
    refused = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")

    assert paused.shows("has paused this bot for a while")
    assert refused.ephemeral
    assert "AI Horde has paused this bot for a while after a prompt" in refused.text
    assert "Next try <t:" in refused.text
    assert stage.calls("POST", SUBMIT) == 1
    stage.horde.clock.advance(60 * SPEED)
    await stage.time_passes(60)
    await first.until(done)
    second = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    await second.until(done)
    assert len(stage.horde.truth.jobs) == 2


async def test_maintenance_is_waited_out(stage):
    stage.horde.switch(maintenance=True)
    card = await asks(stage)
    waiting = await card.until(lambda version: version.shows("maintenance"))
    stage.horde.switch(maintenance=False)
    await stage.time_passes(60)
    await card.until(done)

    assert waiting.shows("AI Horde is under maintenance. I try again by myself.")
    assert len(stage.horde.truth.jobs) == 1


async def test_a_member_need_not_wait_for_the_end_of_maintenance(stage):
    stage.horde.switch(maintenance=True)
    card = await asks(stage)
    await card.until(lambda version: version.shows("maintenance"))

    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))

    await gave_all_back(stage, card)
    assert stage.horde.truth.jobs == []


# ---------------------------------------------------------------- refused for good


async def test_a_prompt_against_the_rules_is_named_as_such(stage):
    refused = '{"message": "This prompt appears to violate our terms.", "rc": "CorruptPrompt"}'
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=400, body=refused)

    card = await asks(stage)
    await card.until(FAILED)

    assert card.shows("content rules refused this prompt")
    assert stage.calls("POST", SUBMIT) == 1
    await gave_all_back(stage, card)
    await goes_on(stage)


async def test_what_wants_kudos_beforehand_says_how_to_do_without(stage):
    refused = '{"message": "This request requires 62.1 kudos to fulfil.", "rc": "KudosUpfront"}'
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=403, body=refused)

    card = await asks(stage)
    await card.until(FAILED)

    assert card.shows("62.1 kudos")
    assert card.shows("Lower the size, the steps or the count")
    await gave_all_back(stage, card)
    await goes_on(stage)


async def test_markup_in_a_refusal_is_shown_harmless(stage):
    words = "@everyone <@1> **look** [here](https://evil.example) `x` <#2>"
    refused = f'{{"message": "{words}", "rc": "InvalidPromptSize"}}'
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=400, body=refused)

    card = await asks(stage)
    shown = await card.until(FAILED)

    assert shown.pings == ()
    assert shown.allowed_mentions == {"parse": []}
    for markup in ("<@1>", "**look**", "](https://", "<#2>"):
        assert markup not in shown.text
    await gave_all_back(stage, card)


# ---------------------------------------------------------------- may have arrived


@pytest.mark.parametrize("status", [502, 503])
async def test_an_unsure_submit_is_sent_exactly_once_more(stage, status):
    stage.horde.faults.add("POST", SUBMIT, kind="html", status=status, took_effect=True)

    card = await asks(stage)
    await card.until(done)
    await stage.until_settled(card)

    assert len(stage.horde.truth.jobs) == 2
    assert (await stage.job(card)).charged == (await stage.job(card)).price


async def test_a_submit_that_stays_unsure_is_given_up_after_the_second(stage):
    stage.horde.faults.add("POST", SUBMIT, kind="html", status=502, times=None)

    card = await asks(stage)
    await card.until(FAILED)

    assert stage.calls("POST", SUBMIT) == 2
    assert card.shows("could not be found again")
    await gave_all_back(stage, card)
    stage.horde.faults.clear()
    await goes_on(stage)


async def test_with_the_policy_never_an_unsure_submit_fails_at_once(world):
    world.environment["EASEL_AFTER_UNSURE_SUBMIT"] = "never"
    async with world.playing():
        world.horde.faults.add("POST", SUBMIT, kind="cut_after")
        card = await asks(world)
        await card.until(FAILED)

        assert len(world.horde.truth.jobs) == 1
        await gave_all_back(world, card)
        await goes_on(world)
        assert await world.audit() == ()


async def own_key(stage):
    stage.horde.add_key(OWN_KEY, username="ann#12", kudos=5000)
    modal = await stage.ann.runs("/key set", in_=stage.channel, provider="horde")
    kept = await stage.ann.submits(modal, key=OWN_KEY)
    await kept.until(lambda version: version.shows("It works"))


async def test_on_an_own_key_a_submit_whose_answer_was_lost_is_found_again(stage):
    await own_key(stage)
    stage.horde.script.next(queue_s=60)
    stage.horde.faults.add("POST", SUBMIT, kind="cut_after", skip=1)  # the estimate comes first

    card = await asks(stage)
    await until(lambda: submits(stage) == 1)
    stage.horde.clock.advance(30)  # the account's list of active work is as old as it gets
    await card.until(done)

    assert submits(stage) == 1
    assert len(stage.horde.truth.jobs) == 1


async def test_on_an_own_key_a_submit_that_never_arrived_is_sent_once_more(stage):
    await own_key(stage)
    stage.horde.faults.add("POST", SUBMIT, kind="cut_before", skip=1)  # the estimate comes first

    card = await asks(stage)
    await until(lambda: stage.calls("GET", "/find_user") >= 2)
    looked_early = submits(stage)
    await stage.time_passes(35)
    await card.until(done)

    assert looked_early == 1
    assert submits(stage) == 2
    assert len(stage.horde.truth.jobs) == 1


# ---------------------------------------------------------------- while it runs


async def test_bad_answers_about_a_running_job_are_read_over(stage):
    stage.horde.script.next(queue_s=30)
    for fault in (
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "status", "status": 500},
        {"kind": "slow", "delay_s": 0.3},
        {"kind": "status", "status": 200, "body": "no [JSON at all"},
        {"kind": "status", "status": 200, "body": '{"done": "perhaps"}'},
        {"kind": "truncated"},
        {"kind": "cut_after"},
        {"kind": "redirect"},
        {"kind": "status", "status": 429, "body": '{"message": "10 per 1 second"}'},
    ):
        stage.horde.faults.add("GET", CHECK, **fault)

    card = await asks(stage)
    await until(lambda: stage.calls("GET", CHECK) > 10)
    await card.until(done)

    assert len(stage.horde.truth.jobs) == 1


async def test_a_request_that_the_horde_forgot_ends_with_a_refund(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    await card.until(titled("In the queue"))

    await stage.horde.restart(with_memory=False)
    await card.until(titled("Took too long"))

    assert card.shows("no worker took it in time")
    await gave_all_back(stage, card)
    await goes_on(stage)


async def test_a_restart_of_the_horde_with_its_memory_goes_unnoticed(stage):
    stage.horde.script.next(queue_s=30)
    card = await asks(stage)
    await card.until(titled("In the queue"))

    await stage.horde.restart(with_memory=True)
    await card.until(done)

    assert len(stage.horde.truth.jobs) == 1


@pytest.mark.parametrize("outcome", ["faulted", "empty"])
async def test_an_end_without_pictures_is_a_failure_and_free(stage, outcome):
    stage.horde.script.next(outcome=outcome)

    card = await asks(stage)
    await card.until(FAILED)

    assert card.shows("workers failed at this request and gave it up")
    await gave_all_back(stage, card)
    await goes_on(stage)


async def test_what_nobody_can_draw_says_so_and_ends_with_a_refund(stage):
    stage.horde.script.next(outcome="never")

    card = await asks(stage)
    await card.until(lambda version: version.shows("Nobody can do this right now."))
    stage.horde.clock.advance(21 * 60)
    await card.until(titled("Took too long"))

    await gave_all_back(stage, card)
    await goes_on(stage)


async def test_a_first_attempt_that_failed_does_not_end_the_job(stage):
    stage.horde.script.next(outcome="restarted")

    card = await asks(stage, count=2)
    shown = await card.until(done)

    assert len(shown.attachments) == 2


async def test_missing_pictures_are_not_paid_for(stage):
    stage.horde.script.next(outcome="partial")

    card = await asks(stage, count=2)
    shown = await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert shown.shows("1 of 2 arrived")
    assert 0 < job.charged < job.price
    assert await stage.credits(stage.ann) == 1000 - job.charged / 1_000_000


# ---------------------------------------------------------------- the host of the pictures


@pytest.fixture
def pictures(stage):
    """Spoil pictures: only the second host has these paths."""

    def spoil(**fault):
        stage.horde.faults.add("GET", PICTURE, **fault)

    return spoil


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "xml", "status": 403},
        {"kind": "truncated"},
        {"kind": "cut_before"},
        {"kind": "html", "status": 503},
        {"kind": "drip", "delay_s": 0.4},
        {"kind": "wrong_type"},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_a_picture_that_can_still_be_had_is_had(stage, pictures, fault):
    pictures(**fault)

    card = await asks(stage)
    shown = await card.until(done)

    picture = stage.horde.truth.jobs[0].delivered[0]
    original = await stage.horde.picture(picture.picture_id)
    assert coded_pixels(shown.attachments[0].data) == coded_pixels(original)


async def test_a_picture_host_that_is_away_for_a_while_is_waited_for(stage):
    async with stage.horde.refusing_pictures():
        card = await asks(stage)
        await until(lambda: stage.calls("GET", STATUS) >= 2)
    shown = await card.until(done)

    assert len(shown.attachments) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "xml", "status": 404},
        {"kind": "xml", "status": 200},
        {"kind": "redirect"},
        {"kind": "oversize", "size_bytes": 33 * 1024 * 1024},
        {"kind": "status", "status": 200, "body": "RIFFxxxxWEBPno picture"},
        {"kind": "empty"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
async def test_a_picture_that_is_none_costs_nothing_and_the_others_arrive(stage, pictures, fault):
    stage.horde.script.next(held=True)
    pictures(**fault)

    card = await asks(stage, count=2)
    await until_sent(stage, 1)
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    shown = await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert len(shown.attachments) == 1
    assert shown.shows("1 of 2 arrived")
    assert job.charged * 2 == job.price
    await goes_on(stage)


async def test_when_no_picture_can_be_had_all_is_given_back(stage, pictures):
    pictures(kind="xml", status=403, times=None)

    card = await asks(stage)
    await card.until(FAILED)

    await gave_all_back(stage, card)
    stage.horde.faults.clear()
    await goes_on(stage)


# ---------------------------------------------------------------- nonsense


CHECKED = {
    "finished": 0,
    "processing": 1,
    "restarted": 0,
    "waiting": 0,
    "done": False,
    "faulted": False,
    "wait_time": 3,
    "queue_position": 0,
    "kudos": 1.0,
    "is_possible": True,
}


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("wait_time", 10**30),
        ("wait_time", 10**400),
        ("wait_time", "soon"),
        ("wait_time", float("nan")),
        ("queue_position", -5),
        ("queue_position", [7]),
        ("restarted", 1e999),
    ],
)
async def test_a_figure_that_nobody_can_mean_costs_no_job(stage, name, figure):
    body = json.dumps({**CHECKED, name: figure})
    stage.horde.faults.add("GET", CHECK, kind="status", status=200, body=body, times=4)
    card = await asks(stage)

    await card.until(done)
    await stage.until_settled(card)

    assert not any(version.shows("broke") for version in card.versions)
    assert not any(version.shows("cannot be read") for version in card.versions)
    assert all("place -" not in version.text for version in card.versions)
