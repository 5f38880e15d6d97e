"""AIME's calls one by one, against a host that says what a test wrote down."""

import json
import logging
from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import (
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    Transient,
)
from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.aime import Aime, open_aime
from bot.providers.base import Ended, Ending, Finished, Inputs, Item, Provider, Working
from tests.providers.aime_endpoints import COUNTED, counted, flux
from tests.providers.provider_cases import CASES, KEY, NOW, WEBP, config
from tests.providers.recorded_answers import body_of, exchange
from tests.providers.scripted_host import Delivery, Reply, ScriptedHost, as_json

REQUEST = CASES["aime"].request
REMOTE = CASES["aime"].remote
JOB_ID = "d88621a3-0d58-4eb6-9a0a-4cd92c105661#2"
PLAIN = ("first#1", "second#2", "third#3")


@pytest.fixture
async def aime(host) -> AsyncIterator[Aime]:
    async with open_aime(config(host.origin), known=(flux(),)) as aime:
        yield aime


@pytest.fixture
async def fresh(host) -> AsyncIterator[Aime]:
    """An adapter that has not seen its server yet."""
    async with open_aime(config(host.origin)) as aime:
        yield aime


def replay(name: str) -> Reply:
    response = exchange(name, of="aime")["response"]
    return Reply(status=response["status"], body=body_of(response))


def accepted(job_id: str = JOB_ID) -> Reply:
    return as_json({"success": True, "job_id": job_id, "ep_version": 0})


def listed(*names: str) -> Reply:
    return as_json({"endpoints": list(names)})


def described(name: str = "counted", inputs: dict | None = None) -> Reply:
    described = {"input": inputs or COUNTED, "output": {"images": {}}}
    return as_json({"name": name, "parameter_description": described})


def three_parts() -> Remote:
    extras = {"endpoint": "flux-dev", "ids": " ".join(PLAIN), "counts": "1 1 1"}
    return Remote(id=PLAIN[0], total=3, submitted_at=NOW, seed=7, extras=extras)


def by_job(host: ScriptedHost) -> list[str]:
    return [json.loads(call.body)["job_id"] for call in host.calls]


def test_it_is_a_provider(aime):
    provider: Provider = aime

    assert (provider.name, provider.title, provider.unit) == ("aime", "AIME", "jobs")
    assert not provider.calls_back


async def test_a_submit_carries_the_key_in_its_body_and_waits_for_nothing(aime, host):
    host.says(replay("image_previews_0_submit"))

    taken = await aime.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)

    (call,) = host.calls
    assert (call.method, call.path) == ("POST", "/api/v2/flux-dev")
    assert call.headers["user-agent"] == "easel:test:tests@example.invalid"
    body = json.loads(call.body)
    assert (body["key"], body["wait_for_result"]) == (KEY.get_secret_value(), False)
    assert (taken.remote.id, taken.is_complete, taken.notes) == (JOB_ID, True, ())


async def test_pictures_that_come_one_by_one_are_asked_for_one_by_one(aime, host):
    host.says(*map(accepted, PLAIN))
    request, so_far, taken = REQUEST.evolve(count=3), None, []

    for _ in PLAIN:
        inputs = Inputs(so_far=so_far)
        one = await aime.submit(request, key=KEY, inputs=inputs, now=NOW)
        taken.append(one)
        so_far = one.remote

    assert [one.is_complete for one in taken] == [False, False, True]
    assert so_far == three_parts()
    assert [json.loads(call.body)["seed"] for call in host.calls] == [7, 8, 9]


async def test_pictures_that_come_together_are_asked_for_together(host):
    host.says(accepted("a#1"), accepted("b#2"))
    request = REQUEST.evolve(count=5, model="counted")

    async with open_aime(config(host.origin), known=(counted(),)) as aime:
        first = await aime.submit(request, key=KEY, inputs=Inputs(), now=NOW)
        inputs = Inputs(so_far=first.remote)
        second = await aime.submit(request, key=KEY, inputs=inputs, now=NOW)
        jobs = await aime.estimate(request, key=KEY, inputs=Inputs())

    assert [json.loads(call.body)["num_samples"] for call in host.calls] == [3, 2]
    assert (first.is_complete, second.is_complete) == (False, True)
    assert jobs == 2


async def test_a_submit_after_a_restart_asks_what_there_is_and_tells_what_that_changed(fresh, host):
    host.says(listed("counted"), described(), accepted())
    request = fresh.plan(REQUEST.evolve(steps=99), models=(), has_own_key=False).request

    taken = await fresh.submit(request, key=KEY, inputs=Inputs(), now=NOW)

    assert [call.path for call in host.calls] == [
        "/api/v2/api/endpoints",
        "/api/v2/api/endpoints/counted",
        "/api/v2/counted",
    ]
    assert json.loads(host.calls[-1].body)["steps"] == 64
    assert taken.notes == ("Steps changed to 64, the nearest that can be had.",)


async def test_an_endpoint_that_changed_is_read_anew(aime, host):
    host.says(
        replay("error_400_unknown_parameters"),
        listed("counted"),
        described(),
        accepted(),
    )

    with pytest.raises(InvalidRequest, match="nonsense"):
        await aime.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)
    await aime.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)

    assert host.calls[-1].path == "/api/v2/counted"


async def test_a_server_that_draws_nothing_takes_nothing(fresh, host):
    host.says(listed())

    with pytest.raises(Permanent, match="nothing that draws"):
        await fresh.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)


async def test_a_full_queue_is_tried_again_later(aime, host):
    host.says(replay("error_400_queue_full"))

    with pytest.raises(Transient) as caught:
        await aime.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)

    assert caught.value.retry_after_s


async def test_a_look_says_nothing_but_the_jobs_id(aime, host):
    host.says(replay("queue_progress_a_processing"))

    await aime.poll(REMOTE, key=KEY)

    (call,) = host.calls
    assert (call.method, call.path) == ("POST", "/api/v2/flux-dev/progress")
    assert json.loads(call.body) == {"job_id": REMOTE.id}


async def test_every_part_is_looked_at(aime, host):
    host.says(*[replay("queue_progress_a_processing")] * 3)

    seen = await aime.poll(three_parts(), key=KEY)

    assert isinstance(seen, Working)
    assert sorted(by_job(host)) == sorted(PLAIN)


async def test_a_result_is_not_lost_because_another_part_could_not_be_seen(aime, host):
    done = CASES["aime"].over("")[0]
    host.says(done, Reply(status=503), replay("queue_progress_a_processing"))

    seen = await aime.poll(three_parts(), key=KEY)

    assert isinstance(seen, Working)
    assert seen.items is not None
    assert [item.data for item in seen.items] == [WEBP]


async def test_a_look_that_fails_with_nothing_to_lose_fails(aime, host):
    host.says(Reply(status=503), *[replay("queue_progress_a_processing")] * 2)

    with pytest.raises(Transient):
        await aime.poll(three_parts(), key=KEY)


async def test_an_answer_lost_on_the_way_is_worth_a_look_and_then_lost(aime, host):
    host.says(
        Reply(body=b"{", delivery=Delivery.TRUNCATED),
        replay("image_previews_7_progress_after_done"),
    )

    with pytest.raises(Transient):
        await aime.poll(REMOTE, key=KEY)
    seen = await aime.poll(REMOTE, key=KEY)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


async def test_a_strange_state_is_noted_once_and_not_aloud(aime, host, caplog):
    caplog.set_level(logging.WARNING)
    states = ("resting", "resting", "MARKED#1", "MARKED#1", "queued")
    host.says(*(as_json({"job_state": state}) for state in states))

    for _ in states:
        assert isinstance(await aime.poll(REMOTE, key=KEY), Working)

    assert [record.__dict__["state"] for record in caplog.records] == ["resting", "…"]


async def test_the_recorded_result_is_handed_out_with_its_bytes(aime, host):
    host.says(replay("image_previews_6_progress"))

    seen = await aime.poll(REMOTE, key=KEY)

    assert isinstance(seen, Finished)
    assert (await aime.fetch(seen.items[0])).startswith(b"\xff\xd8\xff")


async def test_what_came_is_checked_and_links_are_not_followed(aime):
    assert await aime.fetch(Item(id="1", data=WEBP)) == WEBP
    for item in (
        Item(id="1", data=b"<Error/>"),
        Item(id="1"),
        Item(id="1", url="https://elsewhere.example/x.png"),
    ):
        with pytest.raises(Permanent):
            await aime.fetch(item)


async def test_nothing_is_collected_cancelled_or_found(aime, host):
    assert await aime.collect(REMOTE, key=KEY) == ()
    await aime.cancel(REMOTE, key=KEY)
    assert await aime.find(REQUEST, key=KEY, known=(), now=NOW) is None
    assert await aime.find(REQUEST, key=KEY, known=(), now=NOW, so_far=REMOTE) is REMOTE
    assert aime.find_lag_s(REQUEST, key=KEY) == 0
    assert host.calls == []


async def test_endpoints_that_draw_are_models(fresh, host):
    host.says(
        replay("endpoints_list_with_key"),
        *[replay("endpoint_details_image")] * 2,
        as_json({"name": "llama4_chat", "parameter_description": {"output": {"text": {}}}}),
        Reply(status=500),
    )

    (model,) = await fresh.models()

    assert (model.name, model.workers, model.queued) == ("flux-dev", 1, 0)
    plan = fresh.plan(PictureRequest(prompt="x"), models=(), has_own_key=True)
    assert plan.request.model == "flux-dev"


async def test_models_that_cannot_be_listed_are_an_error(fresh, host):
    host.says(Reply(status=502), Reply(body=b"[]"), replay("endpoints_list_bad_key"))

    for kind in (Transient, ProtocolBroken, KeyRejected):
        with pytest.raises(kind):
            await fresh.models()


async def test_a_key_is_tried_and_belongs_to_nobody_in_particular(aime, host):
    host.says(replay("validate_key_ok"), replay("validate_key_bad"))

    holder = await aime.holder(type(KEY)("a key&more"))

    assert (holder.name, holder.balance) == ("AIME key", None)
    assert host.calls[0].path == "/api/v2/api/validate_key?key=a+key%26more"
    with pytest.raises(KeyRejected):
        await aime.holder(KEY)


async def test_an_open_choice_is_made_among_the_models_that_are_open_here(host):
    async with open_aime(config(host.origin), known=(flux(), counted(workers=9))) as aime:
        request = REQUEST.evolve(model=None)
        models = [one.to_model() for one in (flux(), counted(workers=9))]

        free = aime.plan(request, models=models, has_own_key=False)
        bound = aime.plan(request, models=models[:1], has_own_key=False)

    assert (free.request.model, bound.request.model) == ("counted", "flux-dev")
