"""For whom a service account asks, and that nobody else is asked about."""

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.domain.errors import Transient
from bot.domain.jobs import UserId
from bot.domain.requests import AlchemyRequest, BlobId, Form, PictureRequest, TextRequest
from bot.jobs.pseudonyms import Pseudonyms
from bot.providers.base import Inputs
from bot.providers.horde import Horde
from bot.providers.horde.catalog import ANONYMOUS_KEY
from tests.providers.provider_cases import KEY, NOW, WEBP
from tests.providers.recorded_answers import exchange
from tests.providers.scripted_host import Reply, ScriptedHost, as_json

FOR_ANN = Inputs(source=WEBP, on_behalf_of="0123abcd")
PICTURE = PictureRequest(prompt="a cat")
REQUESTS = {
    "picture": PICTURE,
    "text": TextRequest(prompt="x", length=80),
    "alchemy": AlchemyRequest(picture=BlobId("a" * 64), forms=(Form.CAPTION,)),
}
ACCEPTED = as_json({"id": "deadbeef-77c2-4e0a-8bad-5eed5eed5eed", "kudos": 1.0}, status=202)


def account(*, is_service: bool) -> Reply:
    recorded = exchange("find_user_idle")["response"]["json"]
    return as_json({**recorded, "service": is_service})


async def submit(horde: Horde, request=PICTURE, *, inputs=FOR_ANN, key=KEY, now=NOW) -> None:
    await horde.submit(request, key=key, inputs=inputs, now=now)


def sent(host: ScriptedHost) -> list[dict]:
    return [json.loads(call.body) for call in host.calls if call.method == "POST"]


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_service_account_tells_for_whom_every_kind_of_request_is(horde, host, kind):
    host.says(account(is_service=True), ACCEPTED)

    await submit(horde, REQUESTS[kind])

    assert [body["proxied_account"] for body in sent(host)] == ["0123abcd"]


async def test_any_other_account_tells_nothing(horde, host):
    host.says(account(is_service=False), ACCEPTED)

    await submit(horde)

    assert "proxied_account" not in sent(host)[0]


async def test_an_account_is_asked_once_an_hour_what_it_is(horde, host):
    host.says(account(is_service=True), ACCEPTED, ACCEPTED, account(is_service=False), ACCEPTED)

    await submit(horde)
    await submit(horde, now=NOW + timedelta(minutes=59))
    await submit(horde, now=NOW + timedelta(minutes=61))

    assert ["proxied_account" in body for body in sent(host)] == [True, True, False]


@pytest.mark.parametrize("inputs, key", [(FOR_ANN, SecretStr(ANONYMOUS_KEY)), (Inputs(), KEY)])
async def test_nobody_is_asked_where_it_does_not_matter(horde, host, inputs, key):
    host.says(ACCEPTED)

    await submit(horde, inputs=inputs, key=key)

    assert [call.method for call in host.calls] == ["POST"]


async def test_an_account_that_does_not_answer_tells_nothing_and_is_asked_again_soon(horde, host):
    host.says(as_json({}, status=500), ACCEPTED, account(is_service=True), ACCEPTED)

    await submit(horde)
    await submit(horde, now=NOW + timedelta(minutes=2))

    assert ["proxied_account" in body for body in sent(host)] == [False, True]


async def test_a_service_that_is_none_any_more_is_sent_again_without_a_name(horde, host):
    refused = as_json({"message": "no", "rc": "OnlyServiceAccountProxy."}, status=400)
    host.says(account(is_service=True), refused, account(is_service=False), ACCEPTED)

    with pytest.raises(Transient):
        await submit(horde)
    await submit(horde)

    assert ["proxied_account" in body for body in sent(host)] == [True, False]


def test_a_name_is_the_same_for_one_member_at_one_provider_and_tells_nothing():
    names = Pseudonyms(b"k" * 32)
    ann, bob = UserId(81000000000000001), UserId(81000000000000002)

    name = names.of(ann, provider="horde")

    assert name == names.of(ann, provider="horde")
    assert str(ann) not in name
    assert len({name, names.of(bob, provider="horde"), names.of(ann, provider="aime")}) == 3
    assert name != Pseudonyms(b"l" * 32).of(ann, provider="horde")
