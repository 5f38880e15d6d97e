"""What holds for every provider when its service says no, or nonsense, or never comes to an end."""

import json
from dataclasses import replace

import pytest

from bot.domain.errors import (
    Ambiguous,
    BotError,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProviderError,
    RateLimited,
    Transient,
    UserError,
)
from bot.providers.base import Ended, Finished, Working
from tests.providers.provider_cases import CASES, KEY, NOW, Case, item, link
from tests.providers.scripted_host import Delivery, Reply, as_json

DRIPPING = Reply(body=b"{", delivery=Delivery.DRIPPING)
NONSENSE = (None, [], {}, -1, 1e300, True, "", "\x00\ud800", [None], {"x": {}})


@pytest.fixture(params=sorted(name for name, one in CASES.items() if one.broke is not None))
def paid(request: pytest.FixtureRequest) -> Case:
    """A provider that wants to be paid."""
    return CASES[request.param]


@pytest.fixture(params=sorted(name for name, one in CASES.items() if one.strange is not None))
def naming(request: pytest.FixtureRequest) -> Case:
    """A provider that names its states."""
    return CASES[request.param]


def is_document(reply):
    return reply.headers.get("Content-Type", "").startswith("application/json")


@pytest.fixture(
    params=sorted(
        name for name, one in CASES.items() if one.polls and is_document(one.over("")[-1])
    )
)
def documented(request: pytest.FixtureRequest) -> Case:
    """A provider whose result is a document, with pictures in it or links to them."""
    return CASES[request.param]


async def submit(case, provider):
    return await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)


async def test_an_account_that_cannot_pay_is_no_reason_to_try_again(paid, host):
    host.says(paid.broke)

    async with paid.open(host) as provider:
        with pytest.raises((UserError, Permanent)) as caught:
            await submit(paid, provider)

    assert not isinstance(caught.value, KeyRejected)
    assert KEY.get_secret_value() not in str(caught.value)
    assert len(host.calls) == 1


async def test_a_parameter_that_it_does_not_take_is_told_to_the_member(case, host):
    host.says(case.invalid)

    async with case.open(host) as provider:
        with pytest.raises(InvalidRequest) as caught:
            await submit(case, provider)

    assert provider.title in str(caught.value)


async def test_a_limit_without_a_time_is_a_limit_all_the_same(case, host):
    bare = {name: text for name, text in case.slow_down.headers.items() if name != "Retry-After"}
    host.says(replace(case.slow_down, headers=bare))

    async with case.open(host) as provider:
        with pytest.raises(RateLimited):
            await submit(case, provider)


async def test_a_submit_whose_answer_drips_for_ever_is_ambiguous(case, host):
    host.always_says(DRIPPING)

    async with case.open(host, reply=DRIPPING) as provider:
        with pytest.raises(Ambiguous):
            await submit(case, provider)


async def test_a_poll_whose_answer_drips_for_ever_is_worth_another_try(polling, host):
    host.always_says(DRIPPING)

    async with polling.open(host, reply=DRIPPING) as provider:
        with pytest.raises(Transient):
            await provider.poll(polling.remote, key=KEY)


async def test_a_picture_that_drips_for_ever_is_given_up(linking, host, storage):
    storage.always_says(DRIPPING)

    async with linking.open(host, reply=DRIPPING) as provider:
        with pytest.raises(Transient):
            await provider.fetch(item(link(storage)))


async def test_a_picture_on_a_private_address_is_left_there(linking, host, storage):
    async with linking.open(host, allow_private=False) as provider:
        with pytest.raises(ProviderError):
            await provider.fetch(item(link(storage)))

    assert storage.calls == []


async def test_an_unknown_state_means_that_it_goes_on(naming, host):
    host.says(naming.strange)

    async with naming.open(host) as provider:
        assert isinstance(await provider.poll(naming.remote, key=KEY), Working)


def spoilt(reply):
    """Return a reply again and again, each time with one field missing or turned to nonsense."""
    body = json.loads(reply.body)
    for path in paths(body):
        yield replace(reply, body=json.dumps(without(body, path)).encode())
        for value in NONSENSE:
            yield replace(reply, body=json.dumps(put(body, path, value)).encode())


def paths(value, so_far=()):
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for key, one in inner:
        yield (*so_far, key)
        yield from paths(one, (*so_far, key))


def without(value, path):
    copy = json.loads(json.dumps(value))
    *way, last = path
    inner = copy
    for key in way:
        inner = inner[key]
    del inner[last]
    return copy


def put(value, path, new):
    copy = json.loads(json.dumps(value))
    *way, last = path
    inner = copy
    for key in way:
        inner = inner[key]
    inner[last] = new
    return copy


async def test_whatever_an_accepted_submit_says_is_read_or_refused_as_ours(case, host):
    async with case.open(host) as provider:
        for reply in spoilt(case.accepted):
            host.says(reply)
            try:
                accepted = await submit(case, provider)
            except BotError:
                continue
            assert accepted.remote.total == 1


async def test_whatever_a_look_says_is_read_or_refused_as_ours(polling, host):
    async with polling.open(host) as provider:
        for reply in spoilt(polling.working[0]):
            host.says(reply)
            host.always_says(reply)
            try:
                seen = await provider.poll(polling.remote, key=KEY)
            except ProviderError:
                continue
            assert isinstance(seen, Working | Finished | Ended)


async def test_whatever_stands_in_a_result_is_read_or_refused_as_ours(documented, host, storage):
    *before, last = documented.over(link(storage))
    async with documented.open(host) as provider:
        for reply in spoilt(last):
            host.says(*before, reply)
            host.always_says(as_json({"detail": "not found"}, status=404))
            try:
                seen = await provider.poll(documented.remote, key=KEY)
            except ProviderError:
                continue
            finally:
                host.forget()
            assert isinstance(seen, Working | Finished | Ended)
