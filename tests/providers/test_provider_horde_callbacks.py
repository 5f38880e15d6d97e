"""What the Horde is told about calling back, what its calls say, and the end asked for at once."""

import json
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.errors import BotError
from bot.domain.requests import PictureRequest
from bot.providers.base import Callback, Ended, Ending, Finished, Inputs, Working
from bot.providers.horde.payload import to_payload
from tests.providers.provider_cases import CASES, KEY, NOW, REMOTE_ID
from tests.providers.recorded_answers import exchange, replay
from tests.providers.scripted_host import as_json

CASE = CASES["horde"]
SECRET = "MARKED.callback-secret"
URL = f"https://bot.example/callbacks/horde/{SECRET}"
CALLED = Inputs(callback_url=URL)
TWO = replace(CASE.remote, total=2)


def call(name, **changes):
    recorded = exchange(name)["request"]
    body = recorded["json"] | changes
    return Callback(headers=recorded["headers"], body=json.dumps(body).encode())


# ---------------------------------------------------------------- submit


def test_the_address_goes_along_with_a_submit_and_with_nothing_else():
    request = PictureRequest(prompt="a cat")

    assert to_payload(request, CALLED)["webhook"] == URL
    assert "webhook" not in to_payload(request, Inputs())
    assert "webhook" not in to_payload(request, CALLED, is_dry_run=True)


@pytest.mark.parametrize("rc", ["BadRequest", ""])
async def test_a_refusal_that_repeats_the_address_does_not_show_it(horde, host, rc):
    body = {"message": f"webhook {URL} ({SECRET})", "rc": rc, "errors": {"webhook": URL}}
    host.says(as_json(body, status=400))

    with pytest.raises(BotError) as caught:
        await horde.submit(CASE.request, key=KEY, inputs=CALLED, now=NOW)

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(CALLED)


# ---------------------------------------------------------------- calls


def test_a_recorded_call_names_the_request_and_the_picture(horde):
    recorded = exchange("webhook_image")["request"]["json"]
    news = horde.read_callback(call("webhook_image"))

    assert (news.provider, news.remote_id) == ("horde", recorded["request"])
    assert (news.item.id, news.item.url) == (recorded["id"], recorded["img"])
    assert news.item.seed == "1234"
    assert recorded["img"] not in repr(news)
    assert recorded["request"] not in repr(news)


def test_a_call_may_carry_the_picture_itself(horde):
    news = horde.read_callback(call("webhook_image_base64"))

    assert news.item.data.startswith(b"RIFF")
    assert news.item.url is None


def test_a_withheld_picture_is_announced_without_its_placeholder(horde):
    news = horde.read_callback(call("webhook_image", censored=True))

    assert news.item.is_withheld
    assert (news.item.url, news.item.data) == (None, None)


@pytest.mark.parametrize(
    "name", ["webhook_image", "webhook_image_base64", "webhook_image_basic_auth"]
)
def test_every_recorded_call_about_a_picture_is_read(horde, name):
    assert horde.read_callback(call(name)) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        b'{"id": "x"}',
        b'{"request": "r"}',
        b'{"id": "", "request": "r"}',
        b'{"id": "x", "request": "../find_user"}',
        b'{"id": {"$gt": ""}, "request": "r"}',
        b"[" * 200_000,
    ],
    ids=range(10),
)
def test_what_is_no_call_is_no_news(horde, body):
    assert horde.read_callback(Callback(headers={}, body=body)) is None


def test_a_call_that_cannot_be_read_leaves_none_of_its_words_in_the_log(horde, caplog):
    caplog.set_level("DEBUG")
    horde.read_callback(Callback(headers={}, body=b'{"id": 1, "img": "MARKED-link"}'))

    assert "callback cannot be read" in caplog.text
    assert "MARKED" not in "".join(str(record.__dict__) for record in caplog.records)


# ---------------------------------------------------------------- the end asked for at once


async def test_an_expected_end_costs_one_call(horde, host):
    host.says(replay("status_done_two_images"))

    seen = await horde.poll(TWO, key=KEY, expects_end=True)

    assert isinstance(seen, Finished)
    assert len(seen.items) == 2
    assert [call.path for call in host.calls] == [f"/api/v2/generate/status/{REMOTE_ID}"]


async def test_an_end_that_is_none_yet_lists_what_is_there(horde, host):
    status = exchange("status_done_two_images")["response"]["json"]
    one = {"finished": 1, "waiting": 1, "done": False, "generations": status["generations"][:1]}
    host.says(as_json(status | one))

    seen = await horde.poll(TWO, key=KEY, expects_end=True)

    assert isinstance(seen, Working)
    assert [item.id for item in seen.items] == [status["generations"][0]["id"]]


async def test_an_ordinary_look_counts_and_lists_nothing(horde, host):
    host.says(replay("check_queued"))

    seen = await horde.poll(TWO, key=KEY)

    assert seen.items is None


async def test_an_expected_end_of_a_request_that_is_gone_is_its_expiry(horde, host):
    host.says(as_json({"message": "gone", "rc": "RequestNotFound"}, status=404))

    seen = await horde.poll(TWO, key=SecretStr("x"), expects_end=True)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.EXPIRED
