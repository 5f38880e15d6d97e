"""Accounts at the Horde, and kudos that are given away."""

import json

import pytest

from bot.domain.errors import Ambiguous, InvalidRequest, KeyRejected, RateLimited
from bot.domain.kudos import receiver_named
from bot.providers.horde import Horde
from tests.providers.provider_cases import KEY
from tests.providers.recorded_answers import exchange, replay
from tests.providers.scripted_host import Delivery, Reply, as_json


async def give(horde: Horde, amount: int = 10) -> None:
    await horde.give(KEY, to="someuser#2", amount=amount, once="easel-1")


async def test_an_account_is_told_in_words_and_figures(horde, host):
    host.says(replay("find_user_with_active_image"))

    account = await horde.account(KEY)

    assert (account.name, account.balance, account.unit) == ("someuser#2", 47.0, "kudos")
    assert (account.waiting_max, account.is_service, account.marks) == (30, False, ())
    assert dict(account.figures)["Asked for"] == "1 pictures, 0 texts, 0 forms of alchemy"


async def test_an_account_says_what_the_horde_thinks_of_it(horde, host):
    recorded = exchange("find_user_idle")["response"]["json"]
    host.says(as_json({**recorded, "service": True, "trusted": True, "records": {}}))

    account = await horde.account(KEY)

    assert account.marks == ("trusted", "service account")
    assert account.is_service


async def test_an_unknown_key_is_no_account(horde, host):
    host.says(replay("error_404_find_user_echoes_key"))

    with pytest.raises(KeyRejected):
        await horde.account(KEY)


async def test_a_gift_is_sent_as_it_was_recorded(horde, host):
    recorded = exchange("kudos_transfer_ok")
    host.says(replay("kudos_transfer_ok"))

    await give(horde)

    (call,) = host.calls
    assert (call.method, call.path) == ("POST", "/api/v2/kudos/transfer")
    assert json.loads(call.body) == recorded["request"]["json"]
    assert call.headers["idempotency-key"] == "easel-1"
    assert call.headers["apikey"] == KEY.get_secret_value()


@pytest.mark.parametrize(
    "name, words",
    [
        ("kudos_transfer_error_from_anonymous", "from Anonymous"),
        ("kudos_transfer_error_too_fast", "at least 1 minute"),
    ],
)
async def test_a_refusal_keeps_the_hordes_own_words(horde, host, name, words):
    host.says(replay(name))

    with pytest.raises(InvalidRequest, match=words):
        await give(horde)


async def test_the_limiter_is_no_refusal(horde, host):
    host.says(replay("error_429_limiter"))

    with pytest.raises(RateLimited):
        await give(horde)


@pytest.mark.parametrize("delivery", [Delivery.CUT_AFTER, Delivery.TRUNCATED])
async def test_a_gift_without_a_whole_answer_may_have_arrived(horde, host, delivery):
    host.says(Reply(body=b"{", delivery=delivery))

    with pytest.raises(Ambiguous):
        await give(horde)

    assert len(host.calls) == 1


@pytest.mark.parametrize("typed", ["someuser#2", "  a b#12 ", "münze#1"])
def test_a_receiver_is_named_with_its_number(typed):
    assert receiver_named(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    ["someuser", "#2", "a#b", "a#2#3", "fa4efa4e-0000-4000-8000-00005ea4edfe", "a\nb#2", ""],
)
def test_whatever_else_is_typed_is_no_receiver(typed):
    with pytest.raises(InvalidRequest):
        receiver_named(typed)
