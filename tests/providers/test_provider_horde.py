"""The Horde's calls one by one, against a host that says what a test wrote down."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.errors import InvalidRequest, KeyRejected, Permanent, RateLimited, Transient
from bot.domain.requests import PictureRequest
from bot.providers.base import Ended, Ending, Finished, Inputs, Item, Makes, Provider, Working
from bot.providers.horde import open_horde
from bot.providers.horde.answers import ADOPTED
from bot.providers.horde.catalog import ANONYMOUS_KEY
from tests.providers.provider_cases import CASES, KEY, NOW, REMOTE_ID, WEBP, config, link
from tests.providers.recorded_answers import exchange, replay
from tests.providers.scripted_host import Reply, as_json

CASE = CASES["horde"]
REMOTE = CASE.remote
ACTIVE = "4ad4ccaf-8a0a-4166-bd5d-d407ec300244"  # in find_user_with_active_image
ONE_WAITING = {"waiting": 1, "processing": 0, "finished": 0, "done": False}


def account(*active: str) -> Reply:
    recorded = exchange("find_user_with_active_image")["response"]["json"]
    return as_json({**recorded, "active_generations": {"image": list(active)}})


def test_it_is_a_provider(horde):
    provider: Provider = horde

    assert (provider.name, provider.title, provider.unit) == ("horde", "AI Horde", "kudos")
    assert provider.limits.collect_gap_s == 10


@pytest.mark.parametrize("has_own_key", [True, False])
@pytest.mark.parametrize("has_house_account", [True, False])
async def test_only_a_request_on_nobodys_account_is_lowered(host, has_own_key, has_house_account):
    house = replace(config(host.origin), has_house_account=has_house_account)
    async with open_horde(house) as horde:
        plan = horde.plan(PictureRequest(prompt="x", steps=90), models=(), has_own_key=has_own_key)

    assert (plan.request.steps == 30) is not (has_own_key or has_house_account)


async def test_a_submit_names_the_bot_and_carries_the_key(horde, host):
    host.says(replay("submit_accepted_n2_with_webhook"))

    accepted = await horde.submit(CASE.request, key=KEY, inputs=Inputs(), now=NOW)

    (call,) = host.calls
    assert (call.method, call.path) == ("POST", "/api/v2/generate/async")
    assert call.headers["apikey"] == KEY.get_secret_value()
    assert call.headers["client-agent"] == "easel:test:tests@example.invalid"
    assert json.loads(call.body)["prompt"] == "a lighthouse"
    assert accepted.remote.id == "9053380a-6e1c-4f38-a892-eab54ccaa1a6"


async def test_every_call_names_the_bot_and_only_some_carry_the_key(horde, host):
    host.says(
        replay("check_queued"),
        replay("status_done_two_images"),
        replay("cancel_while_waiting"),
        replay("models_image"),
        replay("models_text"),
        replay("dry_run_sd15"),
        replay("find_user_idle"),
    )

    await horde.poll(REMOTE, key=KEY)
    await horde.collect(REMOTE, key=KEY)
    await horde.cancel(REMOTE, key=KEY)
    await horde.models()
    await horde.estimate(CASE.request, key=KEY, inputs=Inputs())
    await horde.holder(KEY)

    seen = [(call.method, call.path, "apikey" in call.headers) for call in host.calls]
    assert seen == [
        ("GET", f"/api/v2/generate/check/{REMOTE_ID}", False),
        ("GET", f"/api/v2/generate/status/{REMOTE_ID}", False),
        ("DELETE", f"/api/v2/generate/status/{REMOTE_ID}", False),
        ("GET", "/api/v2/status/models?type=image", False),
        ("GET", "/api/v2/status/models?type=text", False),
        ("POST", "/api/v2/generate/async", True),
        ("GET", "/api/v2/find_user", True),
    ]
    assert all("client-agent" in call.headers for call in host.calls)


async def test_a_running_request_costs_one_call_and_a_finished_one_two(horde, host):
    polls = exchange("check_sequence_happy_n2")["sequence"]
    host.says(*(as_json(poll["json"]) for poll in polls), replay("status_done_two_images"))
    remote = replace(REMOTE, total=2)

    seen = [await horde.poll(remote, key=KEY) for _ in polls]

    assert [type(one) for one in seen] == [Working, Working, Working, Finished]
    assert len(host.calls) == len(polls) + 1


async def test_a_request_that_only_seemed_over_goes_on(horde, host):
    recorded = exchange("status_done_two_images")["response"]["json"]
    host.says(as_json(recorded), as_json({**recorded, "done": False, "processing": 1}))

    assert isinstance(await horde.poll(replace(REMOTE, total=3), key=KEY), Working)


@pytest.mark.parametrize("before", [[], ["check_after_cancel"]], ids=["at check", "at status"])
async def test_an_id_that_is_no_longer_known_has_expired(horde, host, before):
    host.says(*map(replay, before), replay("error_404_check_unknown_id"))

    seen = await horde.poll(REMOTE, key=KEY)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.EXPIRED


async def test_a_limited_status_is_waited_for(horde, host):
    host.says(
        replay("check_after_cancel"),
        as_json({"message": "10 per 1 minute"}, status=429, Retry_After="42"),
    )

    with pytest.raises(RateLimited) as caught:
        await horde.poll(REMOTE, key=KEY)

    assert caught.value.retry_after_s == 42


async def test_pictures_are_there_before_the_end(horde, host):
    host.says(replay("status_done_two_images"))

    assert len(await horde.collect(REMOTE, key=KEY)) == 2


async def test_nothing_can_be_collected_from_a_request_that_is_gone(horde, host):
    host.says(replay("error_404_check_unknown_id"))

    assert await horde.collect(REMOTE, key=KEY) == ()


async def test_pictures_of_somebody_elses_request_are_not_collected(horde, host):
    found = replace(REMOTE, seed=99, extras={ADOPTED: "by size"})
    host.says(replay("status_done_two_images"))

    assert await horde.collect(found, key=KEY) == ()


async def test_a_delivered_picture_is_checked_like_a_fetched_one(horde):
    assert await horde.fetch(Item(id="1", data=WEBP)) == WEBP
    with pytest.raises(Permanent):
        await horde.fetch(Item(id="1", data=b"<Error/>"))
    with pytest.raises(Permanent):
        await horde.fetch(Item(id="1"))


async def test_a_picture_is_fetched_from_its_link(horde, host):
    host.says(Reply(body=WEBP))

    assert await horde.fetch(Item(id="1", url=link(host))) == WEBP


async def test_a_cancel_may_fail_for_now(horde, host):
    host.says(Reply(status=502, body=b"<html></html>"))

    with pytest.raises(Transient):
        await horde.cancel(REMOTE, key=KEY)


async def test_a_lost_submit_is_found_among_the_accounts_requests(horde, host):
    host.says(replay("find_user_with_active_image"), as_json(ONE_WAITING))

    found = await horde.find(CASE.request, key=KEY, known=(), now=NOW)

    assert found is not None
    assert (found.id, found.total, found.seed, found.submitted_at) == (ACTIVE, 1, 7, NOW)
    assert ADOPTED in found.extras


@pytest.mark.parametrize(
    "active,sizes,known,count",
    [
        ((), (), (), 1),
        ((ACTIVE,), (), (ACTIVE,), 1),
        ((ACTIVE,), (1,), (), 2),
        (("a", "b"), (1, 1), (), 1),
    ],
    ids=["nothing runs", "all are known", "another size", "two would fit"],
)
async def test_a_doubtful_find_is_none(horde, host, active, sizes, known, count):
    host.says(account(*active), *(as_json({**ONE_WAITING, "waiting": size}) for size in sizes))
    request = CASE.request.evolve(count=count)

    assert await horde.find(request, key=KEY, known=known, now=NOW) is None


async def test_a_candidate_that_has_just_gone_is_passed_over(horde, host):
    host.says(account("a", "b"), replay("error_404_check_unknown_id"), as_json(ONE_WAITING))

    found = await horde.find(CASE.request, key=KEY, known=(), now=NOW)

    assert found is not None
    assert found.id == "b"


async def test_nobody_looks_among_the_requests_of_the_whole_world(horde, host):
    anonymous = SecretStr(ANONYMOUS_KEY)

    assert await horde.find(CASE.request, key=anonymous, known=(), now=NOW) is None
    assert host.calls == []


async def test_a_price_is_asked_for_without_running_anything(horde, host):
    host.says(replay("dry_run_sdxl"))

    price = await horde.estimate(CASE.request, key=KEY, inputs=Inputs())

    assert price == 45.0
    assert json.loads(host.calls[0].body)["dry_run"] is True


async def test_a_price_that_is_not_told_is_no_unsure_submit(horde, host):
    host.says(Reply(status=500), replay("error_400_size_not_multiple"))

    with pytest.raises(Transient):
        await horde.estimate(CASE.request, key=KEY, inputs=Inputs())
    with pytest.raises(InvalidRequest):
        await horde.estimate(CASE.request, key=KEY, inputs=Inputs())


async def test_a_key_belongs_to_somebody_with_kudos(horde, host):
    host.says(replay("find_user_idle"), replay("error_404_find_user_echoes_key"))

    holder = await horde.holder(KEY)

    assert (holder.name, holder.balance, holder.unit) == ("someuser#2", 50.0, "kudos")
    with pytest.raises(KeyRejected):
        await horde.holder(KEY)


async def test_models_are_listed(horde, host):
    cold = replay("models_cold_cache_empty")
    host.says(replay("models_image"), replay("models_text"), cold, cold)

    models = await horde.models()
    assert Counter(model.makes for model in models) == {
        Makes.PICTURES: 3, Makes.TEXTS: 2, Makes.LARGER: 11, Makes.FACES: 4,
    }  # fmt: skip
    assert await horde.models() == ()


async def test_a_server_without_texts_lists_its_pictures(horde, host):
    host.says(replay("models_image"), as_json({"message": "What?"}, status=404))

    models = await horde.models()
    assert [model.makes for model in models][:4] == [Makes.PICTURES] * 3 + [Makes.LARGER]
