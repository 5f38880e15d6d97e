import pytest

from bot.domain.askers import Asker
from bot.domain.credits import member_account, server_account
from bot.domain.jobs import UserId
from bot.domain.keys import KeyKind
from bot.domain.payers import WHOLE_SERVER, PayRule, who_pays

ANN = UserId(1)
MEMBER, POOL = member_account(1), server_account(44)


def asker(**changes):
    return Asker(**{"id": ANN, "guild_id": 44, "channel_id": 7, **changes})


@pytest.mark.parametrize(
    ("rule", "payers"),
    [
        (PayRule.MEMBER, (MEMBER,)),
        (PayRule.SERVER, (POOL,)),
        (PayRule.SERVER_FIRST, (POOL, MEMBER)),
    ],
)
def test_a_server_says_who_pays(rule, payers):
    assert who_pays(asker(), rules={WHOLE_SERVER: rule}, key_kind=KeyKind.SERVICE) == payers


def test_where_nothing_is_said_members_pay():
    assert who_pays(asker(), rules={}, key_kind=KeyKind.SERVICE) == (MEMBER,)


def test_in_direct_messages_members_pay_whatever_a_server_says():
    rules = {WHOLE_SERVER: PayRule.SERVER}

    assert who_pays(asker(guild_id=None), rules=rules, key_kind=KeyKind.SERVICE) == (MEMBER,)


def test_a_channels_own_rule_goes_before_the_servers_and_a_threads_before_both():
    rules = {WHOLE_SERVER: PayRule.SERVER, 7: PayRule.MEMBER, 8: PayRule.SERVER_FIRST}

    def payers(**place):
        return who_pays(asker(**place), rules=rules, key_kind=KeyKind.SERVICE)

    assert payers(channel_id=6) == (POOL,)
    assert payers(channel_id=7) == (MEMBER,)
    assert payers(channel_id=70, parent_channel_id=7) == (MEMBER,)
    assert payers(channel_id=8, parent_channel_id=7) == (POOL, MEMBER)


def test_a_members_own_key_asks_nobody_and_a_servers_key_asks_as_ever():
    rules = {WHOLE_SERVER: PayRule.SERVER}

    assert who_pays(asker(), rules=rules, key_kind=KeyKind.MEMBER) == ()
    assert who_pays(asker(), rules=rules, key_kind=KeyKind.SERVER) == (POOL,)
