"""What the bare client reaches in the same run: answers, deliveries, memory, start."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.bench.process import BenchFailed, cleaned
from bot.bench.town import KEY, Town, imagine
from bot.bench.usage import Usage, usage_of
from bot.sandbox.discord.cards import Card
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.discord.world import Channel
from bot.sandbox.providers.horde import SandboxHorde

CHANNELS = 20
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A request that the Horde has finished."""

    remote_id: str
    links: Sequence[str]


@dataclass(kw_only=True)
class Bare:
    """The bare client at work in a Discord of its own, with the same Horde's pictures."""

    process: asyncio.subprocess.Process
    discord: SandboxDiscord
    horde: SandboxHorde
    people: list[Person]
    channels: list[Channel]
    ready_s: float

    def usage(self) -> Usage:
        """Look at what it uses now."""
        return usage_of(self.process.pid)

    async def asked(self, prompts: Sequence[str], *, count: int = 1) -> dict[str, Card]:
        """Let as many people type the command at once; return the cards by prompt."""
        cards = await asyncio.gather(
            *(
                imagine(self.people[n], self.channels[n % CHANNELS], prompt, count=count)
                for n, prompt in enumerate(prompts)
            )
        )
        return dict(zip(prompts, cards, strict=True))

    async def delivers(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Have pictures put on cards, by prompt, all at once; return when each began."""
        began: dict[str, float] = (await self._does({"deliver": wanted}))["began"]
        return began

    async def works(self, **wanted: object) -> None:
        """Have it do as much for a job as `wanted` says; see `bare.BareBot.work`."""
        await self._does({"work": wanted})

    async def _does(self, order: Json) -> Json:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.told()

    async def told(self) -> Json:
        """Return the next thing that it says."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            raise BenchFailed("The bare client has ended.")
        told: Json = json.loads(line)
        return told

    def seconds_of(self, card: Card) -> float:
        """Return when a card got its pictures, on `time.monotonic()`."""
        at = card.versions[-1].at.timestamp()
        return at + time.monotonic() - self.discord.clock.now().timestamp()


@asynccontextmanager
async def bare_client(town: Town, *, people: int) -> AsyncIterator[Bare]:
    """Start the bare client and wait until it is online."""
    async with SandboxDiscord(rules=town.discord.rules) as discord:
        community = discord.guild(name="The floor")
        channels = [community.channel(f"floor-{n}") for n in range(CHANNELS)]
        began_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "bot.bench.bare"),
            env=cleaned(town.inherited),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
        )
        bare = Bare(
            process=process,
            discord=discord,
            horde=town.horde,
            people=[community.member(f"Person {n}") for n in range(people)],
            channels=channels,
            ready_s=0.0,
        )
        assert process.stdin is not None
        addresses = {"gateway": discord.gateway_url, "api": discord.api_url}
        notes = town.folder / f"notes-{process.pid}.sqlite3"
        order = {**addresses, "token": discord.bot_token, "notes": str(notes)}
        process.stdin.write(json.dumps(order).encode() + b"\n")
        await bare.told()
        bare.ready_s = time.monotonic() - began_at
        try:
            yield bare
        finally:
            process.stdin.close()
            await process.wait()


async def finished_requests(
    horde: SandboxHorde, payloads: Sequence[Mapping[str, Any]]
) -> list[Drawn]:
    """Have requests drawn at once, and fetch each picture so that none is still to be drawn."""
    timeout = aiohttp.ClientTimeout(total=120)
    with without_limits(horde):
        async with aiohttp.ClientSession(horde.url + "/", timeout=timeout) as session:
            return [await _finished(session, horde, payload) for payload in payloads]


@contextmanager
def without_limits(horde: SandboxHorde) -> Iterator[None]:
    """Let the Horde refuse nobody while the block runs: what asks so often is not measured."""
    is_limited = horde.rules.limited
    horde.switch(limited=False)
    try:
        yield
    finally:
        horde.switch(limited=is_limited)


async def _finished(
    session: aiohttp.ClientSession, horde: SandboxHorde, payload: Mapping[str, Any]
) -> Drawn:
    headers = {"apikey": KEY, "Client-Agent": "bench:1:loopback"}
    async with session.post("generate/async", json=payload, headers=headers) as response:
        accepted = await response.json()
        if response.status != 202:  # noqa: PLR2004 - the Horde's "accepted"
            raise BenchFailed(f"The small Horde refused a request: {accepted}")
    remote_id = accepted["id"]
    horde.finish(remote_id)
    for picture in horde.truth.job(remote_id).delivered:
        await horde.picture(picture.picture_id)
    async with session.get(f"generate/status/{remote_id}") as response:
        status = await response.json()
    links = [generation["img"] for generation in status["generations"]]
    return Drawn(remote_id=remote_id, links=links)
