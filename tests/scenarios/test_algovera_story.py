"""A server of Algovera's protocol: one picture per job there, the key in bodies and in a query."""

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.providers.hosts import HOUSE_KEY
from tests.scenarios.stage import done, titled, until

OWN_KEY = "5eedfeed" * 8


@pytest.fixture
async def two(world):
    """The stage with a server of Algovera's kind beside the AI Horde."""
    async with world.beside("algovera") as host, world.playing():
        yield world, host.server
        assert await world.audit() == ()


async def asks(stage, **options):
    wish = {"prompt": "a lighthouse", "provider": "algovera", **options}
    return await stage.ann.runs("/imagine", in_=stage.channel, **wish)


async def settled(stage, card):
    await stage.until_settled(card)
    return await stage.job(card)


async def test_three_pictures_are_three_jobs_under_one_card_with_seeds_that_count_on(two):
    stage, server = two

    card = await asks(stage, count=3)
    shown = await card.until(done)

    job = await settled(stage, card)
    seeds = [one.payload["seed"] for one in server.truth.jobs]
    assert seeds == [job.request.seed + n for n in range(3)]
    assert [picture.seed for picture in job.pictures] == list(map(str, seeds))
    assert len(shown.attachments) == 3
    assert server.truth.charged == 3


async def test_one_that_fails_costs_nothing_and_leaves_the_others(two):
    stage, server = two
    for outcome in ("done", "failed", "done"):
        server.script.next(outcome=outcome)

    card = await asks(stage, count=3)
    shown = await card.until(done)

    job = await settled(stage, card)
    assert len(shown.attachments) == 2
    assert shown.shows("2 of 3 arrived")
    assert job.charged == job.price * 2 // 3
    assert await stage.credits(stage.ann) == 1000 - job.charged / 1_000_000


async def test_all_that_fail_cost_nothing(two):
    stage, server = two
    server.script.default(outcome="failed")

    card = await asks(stage, count=2)
    shown = await card.until(titled("That did not work"))

    assert shown.shows("failed at this and gives no reason")
    assert (await settled(stage, card)).charged == 0


async def test_credits_of_the_house_that_end_in_between_deliver_what_was_paid_for(two):
    stage, server = two
    server.add_key(HOUSE_KEY, credits=1)

    card = await asks(stage, count=3)
    shown = await card.until(done)

    job = await settled(stage, card)
    assert shown.shows("has no credits left for this key")
    assert len(shown.attachments) == 1
    assert job.charged == job.price // 3


async def test_a_state_that_flaps_does_not_take_a_finished_picture_back(two):
    stage, server = two
    server.script.next(seconds=0, status_texts=("created", "done", "created", "created"))
    server.script.next(held=True)
    card = await asks(stage, count=2)
    await card.until(lambda version: version.shows("1 of 2"))
    seen = len(server.calls.of("GET", "/api/status"))
    await until(lambda: len(server.calls.of("GET", "/api/status")) >= seen + 3)

    assert server.truth.jobs[0].status_calls == 2  # what is over is not asked about again
    server.finish(server.truth.jobs[1].remote_id)
    await card.until(done)


async def test_a_picture_is_fetched_once_and_shown_while_the_next_is_drawn(two):
    stage, server = two
    server.script.next(seconds=0)
    server.script.next(held=True)

    card = await asks(stage, count=2)
    await card.until(lambda version: len(version.attachments) == 1)
    server.finish(server.truth.jobs[1].remote_id)
    shown = await card.until(done)

    assert len(shown.attachments) == 2
    assert [one.asset_calls for one in server.truth.jobs] == [1, 1]


async def test_a_start_does_not_fetch_a_picture_again(world):
    async with world.beside("algovera") as host:
        host.server.script.next(seconds=0)
        host.server.script.next(held=True)
        async with world.playing():
            card = await asks(world, count=2)
            await card.until(lambda version: version.shows("1 of 2"))

        host.server.finish(host.server.truth.jobs[1].remote_id)
        async with world.playing():
            shown = await card.until(done)
            await world.until_settled(card)

    assert len(shown.attachments) == 2
    assert [one.asset_calls for one in host.server.truth.jobs] == [1, 1]


async def test_a_proxy_that_drops_bodies_ends_it_with_a_sentence_and_a_refund(two):
    stage, server = two
    server.switch(strips_get_bodies=True)

    card = await asks(stage)
    shown = await card.until(titled("That did not work"))

    assert shown.shows("something on the way drops the body of the request")
    assert (await settled(stage, card)).state is JobState.FAILED
    assert await stage.credits(stage.ann) == 1000


async def test_where_the_operator_lets_it_the_picture_is_asked_for_by_query(world):
    async with world.beside("algovera") as host:
        server = host.server
        server.switch(strips_get_bodies=True, takes_asset_query=True)
        world.environment["ALGOVERA_ASK_BY_QUERY"] = "true"
        async with world.playing():
            card = await asks(world)
            await card.until(done)
            await world.until_settled(card)


@pytest.mark.parametrize("by_query", ["false", "true"])
async def test_no_log_holds_a_key_that_stands_in_a_query(world, written_log, by_query):
    async with world.beside("algovera") as host:
        server = host.server
        server.add_key(OWN_KEY)
        server.switch(strips_get_bodies=by_query == "true", takes_asset_query=True)
        server.faults.add("GET", "/api/status", kind="cut_after", skip=1)
        server.faults.add("GET", "/api/status", kind="html", skip=2)
        world.environment["ALGOVERA_ASK_BY_QUERY"] = by_query
        async with world.playing():
            form = await world.ann.runs("/key set", provider="algovera")
            answer = await world.ann.submits(form, key=OWN_KEY)
            await answer.until(lambda version: version.shows("It works."))
            card = await asks(world)
            await card.until(done)
            await world.until_settled(card)

    said = written_log.getvalue()
    assert "job submitted" in said
    assert OWN_KEY not in said
    assert HOUSE_KEY not in said
