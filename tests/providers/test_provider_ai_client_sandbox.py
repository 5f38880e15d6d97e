"""The adapter against the sandbox ai-client: a thread, one request, and what comes of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    RateLimited,
    Transient,
)
from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.ai_client import AiClient, open_ai_client
from bot.providers.base import Accepted, Ended, Ending, Finished, Inputs, Observation, Working
from bot.providers.config import ProviderConfig
from bot.sandbox.providers.ai_client import AiClientRules, SandboxAiClient

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEY = SecretStr("7|bearer-of-a-member")
REQUEST = PictureRequest(prompt="a lighthouse::2 fog::-1", count=2, style="cinematic")


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxAiClient]:
    """A service whose time stands still unless a test moves it."""
    async with SandboxAiClient(AiClientRules(speed=0)) as sandbox:
        sandbox.add_key(KEY.get_secret_value(), credits=100)
        yield sandbox


def config(sandbox: SandboxAiClient) -> ProviderConfig:
    return ProviderConfig(
        url=sandbox.url,
        client_name="easel-test",
        download_hosts=("127.0.0.1",),
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
        allow_private_hosts=True,
    )


@pytest.fixture
async def service(sandbox) -> AsyncIterator[AiClient]:
    async with open_ai_client(config(sandbox)) as service:
        yield service


async def next_part(
    service: AiClient, so_far: Remote | None = None, *, request: PictureRequest = REQUEST, key=KEY
) -> Accepted:
    plan = service.plan(request, models=await service.models(), has_own_key=False)
    return await service.submit(plan.request, key=key, inputs=Inputs(so_far=so_far), now=NOW)


async def submitted(service: AiClient) -> Remote:
    thread = await next_part(service)
    return (await next_part(service, thread.remote)).remote


async def look(service: AiClient, remote: Remote) -> Observation:
    return await service.poll(remote, key=KEY)


async def test_a_request_lives_from_its_thread_to_its_pictures(sandbox, service):
    thread = await next_part(service)
    sent = await next_part(service, thread.remote)
    first = await look(service, sent.remote)
    sandbox.finish(sent.remote.id)

    last = await look(service, sent.remote)

    assert (thread.is_complete, sent.is_complete) == (False, True)
    assert sent.remote.id == thread.remote.id
    assert first == Working(is_queued=False, finished=0, total=2)
    assert isinstance(last, Finished)
    assert last.cost == 10
    pictures = [await service.fetch(item) for item in last.items]
    assert pictures == await sandbox.pictures(sent.remote.id)
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


async def test_weights_style_and_count_arrive(sandbox, service):
    await submitted(service)

    (asked,) = sandbox.truth.requests
    assert asked.wish.prompts == (("a lighthouse", 2), ("fog", -1))
    assert (asked.wish.style, asked.wish.images, asked.wish.steps) == ("cinematic", 2, 30)
    assert asked.wish.resolution == "1024x1024"


async def test_the_key_stays_with_the_api(sandbox, service):
    remote = await submitted(service)
    sandbox.finish(remote.id)
    last = await look(service, remote)
    assert isinstance(last, Finished)

    await service.fetch(last.items[0])

    assert {call.key_tail for call in sandbox.calls.of("*", "/threads*")} == {"mber"}
    (download,) = (call for call in sandbox.calls if call.host == "storage")
    assert "Authorization" not in download.headers


async def test_a_response_may_come_after_the_waiting_ends(sandbox, service):
    sandbox.script.next(seconds=4, gap_s=10)
    remote = await submitted(service)
    sandbox.clock.advance(5)

    between = await look(service, remote)
    sandbox.clock.advance(10)

    assert isinstance(between, Working)
    assert await service.collect(remote, key=KEY)


@pytest.mark.parametrize("no_error", [None, "", "None", "null"])
async def test_no_error_is_no_error_however_it_is_written(sandbox, service, no_error):
    sandbox.script.next(no_error=no_error, has_dates=False, has_strangers=True)
    remote = await submitted(service)
    sandbox.finish(remote.id)

    assert isinstance(await look(service, remote), Finished)


@pytest.mark.parametrize("outcome", ["error", "request_error", "empty", "null", "text"])
async def test_what_brings_no_picture_is_a_failure(sandbox, service, outcome):
    sandbox.script.next(outcome=outcome)
    remote = await submitted(service)
    sandbox.finish(remote.id)

    last = await look(service, remote)

    assert isinstance(last, Ended)
    assert last.how is Ending.FAILED


async def test_fewer_pictures_are_delivered_with_a_note(sandbox, service):
    sandbox.script.next(outcome="object", images_missing=1, has_wrong_sizes=True)
    remote = await submitted(service)
    sandbox.finish(remote.id)

    last = await look(service, remote)

    assert isinstance(last, Finished)
    assert (last.cost, last.notes) == (5, ("AI Client delivered 1 of 2 pictures.",))
    assert await service.fetch(last.items[0])


@pytest.mark.parametrize("outcome", ["silent", "never"])
async def test_a_response_that_never_comes_is_for_the_deadline(sandbox, service, outcome):
    sandbox.script.next(outcome=outcome)
    remote = await submitted(service)
    sandbox.clock.advance(3600)

    assert isinstance(await look(service, remote), Working)
    assert await service.collect(remote, key=KEY) == ()


async def test_a_service_that_lost_its_memory_has_lost_the_request(sandbox, service):
    remote = await submitted(service)

    await sandbox.restart(with_memory=False)

    last = await look(service, remote)
    assert isinstance(last, Ended)
    assert last.how is Ending.LOST


@pytest.mark.parametrize("kind", ["cut_after", "html", "empty"])
async def test_a_thread_that_failed_is_no_loss(sandbox, service, kind):
    sandbox.faults.add("POST", "/threads", kind=kind, took_effect=True)

    with pytest.raises((Transient, ProtocolBroken)):
        await next_part(service)

    assert (await next_part(service)).remote.id
    assert sandbox.truth.charged == 0


async def test_a_lost_answer_is_found_again_in_the_thread(sandbox, service):
    thread = (await next_part(service)).remote
    sandbox.faults.add("POST", "/threads/*/entry", kind="cut_after")
    with pytest.raises(Ambiguous):
        await next_part(service, thread)

    found = await service.find(REQUEST, key=KEY, known=(), now=NOW, so_far=thread)

    assert found is not None
    sandbox.finish(found.id)
    assert isinstance(await look(service, found), Finished)
    assert len(sandbox.truth.requests) == 1


async def test_a_request_that_never_arrived_is_not_found(sandbox, service):
    thread = (await next_part(service)).remote
    sandbox.faults.add("POST", "/threads/*/entry", kind="cut_before")
    with pytest.raises(Ambiguous):
        await next_part(service, thread)

    assert await service.find(REQUEST, key=KEY, known=(), now=NOW, so_far=thread) is None
    assert await service.find(REQUEST, key=KEY, known=(), now=NOW) is None
    assert service.find_lag_s(REQUEST, key=KEY) > 0


@pytest.mark.parametrize("links", ["elsewhere", "private"])
async def test_a_link_that_leads_astray_is_not_followed(sandbox, service, links):
    sandbox.script.next(links=links)
    remote = await submitted(service)
    sandbox.finish(remote.id)
    last = await look(service, remote)
    assert isinstance(last, Finished)

    with pytest.raises(Permanent):
        await service.fetch(last.items[0])


async def test_a_picture_that_is_not_there_is_given_up(sandbox, service):
    remote = await submitted(service)
    sandbox.finish(remote.id)
    last = await look(service, remote)
    assert isinstance(last, Finished)
    sandbox.faults.add("GET", "/storage/*", kind="status", status=404)

    with pytest.raises(Permanent):
        await service.fetch(last.items[0])
    assert await service.fetch(last.items[1])


async def test_a_storage_that_is_away_is_worth_another_try(sandbox, service):
    remote = await submitted(service)
    sandbox.finish(remote.id)
    last = await look(service, remote)
    assert isinstance(last, Finished)

    async with sandbox.refusing_pictures():
        with pytest.raises(Transient):
            await service.fetch(last.items[0])


async def test_a_limit_says_how_long_it_lasts(sandbox, service):
    remote = await submitted(service)
    sandbox.switch(calls_per_min=0)

    with pytest.raises(RateLimited) as caught:
        await look(service, remote)

    assert caught.value.retry_after_s is not None
    assert 0 < caught.value.retry_after_s <= 60


async def test_credits_that_do_not_suffice_are_told(sandbox, service):
    sandbox.add_key("poor", credits=9)
    poor = SecretStr("poor")
    thread = (await next_part(service, key=poor)).remote

    with pytest.raises(Permanent, match="no credits left"):
        await next_part(service, thread, key=poor)


async def test_what_the_service_refuses_is_shown(service):
    thread = (await next_part(service)).remote
    request = REQUEST.evolve(model="unheard-of", width=1024, height=1024, steps=5)

    with pytest.raises(InvalidRequest, match=r"selected engine is invalid\. .*between 10 and 50"):
        await service.submit(request, key=KEY, inputs=Inputs(so_far=thread), now=NOW)


async def test_a_key_is_tried_without_a_thread(sandbox, service):
    holder = await service.holder(KEY)

    with pytest.raises(KeyRejected):
        await service.holder(SecretStr("unknown"))
    assert holder.name == "AI Client account"
    assert sandbox.truth.threads == ()


async def test_a_price_is_not_known_beforehand(service):
    with pytest.raises(Permanent, match="only afterwards"):
        await service.estimate(REQUEST, key=KEY, inputs=Inputs())


async def test_the_engines_are_those_of_the_settings(sandbox):
    async with open_ai_client(replace(config(sandbox), models=("newest", "older"))) as service:
        listed = await service.models()
        plan = service.plan(REQUEST, models=(), has_own_key=False)

    assert [model.name for model in listed] == ["newest", "older"]
    assert plan.request.model == "newest"


async def test_cancelling_asks_for_nothing(sandbox, service):
    remote = await submitted(service)
    sandbox.calls.clear()

    await service.cancel(remote, key=KEY)

    assert len(sandbox.calls) == 0
