"""A community on stage: a small Discord, a small AI Horde, and the real service between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot import app
from bot.bench.free_ports import free_port
from bot.client import sync
from bot.domain.clock import SystemClock
from bot.domain.credits import CREDIT, TransferKind, member_account
from bot.sandbox.discord.cards import Card
from bot.sandbox.discord.community import Community
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.discord.shown import Shown
from bot.sandbox.discord.world import Channel
from bot.sandbox.providers.horde import SandboxHorde
from bot.sandbox.providers.hosts import Host, open_host
from bot.service import Service
from bot.settings import Settings, load

SPEED = 20.0  # the small Horde's queue, caches and limits run so many times faster than the wall
STOP_S = 20.0
WAIT_S = 20.0


class TravelClock(SystemClock):
    """The service's time: real, and pushed ahead where a story would have to wait."""

    def __init__(self):
        super().__init__()
        self._ahead = timedelta()
        self._travelled = asyncio.Event()

    def now(self):
        return super().now() + self._ahead

    async def sleep(self, seconds):
        until = self.now() + timedelta(seconds=seconds)
        while (left_s := (until - self.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._travelled.wait()

    def travel(self, seconds):
        self._ahead += timedelta(seconds=seconds)
        travelled, self._travelled = self._travelled, asyncio.Event()
        travelled.set()


@dataclass(kw_only=True)
class Stage:
    """Everything a story needs; `ann` and `bob` are members, `mod` may manage messages, `chief` the server."""

    discord: SandboxDiscord
    horde: SandboxHorde
    data_dir: Path
    guild: Community
    channel: Channel
    ann: Person
    bob: Person
    mod: Person
    chief: Person
    environment: dict[str, str] = field(default_factory=dict)
    wrap_database: app.Wrap = field(default=lambda database: database)
    clock: TravelClock = field(default_factory=TravelClock)
    service: Service | None = None

    @property
    def settings(self) -> Settings:
        return load(self.variables())

    def variables(self) -> dict[str, str]:
        return {
            "DISCORD_TOKEN": self.discord.bot_token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DISCORD_CDN_URL": self.discord.cdn_url,
            "HORDE_URL": self.horde.url,
            "HORDE_SUBMITS_PER_SECOND": str(int(2 * SPEED)),
            "HORDE_SUBMITS_PER_MINUTE": str(int(90 * SPEED)),
            "HORDE_DOWNLOAD_HOSTS": "127.0.0.1",
            "EASEL_ALLOW_PRIVATE_HOSTS": "true",
            "EASEL_DATA_DIR": str(self.data_dir),
            "EASEL_POLL_INTERVAL_S": "0.1",
            "EASEL_EDIT_INTERVAL_S": "0.1",
            "EASEL_DRAIN_S": "10",
            **self.environment,
        }

    @asynccontextmanager
    async def beside(self, provider: str) -> AsyncIterator[Host]:
        """Open a small provider and lead the service to it; the Horde goes on being offered."""
        async with open_host(provider, speed=SPEED) as host:
            self.environment.update(host.settings)
            yield host

    def may_be_called(self) -> None:
        """Let the service have an address that providers may call."""
        port = free_port()
        self.environment |= {
            "EASEL_WEB_PORT": str(port),
            "EASEL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }

    @asynccontextmanager
    async def playing(self) -> AsyncIterator["Stage"]:
        """Run the service until the block ends; it may be entered again: that is a restart."""
        settings, stop = self.settings, asyncio.Event()
        async with app.open_service(
            settings, clock=self.clock, wrap_database=self.wrap_database
        ) as service:
            self.service = service
            running = asyncio.create_task(service.serve(stop))
            try:
                await self._ready(service, running)
                yield self
            finally:
                stop.set()
                async with asyncio.timeout(STOP_S):
                    await running

    async def _ready(self, service: Service, running: asyncio.Task) -> None:
        ready = asyncio.ensure_future(self.discord.until_ready())
        await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        await ready
        await sync(service.bot, known_hash=None)
        await service.catalogue.refresh()

    async def time_passes(self, seconds: float) -> None:
        """Push the service's clock ahead and let it look at its open jobs; Discord's stays."""
        self.clock.travel(seconds)
        for job_id in await self.service.database.read(lambda tx: tx.jobs.open_ids()):
            self.service.dispatch.wake(job_id, at=SystemClock().now())  # before any booked moment

    async def brings_key(self, person: Person, key: str, *, kudos: float = 500) -> Card:
        """Let a member bring a key that the provider knows; return the answer to it."""
        self.horde.add_key(key, username=f"{person.user.name}#77", kudos=kudos)
        form = await person.runs("/key set", provider="horde")
        answer = await person.submits(form, key=key)
        await answer.until(lambda version: version.shows("It works."))
        return answer

    # ------------------------------------------------------------ what is true

    async def job(self, card: Card):
        """Return the newest job shown on a card."""
        assert self.service is not None
        ids = await self.service.database.read(lambda tx: tx.jobs.newest(50))
        jobs = [await self.service.tracker.get(job_id) for job_id in ids]
        return next(job for job in jobs if job.target.message_id == int(card.id))

    async def moves(self, card: Card) -> list[str]:
        job = await self.job(card)
        found = await self.service.database.read(lambda tx: tx.jobs.moves(job.id))
        return [str(state) for state, _ in found]

    async def balance(self, person: Person):
        account = member_account(int(person.id))
        return await self.service.database.read(lambda tx: tx.credits.balance(account))

    async def credits(self, person: Person) -> float:
        """Return what a person can spend, in whole credits."""
        return (await self.balance(person)).available / CREDIT

    async def until_settled(self, card: Card) -> None:
        """Wait for the write that follows the last edit."""
        async with asyncio.timeout(WAIT_S):
            while (await self.job(card)).is_open:
                await asyncio.sleep(0.01)

    async def audit(self) -> tuple[str, ...]:
        return await self.service.database.read(lambda tx: tx.credits.audit())

    async def nothing_began(self) -> bool:
        """Tell whether no job was taken in, no credit moved and nobody was asked for a picture."""
        jobs = await self.service.database.read(lambda tx: tx.jobs.newest(1))
        account = member_account(int(self.ann.id))
        moved = await self.service.database.read(lambda tx: tx.credits.statement(account, limit=9))
        held = [row for row in moved if row.kind is not TransferKind.ALLOWANCE]
        return not (jobs or held or self.calls("POST", "/generate/async"))

    def calls(self, method: str, pattern: str) -> int:
        """Count what the provider was asked."""
        return sum(call.fits(method, pattern) for call in self.horde.calls)

    def edits(self, card: Card) -> int:
        """Count the edits that a card has had, whichever way they came."""
        return len(card.versions) - 1

    def message_bodies(self) -> list[dict[str, Any]]:
        """Return every message as the service wrote it, first answers and edits alike."""
        bodies = [request.body for request in self.discord.requests if request.body]
        return [body.get("data", body) for body in bodies if isinstance(body, dict)]


async def until_sent(stage: Stage, jobs: int) -> None:
    """Wait until the provider has so many requests."""
    await until(lambda: len(stage.horde.truth.jobs) >= jobs)


async def until(is_so: Callable[[], object]) -> None:
    """Wait for something that happens beside the cards."""
    async with asyncio.timeout(WAIT_S):
        while not is_so():
            await asyncio.sleep(0.01)


def done(version: Shown) -> bool:
    return version.shows("Done")


def titled(title: str) -> Callable[[Shown], bool]:
    return lambda version: version.shows(f"### {title}")
