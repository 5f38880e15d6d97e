"""The Horde calls back when a picture is there: it is shown at once, and believed only when asked."""

import asyncio
import base64
import io
import json
import logging

import aiohttp
import pytest
from PIL import Image

from bot.domain.jobs import JobId
from bot.sandbox.providers.horde import HordeRules
from tests.scenarios.stage import SPEED, done, titled, until, until_sent

SUBMIT, CHECK, STATUS = "/generate/async", "/generate/check/*", "/generate/status/*"
PICTURE = "/images/*"
SOON_S = "0.3"


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture
async def world(world):
    world.may_be_called()
    return world


@pytest.fixture
async def hurried(world):
    """A stage that polls soon after a callback should have come."""
    world.environment["EASEL_CALLBACK_POLL_S"] = SOON_S
    async with world.playing():
        yield world
        assert await world.audit() == ()


@pytest.fixture(autouse=True)
def no_alarm(caplog):
    """Nothing that a provider sends may look like a fault of ours in the log."""
    yield
    assert [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR] == []


async def asks(stage, prompt="a cat", **options):
    return await stage.ann.runs("/imagine", in_=stage.channel, prompt=prompt, **options)


async def sent(stage, number=1):
    """Return what the Horde has taken in, once it has, and the bot knows it."""
    await until_sent(stage, number)
    return stage.horde.truth.jobs[number - 1]


async def drawn(stage, remote):
    """Have one more picture drawn, and announced."""
    before = len(remote.delivered)
    while len(remote.delivered) == before:
        stage.horde.step(remote.remote_id)


def pixels(data):
    """Return what can be seen: how a picture was made is written beside that before it is posted."""
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


async def true_pictures(stage, remote):
    return {pixels(await stage.horde.picture(picture.picture_id)) for picture in remote.delivered}


def shown_pictures(version):
    return {pixels(attachment.data) for attachment in version.attachments}


async def post(url, body=b"{}", **how):
    async with aiohttp.ClientSession() as http, http.post(url, data=body, **how) as answer:
        return answer.status, await answer.text()


async def announce(stage, remote, **claims):
    """Call back as the Horde does, about anything."""
    body = {"id": "x", "img": None, "seed": 1, "request": remote.remote_id, "kudos": 3.6} | claims
    async with aiohttp.ClientSession() as http, http.post(remote.wish.webhook, json=body) as answer:
        return answer.status


async def link_to(stage, remote, *, number=0):
    """Return a link to a finished picture of a request, as the Horde made it."""
    name = remote.delivered[number].picture_id
    url = f"{stage.horde.url}/generate/status/{remote.remote_id}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        listed = (await answer.json())["generations"]
    return next(picture["img"] for picture in listed if picture["id"] == name)


async def link_of_another(stage):
    """Have somebody else's picture drawn; return where it lies."""
    other = await stage.bob.runs("/imagine", in_=stage.channel, prompt="something else")
    await other.until(done)
    return await link_to(stage, stage.horde.truth.jobs[0])


def job_id(url):
    return url.rpartition("/")[2].partition(".")[0]


# ---------------------------------------------------------------- as it should be


async def test_pictures_fill_the_card_one_by_one_without_a_question(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage, count=3)
    remote = await sent(stage)
    await card.until(titled("In the queue"))
    asked_before = stage.calls("GET", CHECK)

    await drawn(stage, remote)
    first = await card.until(lambda version: len(version.attachments) == 1)
    await drawn(stage, remote)
    second = await card.until(lambda version: len(version.attachments) == 2)
    asked_for_two = stage.calls("GET", CHECK) - asked_before + stage.calls("GET", STATUS)
    stage.horde.finish(remote.remote_id)
    shown = await card.until(done)

    assert first.shows("1 of 3")
    assert second.shows("2 of 3")
    assert asked_for_two == 0
    assert shown_pictures(shown) == await true_pictures(stage, remote)
    assert stage.calls("GET", STATUS) == 1
    assert stage.calls("GET", PICTURE) == 3


@pytest.mark.parametrize("count", [1, 4])
async def test_a_job_costs_the_provider_three_calls_at_most(stage, count):
    card = await asks(stage, count=count)
    await card.until(done)

    assert stage.calls("*", "/generate/*") <= 3


@pytest.mark.parametrize("manner", ["normal", "early", "twice", "stray", "reversed"])
async def test_however_it_is_called_back_the_true_pictures_are_posted_once(stage, manner):
    stage.horde.script.next(webhooks=manner)
    card = await asks(stage, count=2)
    shown = await card.until(done)
    await stage.until_settled(card)
    await stage.horde.webhooks_sent()

    job, remote = await stage.job(card), stage.horde.truth.jobs[0]
    assert len(shown.attachments) == 2
    assert shown_pictures(shown) == await true_pictures(stage, remote)
    assert {p.item_id for p in job.pictures} == {p.picture_id for p in remote.delivered}
    assert job.charged == job.price
    assert {call.statuses for call in stage.horde.truth.webhooks} == {(200,)}


# ---------------------------------------------------------------- lost


@pytest.mark.parametrize("count", [1, 2])
async def test_a_lost_callback_costs_one_slow_poll(hurried, count):
    hurried.horde.script.next(webhooks="never", queue_s=10)
    card = await asks(hurried, count=count)
    shown = await card.until(done)

    assert len(shown.attachments) == count


@pytest.mark.parametrize("outcome", ["faulted", "empty"])
async def test_an_end_that_nobody_announces_is_found(hurried, outcome):
    hurried.horde.script.next(outcome=outcome)
    card = await asks(hurried)
    await card.until(titled("That did not work"))
    await hurried.until_settled(card)

    assert await hurried.credits(hurried.ann) == 1000


async def test_what_was_shown_leaves_the_card_when_the_horde_forgot_it(hurried):
    hurried.horde.script.next(held=True)
    card = await asks(hurried, count=2)
    remote = await sent(hurried)
    hurried.horde.faults.add("GET", "/generate/*", kind="html", times=None)
    await drawn(hurried, remote)
    await card.until(lambda version: len(version.attachments) == 1)

    await hurried.horde.restart(with_memory=False)
    hurried.horde.faults.clear()
    shown = await card.until(titled("Took too long"))
    await hurried.until_settled(card)

    assert not shown.attachments
    assert await hurried.credits(hurried.ann) == 1000


async def test_what_is_on_the_card_is_made_sure_of_at_a_slow_poll(hurried):
    hurried.horde.script.next(held=True)
    card = await asks(hurried, count=2)
    remote = await sent(hurried)
    await card.until(titled("In the queue"))
    await drawn(hurried, remote)
    await card.until(lambda version: len(version.attachments) == 1)

    async with asyncio.timeout(10):
        while not (await hurried.job(card)).pictures:
            await asyncio.sleep(0.01)
    hurried.horde.finish(remote.remote_id)
    shown = await card.until(done)

    assert shown_pictures(shown) == await true_pictures(hurried, remote)
    assert hurried.calls("GET", PICTURE) == 2


async def test_callbacks_missed_while_the_bot_was_away_are_made_up_for_at_its_start(world):
    world.horde.script.next(held=True)
    async with world.playing():
        card = await asks(world, count=2)
        remote = await sent(world)
        await card.until(titled("In the queue"))
    world.horde.finish(remote.remote_id)
    await world.horde.webhooks_sent()

    async with world.playing():
        shown = await card.until(done)

    assert {call.statuses for call in world.horde.truth.webhooks} == {(None, None, None)}
    assert shown_pictures(shown) == await true_pictures(world, remote)


async def test_an_address_given_out_before_a_restart_is_good_after_it(world):
    world.horde.script.next(held=True)
    async with world.playing():
        card = await asks(world)
        remote = await sent(world)
        await card.until(titled("In the queue"))
    looked = world.calls("GET", CHECK)

    async with world.playing():
        await until(lambda: world.calls("GET", CHECK) > looked)
        world.horde.finish(remote.remote_id)
        await card.until(done)

    assert len(world.horde.truth.jobs) == 1


# ---------------------------------------------------------------- a submit without an answer


@pytest.mark.parametrize("policy", ["once", "never"])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_submit_whose_answer_was_lost_is_found_by_its_callback(world, policy, count):
    world.environment["EASEL_AFTER_UNSURE_SUBMIT"] = policy
    world.horde.faults.add("POST", SUBMIT, kind="html", status=502, took_effect=True)
    async with world.playing():
        card = await asks(world, count=count)
        shown = await card.until(done)
        await world.until_settled(card)

        assert world.calls("POST", SUBMIT) == 1
        assert shown_pictures(shown) == await true_pictures(world, world.horde.truth.jobs[0])
        assert await world.audit() == ()


async def test_a_submit_that_never_calls_back_is_sent_once_more(hurried):
    hurried.horde.faults.add("POST", SUBMIT, kind="cut_before")
    card = await asks(hurried)
    await card.until(done)

    assert hurried.calls("POST", SUBMIT) == 2
    assert len(hurried.horde.truth.jobs) == 1


async def test_a_submit_that_calls_back_while_it_waits_to_be_repeated_is_not_repeated(world):
    world.environment |= {"EASEL_CALLBACK_POLL_S": SOON_S, "HORDE_SUBMITS_PER_MINUTE": "1"}
    world.horde.script.next(held=True)
    world.horde.faults.add("POST", SUBMIT, kind="cut_after")
    async with world.playing():
        card = await asks(world)
        remote = await sent(world)
        async with asyncio.timeout(10):
            while await world.moves(card) != ["accepted", "submitting", "accepted"]:
                await asyncio.sleep(0.01)

        world.horde.finish(remote.remote_id)
        await until(lambda: world.horde.truth.webhooks)
        await world.time_passes(61)
        shown = await card.until(done)
        await world.until_settled(card)

        assert world.calls("POST", SUBMIT) == 1
        assert shown_pictures(shown) == await true_pictures(world, remote)
        assert await world.audit() == ()


async def test_the_first_of_two_submits_changes_nothing_when_it_calls_back_late(hurried):
    hurried.horde.script.next(held=True)
    hurried.horde.faults.add("POST", SUBMIT, kind="cut_after")
    hurried.horde.script.next(held=True)
    card = await asks(hurried)
    first, second = await sent(hurried, 1), await sent(hurried, 2)
    await card.until(titled("In the queue"))

    hurried.horde.finish(first.remote_id)
    await hurried.horde.webhooks_sent()
    hurried.horde.finish(second.remote_id)
    shown = await card.until(done)
    await hurried.until_settled(card)

    job = await hurried.job(card)
    assert shown_pictures(shown) == await true_pictures(hurried, second)
    assert job.charged == job.price


# ---------------------------------------------------------------- stopped


async def test_a_picture_that_arrives_after_the_cancel_is_dropped_quietly(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    remote = await sent(stage)
    await card.until(titled("In the queue"))
    stage.horde.step(remote.remote_id)

    await stage.ann.clicks("Cancel", on=card)
    await card.until(titled("Cancelled"))
    await stage.until_settled(card)
    stage.horde.finish(remote.remote_id)
    await until(lambda: stage.horde.truth.webhooks)
    await stage.horde.webhooks_sent()
    versions = len(card.versions)
    other = await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    await other.until(done)

    assert {call.statuses for call in stage.horde.truth.webhooks} == {(200,)}
    assert len(card.versions) == versions
    assert not card.versions[-1].attachments
    assert (await stage.job(card)).charged == 0


async def test_what_was_shown_before_a_cancel_stays_and_is_paid_for(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage, count=2)
    remote = await sent(stage)
    await drawn(stage, remote)
    await card.until(lambda version: len(version.attachments) == 1)

    await stage.ann.clicks("Cancel", on=card)
    shown = await card.until(titled("Cancelled"))
    await stage.until_settled(card)

    job = await stage.job(card)
    assert len(shown.attachments) == 1
    assert job.charged * 2 == job.price


# ---------------------------------------------------------------- untrue


async def test_a_picture_that_the_horde_does_not_list_leaves_the_card_again(stage):
    elsewhere = await link_of_another(stage)
    stage.horde.script.next(held=True)
    card = await asks(stage, count=2)
    remote = await sent(stage, 2)
    await drawn(stage, remote)
    await card.until(lambda version: len(version.attachments) == 1)

    stage.horde.faults.add("GET", f"/generate/status/{remote.remote_id}", kind="slow", delay_s=0.5)
    assert await announce(stage, remote, id="never-to-be-listed", img=elsewhere) == 200
    await card.until(lambda version: len(version.attachments) == 2)
    await card.until(lambda version: len(version.attachments) == 1)
    stage.horde.finish(remote.remote_id)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert shown_pictures(shown) == await true_pictures(stage, remote)
    assert (await stage.job(card)).charged > 0


@pytest.mark.parametrize(
    "claims",
    [
        {"request": "00000000-0000-4000-8000-000000000000"},
        {"request": "../../find_user"},
        {"request": None},
        {"id": ""},
        {"id": "y" * 200},
        {"img": "http://169.254.169.254/latest/meta-data"},
        {"img": "https://evil.example/x.webp"},
        {"img": "UklGRg=="},
        {"censored": True},
    ],
    ids=lambda claims: "-".join(map(str, *claims.items()))[:40],
)
async def test_a_false_claim_changes_nothing(stage, claims):
    stage.horde.script.next(held=True)
    card = await asks(stage, count=2)
    remote = await sent(stage)
    await card.until(titled("In the queue"))

    assert await announce(stage, remote, **claims) == 200
    stage.horde.finish(remote.remote_id)
    shown = await card.until(done)

    assert shown_pictures(shown) == await true_pictures(stage, remote)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"id":', b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 10**6],
    ids=len,
)
async def test_garbage_at_a_true_address_is_taken_and_ignored(stage, body):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    remote = await sent(stage)

    status, _ = await post(remote.wish.webhook, body)
    stage.horde.finish(remote.remote_id)
    await card.until(done)

    assert status == 200


async def test_the_content_type_does_not_matter(stage):
    stage.horde.script.next(held=True)
    card = await asks(stage)
    remote = await sent(stage)
    stage.horde.finish(remote.remote_id)
    await card.until(done)
    body = b'{"id": "z", "request": "' + remote.remote_id.encode() + b'"}'

    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "no/such; charset=utf-99"):
        assert (await post(remote.wish.webhook, body, headers={"Content-Type": kind}))[0] == 200


async def test_who_was_called_back_falsely_is_asked_about_as_if_nobody_called(stage):
    stage.horde.script.next(held=True, webhooks="never")
    card = await asks(stage)
    remote = await sent(stage)
    await card.until(titled("In the queue"))

    assert await announce(stage, remote, id="false") == 200
    asked = stage.calls("GET", CHECK)
    await until(lambda: stage.calls("GET", CHECK) > asked + 2)
    stage.horde.finish(remote.remote_id)

    await card.until(done)


async def test_no_more_is_shown_than_was_asked_for_whatever_is_announced(stage):
    elsewhere = await link_of_another(stage)
    stage.horde.script.next(held=True)
    card = await asks(stage, count=2)
    remote = await sent(stage, 2)
    await card.until(titled("In the queue"))
    stage.horde.faults.add("GET", "/generate/*", kind="html", times=None)  # nothing can be listed
    fetched = stage.calls("GET", PICTURE)

    for number in (1, 2, 3):
        assert await announce(stage, remote, id=f"false-{number}", img=elsewhere) == 200
        await until(lambda number=number: stage.calls("GET", PICTURE) == fetched + number)
    await card.until(lambda version: len(version.attachments) == 2)
    await asyncio.sleep(0.3)
    stage.horde.faults.clear()
    stage.horde.finish(remote.remote_id)
    await stage.time_passes(5)
    shown = await card.until(done)

    assert max(len(version.attachments) for version in card.versions) == 2
    assert shown_pictures(shown) == await true_pictures(stage, remote)


async def test_what_the_horde_lists_counts_and_not_what_was_called(stage):
    stage.horde.script.next(held=True, webhooks="never", metadata=(("censorship", "nsfw"),))
    card = await asks(stage, count=2)
    remote = await sent(stage)
    await card.until(titled("In the queue"))
    await drawn(stage, remote)
    name, link = remote.delivered[0].picture_id, await link_to(stage, remote)

    said = {"id": name, "img": link, "seed": "of another", "model": "Another"}
    assert await announce(stage, remote, **said) == 200
    await card.until(lambda version: len(version.attachments) == 1)
    stage.horde.finish(remote.remote_id)
    await announce(stage, remote, id="wakes")
    shown = await card.until(done)
    await stage.until_settled(card)

    assert all(file.spoiler for file in shown.attachments)
    kept = {picture.item_id: picture for picture in (await stage.job(card)).pictures}
    assert kept[name].is_flagged
    assert (kept[name].seed, kept[name].model) != ("of another", "Another")
    assert stage.calls("GET", PICTURE) == 2


async def test_the_only_picture_is_covered_once_the_horde_lists_it_as_flagged(stage):
    stage.horde.script.next(held=True, webhooks="never", metadata=(("censorship", "nsfw"),))
    card = await asks(stage)
    remote = await sent(stage)
    await card.until(titled("In the queue"))
    stage.horde.finish(remote.remote_id)
    await until(lambda: remote.delivered)
    name, link = remote.delivered[0].picture_id, await link_to(stage, remote)
    stage.horde.faults.add("GET", "/generate/*", kind="slow", delay_s=0.5)

    assert await announce(stage, remote, id=name, img=link) == 200
    await card.until(lambda version: version.attachments and not done(version))
    shown = await card.until(done)

    assert all(file.spoiler for file in shown.attachments)


async def test_a_picture_inside_a_call_is_shown_and_not_fetched(stage):
    stage.horde.script.next(held=True, webhooks="never")
    card = await asks(stage, count=2)
    remote = await sent(stage)
    await card.until(titled("In the queue"))
    await drawn(stage, remote)
    name = remote.delivered[0].picture_id
    inside = base64.b64encode(await stage.horde.picture(name)).decode()

    for _ in range(2):
        assert await announce(stage, remote, id=name, img=inside) == 200
    await card.until(lambda version: len(version.attachments) == 1)
    fetched = stage.calls("GET", PICTURE)
    stage.horde.finish(remote.remote_id)
    await announce(stage, remote, id="wakes")
    shown = await card.until(done)

    assert fetched == 0
    assert stage.calls("GET", PICTURE) == 1
    assert shown_pictures(shown) == await true_pictures(stage, remote)


async def test_pictures_come_some_by_call_and_the_rest_by_looking(hurried):
    hurried.horde.script.next(held=True, webhooks="never")
    card = await asks(hurried, count=4)
    remote = await sent(hurried)
    await card.until(titled("In the queue"))

    for number in (1, 2, 3):
        await drawn(hurried, remote)
        if number != 2:
            picture = remote.delivered[-1]
            link = await link_to(hurried, remote, number=number - 1)
            assert await announce(hurried, remote, id=picture.picture_id, img=link) == 200
        await card.until(lambda version, number=number: len(version.attachments) == number)
    hurried.horde.finish(remote.remote_id)
    shown = await card.until(done)
    await hurried.until_settled(card)

    job = await hurried.job(card)
    assert shown_pictures(shown) == await true_pictures(hurried, remote)
    assert (len(job.pictures), job.charged) == (4, job.price)
    assert hurried.calls("GET", PICTURE) == 4


async def test_calls_for_a_job_that_is_over_or_was_never_here_leave_nothing(stage):
    card = await asks(stage)
    await card.until(done)
    await stage.until_settled(card)
    over = stage.horde.truth.jobs[0]
    addresses = stage.service.callbacks._addresses
    never = addresses.url((await stage.job(card)).evolve(id=JobId("12345")))
    body = json.dumps({"id": "late", "img": None, "seed": 1, "request": over.remote_id})
    versions = len(card.versions)

    for url in (over.wish.webhook, never):
        assert (await post(url, body.encode()))[0] == 200
    dispatch = stage.service.dispatch
    await until(lambda: not any(map(dispatch.knows, ("12345", job_id(over.wish.webhook)))))

    assert not stage.service.callbacks._hearsay._jobs
    assert len(card.versions) == versions


# ---------------------------------------------------------------- not theirs to call


async def test_a_wrong_address_is_answered_like_any_page_that_is_not_there(stage):
    cards = [await asks(stage), await stage.bob.runs("/imagine", in_=stage.channel, prompt="b")]
    mine, other = await sent(stage, 1), await sent(stage, 2)
    url = mine.wish.webhook
    root, _, secret = url.rpartition("/")
    number, _, signature = secret.partition(".")
    other_number = other.wish.webhook.rpartition("/")[2].partition(".")[0]
    nowhere = await post(root.removesuffix("/callbacks/horde") + "/nowhere")

    for wrong in (
        f"{root}/{other_number}.{signature}",
        f"{root}/{number}.{signature[:-1]}",
        f"{root}/{number}.{signature[::-1]}",
        f"{root}/{number}.",
        f"{root}/{number}",
        f"{root}/.{signature}",
        f"{root}/{signature}",
        f"{root}/%00%ff.%E2%82%AC",
        f"{root}/{'9' * 4000}.{signature}",
        f"{root}/",
        url.replace("/horde/", "/aime/"),
        f"{url}/more",
    ):
        assert await post(wrong, b"{}") == nowhere
    assert nowhere[0] == 404
    for card in cards:
        await card.until(done)


async def test_only_a_post_is_a_call(stage):
    card = await asks(stage)
    remote = await sent(stage)

    async with aiohttp.ClientSession() as http:
        for method in ("GET", "PUT", "DELETE"):
            async with http.request(method, remote.wish.webhook) as answer:
                assert answer.status == 405
    await card.until(done)


async def test_the_secret_stays_between_the_horde_and_the_bot(stage, caplog):
    caplog.set_level(logging.DEBUG)
    card = await asks(stage)
    await card.until(done)
    secret = stage.horde.truth.jobs[0].wish.webhook.rpartition("/")[2]
    await post(stage.horde.truth.jobs[0].wish.webhook, b"garbage")

    assert secret not in caplog.text
    assert not any(secret in str(body) for body in stage.message_bodies())


async def test_without_a_public_address_nothing_is_called_back(world):
    del world.environment["EASEL_PUBLIC_URL"]
    async with world.playing():
        card = await asks(world)
        await card.until(done)
        status, _ = await post(
            f"http://127.0.0.1:{world.environment['EASEL_WEB_PORT']}/callbacks/horde/1.x"
        )

    assert world.horde.truth.jobs[0].wish.webhook == ""
    assert status == 404
