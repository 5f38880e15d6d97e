"""What holds for every provider, whatever its wire looks like."""

import pytest

from bot.domain.capabilities import Ability, needs
from bot.domain.errors import (
    Ambiguous,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    ProviderError,
    RateLimited,
    Transient,
)
from bot.domain.keys import Holder
from bot.providers.base import Finished, Working
from bot.providers.downloads import PICTURE_BYTES_MAX
from bot.providers.http import JSON_BYTES_MAX
from bot.providers.registry import FACTORIES
from tests.providers.ability_samples import SAMPLES
from tests.providers.provider_cases import (
    CASES,
    KEY,
    NOW,
    SIGNATURE,
    WEBP,
    config,
    item,
    link,
)
from tests.providers.scripted_host import Delivery, Reply, as_json

HTML = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"
XML = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'
ELSEWHERE = {"Location": "https://elsewhere.example/login"}

NO_WHOLE_ANSWER = {
    "cut before": Reply(delivery=Delivery.CUT_BEFORE),
    "cut after": Reply(delivery=Delivery.CUT_AFTER),
    "silent": Reply(delivery=Delivery.SILENT),
    "stalled": Reply(body=b"{}", delivery=Delivery.STALLED),
    "truncated": Reply(body=b'{"id"', delivery=Delivery.TRUNCATED),
    "500": as_json({"message": "Internal Server Error"}, status=500),
    "502 html": Reply(status=502, body=HTML, headers={"Content-Type": "text/html"}),
    "503": Reply(status=503, body=HTML),
    "504": Reply(status=504, body=HTML),
}
UNREADABLE = {
    "empty": Reply(body=b""),
    "garbage": Reply(body=b'{"id": "x", '),
    "html": Reply(body=HTML, headers={"Content-Type": "text/html"}),
    "other json": as_json(["a", "list"]),
    "oversize": Reply(body=b" " * (JSON_BYTES_MAX + 1)),
}


def test_every_registered_provider_is_held_to_the_contract():
    assert set(CASES) == set(FACTORIES)


async def test_its_name_is_the_registrys(case, host):
    async with case.open(host) as provider:
        assert provider.name == case.name
        assert provider.limits.submits_per_min == 90


@pytest.mark.parametrize("ability", Ability)
async def test_it_plans_what_it_declares_and_refuses_the_rest(case, host, ability):
    request = SAMPLES[ability]

    async with case.open(host) as provider:
        capability = provider.capability(request.model)
        if needs(request) <= capability.abilities:
            assert provider.plan(request, models=(), has_own_key=True).request.count == 1
        else:
            with pytest.raises(InvalidRequest):
                provider.plan(request, models=(), has_own_key=True)

    assert host.calls == []


async def test_an_accepted_submit_is_one_call_and_gives_everything_to_go_on(case, host):
    host.says(case.accepted)

    async with case.open(host) as provider:
        accepted = await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)

    assert accepted.remote.id == case.remote_id
    assert (accepted.remote.total, accepted.remote.seed) == (1, case.seed)
    assert accepted.remote.submitted_at == NOW
    assert len(host.calls) == 1


async def test_a_submit_that_finds_nobody_was_not_sent(case, host):
    await host.stop()

    async with case.open(host) as provider:
        with pytest.raises(Transient):
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)


@pytest.mark.parametrize("fault", NO_WHOLE_ANSWER)
async def test_a_submit_without_a_whole_answer_is_ambiguous_and_never_repeated(case, host, fault):
    host.says(NO_WHOLE_ANSWER[fault])

    async with case.open(host, reply=NO_WHOLE_ANSWER[fault]) as provider:
        with pytest.raises(Ambiguous):
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)

    assert len(host.calls) <= 1


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_a_submit_with_an_unreadable_good_answer_is_ambiguous(case, host, fault):
    host.says(UNREADABLE[fault])

    async with case.open(host) as provider:
        with pytest.raises(Ambiguous):
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)


async def test_a_submit_with_an_unknown_key_is_rejected(case, host):
    host.says(case.unknown_key)

    async with case.open(host) as provider:
        with pytest.raises(KeyRejected):
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)


async def test_a_key_that_no_header_can_carry_is_rejected_without_a_call(case, host):
    async with case.open(host) as provider:
        for text in ("", "line\r\nbreak", "schlüssel"):
            with pytest.raises(KeyRejected):
                await provider.holder(type(KEY)(text))

    assert host.calls == []


async def test_a_limit_says_when_to_come_back(case, host):
    host.says(case.slow_down)

    async with case.open(host) as provider:
        with pytest.raises(RateLimited) as caught:
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)

    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 0


async def test_redirects_are_not_followed(case, host, storage):
    reply = Reply(status=302, headers={"Location": f"{storage.origin}/login"})
    host.says(reply, reply)

    async with case.open(host) as provider:
        with pytest.raises(ProtocolBroken):
            await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)
        with pytest.raises(ProtocolBroken):
            await case.reads(provider)

    assert storage.calls == []


@pytest.mark.parametrize("fault", NO_WHOLE_ANSWER)
async def test_a_read_without_a_whole_answer_is_worth_another_try(case, host, fault):
    host.always_says(NO_WHOLE_ANSWER[fault])  # always: aiohttp itself may read twice

    async with case.open(host, reply=NO_WHOLE_ANSWER[fault]) as provider:
        with pytest.raises(Transient):
            await case.reads(provider)


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_a_read_with_an_unreadable_answer_breaks_the_protocol(case, host, fault):
    host.says(UNREADABLE[fault])

    async with case.open(host) as provider:
        with pytest.raises(ProtocolBroken):
            await case.reads(provider)


async def test_a_running_request_tells_how_far_it_is(polling, host):
    host.says(*polling.working)

    async with polling.open(host) as provider:
        seen = await provider.poll(polling.remote, key=KEY)

    assert isinstance(seen, Working)
    assert seen.total == 1


async def test_a_wrong_content_type_is_no_reason_to_despair(case, host):
    plain = [
        Reply(status=reply.status, body=reply.body, headers={"Content-Type": "text/html"})
        for reply in case.working
    ]
    host.says(*plain)

    async with case.open(host) as provider:
        assert isinstance(await case.reads(provider), Working | Holder)


async def test_a_finished_request_hands_out_its_picture(polling, host, storage):
    host.says(*polling.over(link(storage)))
    storage.says(Reply(body=WEBP, headers={"Content-Type": "application/octet-stream"}))

    async with polling.open(host) as provider:
        seen = await provider.poll(polling.remote, key=KEY)
        assert isinstance(seen, Finished)
        picture = await provider.fetch(seen.items[0])

    assert picture == WEBP
    assert len(storage.calls) == polling.has_links


async def test_an_answer_that_is_the_result_hands_out_its_picture_and_is_over(at_once, host):
    host.says(at_once.accepted)

    async with at_once.open(host) as provider:
        assert provider.draws_in_call
        accepted = await provider.submit(at_once.request, key=KEY, inputs=at_once.inputs, now=NOW)
        assert accepted.finished is not None
        picture = await provider.fetch(accepted.finished.items[0])
        seen = await provider.poll(accepted.remote, key=KEY)

    assert picture == WEBP
    assert seen == Finished(items=())
    assert len(host.calls) == 1


async def test_a_picture_is_fetched_from_its_link_and_nothing_goes_along(linking, host, storage):
    storage.says(Reply(body=WEBP))

    async with linking.open(host) as provider:
        await provider.fetch(item(link(storage)))

    assert storage.calls[0].path.endswith(f"?Signature={SIGNATURE}")  # not one byte changed
    assert not {"apikey", "authorization", "cookie", "client-agent"} & set(storage.calls[0].headers)


PICTURE_FAULTS = {
    "truncated": (Reply(body=WEBP, delivery=Delivery.TRUNCATED), Transient),
    "cut": (Reply(delivery=Delivery.CUT_AFTER), Transient),
    "silent": (Reply(delivery=Delivery.SILENT), Transient),
    "storage is down": (Reply(status=503), Transient),
    "link is stale": (Reply(status=403, body=XML), Transient),
    "vanished": (Reply(status=404, body=XML), Permanent),
    "vanished, politely": (Reply(status=200, body=XML), Permanent),
    "html": (Reply(status=200, body=HTML, headers={"Content-Type": "image/webp"}), Permanent),
    "empty": (Reply(body=b""), Permanent),
    "redirect": (Reply(status=302, headers=ELSEWHERE), Permanent),
}


@pytest.mark.parametrize("fault", PICTURE_FAULTS)
async def test_a_picture_that_does_not_arrive_is_told_apart(linking, host, storage, fault):
    reply, expected = PICTURE_FAULTS[fault]
    storage.always_says(reply)

    async with linking.open(host, reply=reply) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.fetch(item(link(storage)))

    assert isinstance(caught.value, expected)


async def test_too_large_a_picture_is_not_read_to_its_end(linking, host, storage):
    storage.says(Reply(body=WEBP + b"\0" * PICTURE_BYTES_MAX, delivery=Delivery.STALLED))

    async with linking.open(host) as provider:
        with pytest.raises(Permanent, match="too large"):
            await provider.fetch(item(link(storage)))


async def test_a_picture_on_a_host_that_is_not_listed_is_left_there(case, host, storage):
    async with case.open(host, hosts=("*.pictures.example",)) as provider:
        with pytest.raises(Permanent):
            await provider.fetch(item(link(storage)))

    assert storage.calls == []


async def test_cancelling_what_is_gone_is_harmless(case, host):
    host.says(as_json({"message": "not found", "rc": "RequestNotFound"}, status=404))

    async with case.open(host) as provider:
        await provider.cancel(case.remote, key=KEY)

    assert len(host.calls) == case.has_cancel


async def test_no_cookie_comes_back(case, host):
    by_name = host.origin.replace("127.0.0.1", "localhost")  # no jar takes a bare address's cookies
    host.says(
        *(Reply(body=one.body, headers={"Set-Cookie": "track=me"}) for one in case.working),
        *case.working,
    )

    async with FACTORIES[case.name](config(by_name)) as provider:
        await case.reads(provider)
        await case.reads(provider)

    assert all("cookie" not in call.headers for call in host.calls)


async def test_the_environments_proxy_is_not_used(case, host, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    host.says(*case.working)

    async with case.open(host) as provider:
        assert isinstance(await case.reads(provider), Working | Holder)
