"""Answers that discord.py would stumble over, told apart before it reads them.

discord.py 2.7.1 takes a 429 that came through a proxy (`Via`) for an object with `retry_after`, and
the answer to an edit for a message: on anything else, such as a page of whoever stands in front of
Discord, it raises `TypeError` or `KeyError`. And it waits out any `retry_after` with the lock of an
interaction's token held, be it an hour.
"""

import math
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.ui.edit_budgets import Place

PATIENCE_S = 15.0  # a longer wait is left to the caller, who can do something else meanwhile
WAIT_S_MAX = 24 * 3600.0
EDITS = frozenset({"PATCH /webhooks/messages/…", "PATCH /channels/messages/…"})
JSON = "application/json"


class StrangeAnswer(aiohttp.ClientError):
    """Nothing to go by, as if the answer had been lost; the same request is worth another try."""

    def __init__(self, why: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


def seconds_of(told: object) -> float:
    """Read a length of time; `ValueError` for what is none, and a day at most."""
    seconds = float(told) if isinstance(told, int | float | str) else math.nan
    if not math.isfinite(seconds):
        raise ValueError("not a finite number of seconds")
    return min(max(seconds, 0.0), WAIT_S_MAX)


def check(place: Place, response: aiohttp.ClientResponse, body: Any) -> None:
    """Let an answer pass that discord.py can read and act on at once; `body` is that of a 429.

    Raises `StrangeAnswer`; also for an edit that discord.py would let wait for long.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        if response.headers.get("Via"):  # else discord.py raises what the caller understands
            _check_refusal(place, body)
    elif place.route in EDITS and _is_good(response) and response.content_type != JSON:
        response.close()
        raise StrangeAnswer(f"an edit was answered with {response.status} and no message")


def _check_refusal(place: Place, body: Any) -> None:
    told = body.get("retry_after") if isinstance(body, dict) else None
    if isinstance(told, str):  # discord.py would sleep on it
        raise StrangeAnswer("a 429 says in words for how long")
    try:
        wait_s = seconds_of(told)
    except ValueError:
        raise StrangeAnswer("a 429 does not say for how long") from None
    if place.route in EDITS and wait_s > PATIENCE_S and not body.get("global"):
        raise StrangeAnswer("an edit has to wait for long", retry_after_s=wait_s)


def _is_good(response: aiohttp.ClientResponse) -> bool:
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
