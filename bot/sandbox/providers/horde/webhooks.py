"""Announce pictures to the address in the request: one sender, few tries, no promises."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from bot.sandbox.clock import Clock

SLOTS = 256  # announcements waiting for the sender; more are lost
WORKED_BELOW = 400
HEADERS = {
    "User-Agent": "python-requests/2.34.2",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One POST to make; the body is made when its turn comes, as it may carry a whole picture."""

    url: str
    remote_id: str
    part_id: str
    body: Callable[[], Awaitable[dict[str, object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What became of it: a status per try, None where nobody answered in time."""

    url: str
    remote_id: str
    part_id: str
    statuses: tuple[int | None, ...]
    at: datetime


class WebhookSender:
    """Sends one announcement after the other, so that a slow receiver delays the rest."""

    def __init__(
        self,
        clock: Clock,
        *,
        sent: list[Announced],
        tries: int,
        timeout_s: float,
        distance_s: float = 0.0,
    ) -> None:
        self._sent = sent
        self._clock = clock
        self._tries = tries
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._way_s = distance_s / 2  # the sender does not wait for it: it is under way meanwhile
        self._slots: asyncio.Queue[Announcement] = asyncio.Queue(SLOTS)

    def announce(self, announcement: Announcement, *, delay_s: float = 0.0) -> None:
        """Have it sent, after `delay_s` of the sandbox's time; lost when all slots are taken."""
        if wait_s := self._clock.real_s(delay_s) + self._way_s:
            asyncio.get_running_loop().call_later(wait_s, self._take, announcement)
        else:
            self._take(announcement)

    def _take(self, announcement: Announcement) -> None:
        if not self._slots.full():
            self._slots.put_nowait(announcement)

    def forget(self) -> None:
        """Lose what waits, as a restart does."""
        while not self._slots.empty():
            self._slots.get_nowait()
            self._slots.task_done()

    async def sent_all(self) -> None:
        """Return when nothing waits any more."""
        await self._slots.join()

    async def run(self) -> None:
        """Send for ever."""
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            headers=HEADERS, cookie_jar=jar, timeout=self._timeout
        ) as session:
            while True:
                announcement = await self._slots.get()
                try:
                    await self._send(session, announcement)
                finally:
                    self._slots.task_done()

    async def _send(self, session: aiohttp.ClientSession, announcement: Announcement) -> None:
        body = await announcement.body()
        statuses: list[int | None] = []
        while len(statuses) < self._tries:
            status = await _post(session, announcement.url, body)
            statuses.append(status)
            if status is not None and status < WORKED_BELOW:
                break
        self._sent.append(
            Announced(
                url=announcement.url,
                remote_id=announcement.remote_id,
                part_id=announcement.part_id,
                statuses=tuple(statuses),
                at=self._clock.now(),
            )
        )


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, object]) -> int | None:
    """Post once, following redirects (302 becomes a GET, 307 stays a POST)."""
    try:
        async with session.post(url, json=body) as answer:
            return answer.status
    except (
        aiohttp.ClientError,
        TimeoutError,
        ValueError,
    ):  # ValueError: an address nobody can call
        return None
