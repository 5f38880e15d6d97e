"""Listens to every answer of Discord's REST for what it says about limits.

discord.py keeps its own buckets, but first come, first served; `bot.ui.edit_queue` decides who goes
first, so it has to know what is left before discord.py would make anybody wait. All of the
library's calls, those by an interaction's token included, go through one aiohttp session.
"""

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp

from bot.domain.clock import Clock
from bot.ui.edit_budgets import EditBudgets, Place, Refusal, Room
from bot.ui.strange_answers import JSON, check, seconds_of

log = logging.getLogger(__name__)

WALL_PAUSE_S = 5.0  # of a block in front of Discord that does not say how long it lasts

# Discord, "Rate Limits": channel, guild, and webhook with token are counted apart.
_MAJOR = re.compile(
    r"/(?:(?P<family>channels|guilds)/(?P<id>\d+)"
    r"|(?P<hook>webhooks|interactions)/\d+/(?P<token>[^/]+))(?P<rest>(?:/.*)?)$"
)
_NAMES = re.compile(r"/(?:\d+|@original)(?=/|$)")


def place_of(method: str, path: str) -> Place:
    """Return where a request counts: by its route, and the channel, server or token in it."""
    found = _MAJOR.search(path)
    if found is None:
        return Place(f"{method} {_NAMES.sub('/…', path)}", "")
    family, rest = found["family"] or found["hook"], _NAMES.sub("/…", found["rest"])
    return Place(f"{method} /{family}{rest}", found["id"] or found["token"])


def token_place(token: str) -> Place:
    """Return where edits of an interaction's answer count."""
    return Place("PATCH /webhooks/messages/…", token)


def channel_place(channel_id: int) -> Place:
    """Return where the bot's own edits in a channel count."""
    return Place("PATCH /channels/messages/…", str(channel_id))


def listening(budgets: EditBudgets, clock: Clock) -> aiohttp.TraceConfig:
    """Return what a client has to be built with so that `budgets` learn from its answers."""

    async def began(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.asked_at = clock.now()

    async def ended(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        place = place_of(params.method, params.url.path)
        body = await _refusing(params.response)
        try:
            room = room_of(params.response.headers)
            if room is not None:
                budgets.learn(place, room, asked_at=context.asked_at, now=clock.now())
            _heed(budgets, place, params.response, body, now=clock.now())
        except ValueError as error:
            log.warning("a limit could not be read", extra={"at": str(place), "why": str(error)})
        check(place, params.response, body)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(began)
    trace.on_request_end.append(ended)
    return trace


async def _refusing(response: aiohttp.ClientResponse) -> Any:
    """Return what a 429 says; None for what is no JSON, and for every other answer."""
    if response.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    await response.read()  # kept by aiohttp, so discord.py reads it again
    try:
        return await response.json() if response.content_type == JSON else None
    except ValueError:
        return None


def _heed(
    budgets: EditBudgets,
    place: Place,
    response: aiohttp.ClientResponse,
    body: Any,
    *,
    now: datetime,
) -> None:
    """Close what a 429 closes."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        refusal = refusal_of(response.headers, body)
        if refusal is not None:
            budgets.refuse(place, refusal, now=now)


def room_of(headers: Mapping[str, str]) -> Room | None:
    """Read the state of a bucket; None where an answer does not tell it all."""
    names = ("Bucket", "Limit", "Remaining", "Reset-After")
    bucket, limit, remaining, reset_after_s = (headers.get(f"X-RateLimit-{name}") for name in names)
    if bucket is None or limit is None or remaining is None or reset_after_s is None:
        return None
    return Room(
        bucket=bucket,
        limit=int(limit),
        remaining=int(remaining),
        reset_after_s=seconds_of(reset_after_s),
    )


def refusal_of(headers: Mapping[str, str], body: Any) -> Refusal | None:
    """Read a 429; None when it is not about requests, such as 30046 (too many edits of one message).

    What comes without JSON comes from the gate in front of Discord and concerns everybody.
    """
    if not isinstance(body, dict):
        wait_s = seconds_of(headers.get("Retry-After", WALL_PAUSE_S))
        return Refusal(retry_after_s=wait_s, is_global=True)
    if body.get("code"):
        return None
    wait_s = seconds_of(body.get("retry_after") or headers.get("Retry-After") or 0)
    is_global = body.get("global") or headers.get("X-RateLimit-Scope") == "global"
    return Refusal(retry_after_s=wait_s, is_global=bool(is_global))
