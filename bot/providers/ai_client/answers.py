"""What the entries of a thread say about the one request in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.providers.ai_client.wire import TITLE, Entry
from bot.providers.base import Ended, Ending, Finished, Item, Observation, Working
from bot.providers.reading import explained

ENTRY = "entry"
"""Under this name a `Remote` keeps the request's own id, beside its thread's."""

_ABOUT_CONTENT = re.compile(r"polic|moderat|safety|flagged|inappropriate|nsfw", re.IGNORECASE)


def with_entry(thread: Remote, entry: Entry) -> Remote:
    """Return what names a thread and the request in it."""
    return replace(thread, is_empty=False, extras={**thread.extras, ENTRY: entry.guid})


def request_in(entries: Sequence[Entry]) -> Entry | None:
    """Return the request of a thread, once it has arrived."""
    return next((entry for entry in entries if entry.type == "request"), None)


def to_observation(
    entries: Sequence[Entry], remote: Remote, *, secrets: Iterable[SecretStr]
) -> Observation:
    """Judge a thread. Responses name no request, which is why there is one request in each.

    A request that no longer waits and has no response yet is about to have one, or is lost: only
    time can tell.
    """
    request = request_in(entries)
    known = [entry for entry in entries if entry.type in {"request", "response"}]
    failed = next((entry for entry in known if entry.error), None)
    if failed is not None:
        return _failed(explained(failed.error, secrets=secrets))
    responses = [entry for entry in entries if entry.type == "response"]
    if not responses:
        has_stopped = request is not None and request.waiting_response is False
        return Working(is_queued=False, finished=0, total=remote.total, has_stopped=has_stopped)
    items = tuple(item for response in responses for item in _items(response))
    if not items:
        return _ended(f"{TITLE} answered without a picture.")
    return Finished(
        items=items,
        cost=_cost(responses),
        notes=_shortfall(len(items), remote.total),
    )


def _items(response: Entry) -> list[Item]:
    """Name the pictures by response and place: a link may change from one look to the next."""
    return [
        Item(id=f"{response.guid[:8]}-{place}", url=image.url, size_px=image.dimensions)
        for place, image in enumerate(response.images, start=1)
    ]


def _cost(responses: Sequence[Entry]) -> float | None:
    told = [response.credits for response in responses if response.credits is not None]
    return sum(told) if told else None


def _failed(why: str) -> Ended:
    if _ABOUT_CONTENT.search(why):
        return Ended(how=Ending.REFUSED, reason=f"{TITLE}'s content rules refused this: {why}")
    return _ended(f"{TITLE} failed at this: {why}")


def _ended(reason: str) -> Ended:
    return Ended(how=Ending.FAILED, reason=reason)


def _shortfall(came: int, total: int) -> tuple[str, ...]:
    return () if came >= total else (f"{TITLE} delivered {came} of {total} pictures.",)
