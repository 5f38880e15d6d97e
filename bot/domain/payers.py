"""Whose credits pay for a job: the member's own, or those of the server where it was asked."""

from collections.abc import Mapping
from enum import StrEnum

from bot.domain.askers import Asker
from bot.domain.credits import AccountId, member_account, server_account
from bot.domain.keys import KeyKind

WHOLE_SERVER = 0
"""Stands where a channel's id could, for a rule of every channel without one of its own."""


class PayRule(StrEnum):
    """Who pays in a place; the value is stored."""

    MEMBER = "member"
    SERVER = "server"
    SERVER_FIRST = "server first"
    """The server as long as it has enough, then the member."""


PayRules = Mapping[int, PayRule]
"""A server's rules by channel; nothing said means that members pay."""


def rule_at(rules: PayRules, asker: Asker) -> PayRule:
    """Return the rule of a place: a thread's own, its channel's, the server's, or the usual one."""
    for place in (asker.channel_id, asker.parent_channel_id, WHOLE_SERVER):
        if place is not None and place in rules:
            return rules[place]
    return PayRule.MEMBER


def who_pays(asker: Asker, *, rules: PayRules, key_kind: KeyKind) -> tuple[AccountId, ...]:
    """Return the accounts that are asked to pay, one after another until one has enough.

    Nobody is asked on a member's own key. On a server's key somebody is: credits are what shares
    that key out among the members.
    """
    if key_kind is KeyKind.MEMBER:
        return ()
    member = member_account(asker.id)
    if asker.guild_id is None:
        return (member,)
    pool = server_account(asker.guild_id)
    match rule_at(rules, asker):
        case PayRule.MEMBER:
            return (member,)
        case PayRule.SERVER:
            return (pool,)
        case PayRule.SERVER_FIRST:
            return (pool, member)
