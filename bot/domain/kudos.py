"""Kudos of the AI Horde that a member gives away: one gift, confirmed, and carried out once."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UserId

GiftId = NewType("GiftId", str)
"""Made by the caller: the interaction's id."""

AMOUNT_MAX = 50_000_000
CONFIRMED_WITHIN = timedelta(minutes=15)
STALE_AFTER = timedelta(minutes=1)  # then whoever was sending is not any more
RECEIVER = re.compile(r"[^\s#][^#\n]{0,99}#\d{1,12}")


class GiftState(StrEnum):
    """How far a gift is.

    Unsure: it may have arrived. Confirming it again is harmless, because the Horde knows its number.
    """

    ASKED = "asked"
    SENDING = "sending"
    UNSURE = "unsure"
    SENT = "sent"
    REFUSED = "refused"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Who gives how much to whom; the receiver is named "alias#id"."""

    id: GiftId
    owner_id: UserId
    receiver: str
    amount: int
    state: GiftState
    created_at: datetime


def receiver_named(typed: str) -> str:
    """Return a receiver as the Horde spells it.

    Raises:
        InvalidRequest: for what is no account's name. The id of a shared key is none here: whoever
            knows it can spend from it.
    """
    name = typed.strip()
    if not RECEIVER.fullmatch(name):
        raise InvalidRequest("Name the account as the Horde does, with its number: someone#123.")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """An account at a provider as its owner may see it.

    `marks` are what the service says of it, `figures` what else is known, by name; both in words.
    """

    name: str
    balance: float
    unit: str
    waiting_max: int
    is_service: bool = False
    marks: tuple[str, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
