"""Where a measurement takes place: a small Discord, a small AI Horde, and room for the service.

The sandboxes live in the bench's own process, the service in another one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bot.bench.process import BenchFailed, ServiceProcess, cleaned, run_command, started
from bot.sandbox.discord.cards import Card, NeverHappened
from bot.sandbox.discord.community import Community
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.discord.shown import Shown
from bot.sandbox.discord.world import Channel
from bot.sandbox.providers.calls import Call
from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from bot.sandbox.providers.horde.pictures.jobs import PictureJob
from bot.sandbox.providers.hosts import Host, open_host
from bot.sandbox.providers.server import LOOPBACK
from bot.ui import copy, credits_copy

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
READY_S = 90.0
LOOK_EVERY_S = 0.02
WAIT_S = 300.0
CHANNELS = 20
KEY = "bench-key-0001"  # an account of the sandbox, which lets many pictures wait
KEY_PICTURES_MAX = 100_000
KEY_KUDOS = 1e9

DISCORD_RULES = DiscordRules(
    identify_every_s=0.01,  # Discord's patience between two logins is not what is measured
    wait_s=WAIT_S,
)


@dataclass(kw_only=True)
class Town:
    """Sandboxes, one community with channels, and the folder where services keep their data."""

    discord: SandboxDiscord
    horde: SandboxHorde
    community: Community
    channels: list[Channel]
    folder: Path
    inherited: Mapping[str, str]
    hosts: Mapping[str, Host]  # every small provider that is open, the Horde among them
    _members: int = 0

    def member(self) -> Person:
        """Let somebody new join."""
        self._members += 1
        return self.community.member(f"Member {self._members}")

    def environment(self, name: str, settings: Mapping[str, str] = NO_SETTINGS) -> dict[str, str]:
        """Return the environment of a service whose data lives in a folder of that name."""
        home = self.home(name)
        home.mkdir(parents=True, exist_ok=True)
        return {
            **cleaned(self.inherited),
            "DISCORD_TOKEN": self.discord.bot_token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DISCORD_CDN_URL": self.discord.cdn_url,
            **{k: value for host in self.hosts.values() for k, value in host.settings.items()},
            "EASEL_ALLOW_PRIVATE_HOSTS": "true",
            "EASEL_HOME": str(home),
            "EASEL_DATA_DIR": str(home),
            "EASEL_LOG_LEVEL": "WARNING",
            **settings,
        }

    def home(self, name: str) -> Path:
        """Return the folder of a service's data."""
        return self.folder / name

    async def publish_commands(self) -> None:
        """Tell the small Discord the commands, as an operator does once."""
        environment = self.environment("operator")
        await run_command(environment, "sync", log=self.folder / "operator.log")

    @asynccontextmanager
    async def serving(
        self,
        name: str,
        settings: Mapping[str, str] = NO_SETTINGS,
        *,
        words: tuple[str, ...] = ("bot", "run"),
    ) -> AsyncIterator[ServiceProcess]:
        """Run the service until the block ends; it is online when the block begins."""
        environment = self.environment(name, settings)
        async with started(environment, *words, log=self.folder / f"{name}.log") as process:
            await self.until_online(process)
            yield process
        await self.discord.until_gone()

    async def until_online(self, process: ServiceProcess) -> None:
        """Wait until the service hears commands."""
        await beside(self.discord.until_ready(), process, within_s=READY_S)

    def public_cards(self) -> list[Card]:
        """Return every message in the channels that everybody sees and that still exists."""
        found = [card for channel in self.channels for card in self.discord.messages(channel)]
        return [card for card in found if not card.ephemeral]

    # ------------------------------------------------------------ one clock for everything

    def seconds_of(self, version: Shown) -> float:
        """Return when a version of a card was accepted, on `time.monotonic()`."""
        return version.at.timestamp() + time.monotonic() - self.discord.clock.now().timestamp()

    def seconds_of_call(self, call: Call) -> float:
        """Return when a call reached the provider, on `time.monotonic()`."""
        return call.at.timestamp() + time.monotonic() - self.horde.clock.now().timestamp()

    def remote_jobs(self) -> dict[str, PictureJob]:
        """Return what the provider was asked for, by prompt; the latest of each."""
        return {job.wish.prompt.split("###")[0]: job for job in self.horde.truth.jobs}


async def until(is_so: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Wait for something that rings no bell; `BenchFailed` when time is up."""
    ends_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > ends_at:
            raise BenchFailed(f"Not within {within_s:.0f} s: {what}.")
        await asyncio.sleep(LOOK_EVERY_S)  # the sandboxes tell of cards only


async def beside(work: Awaitable[object], process: ServiceProcess, *, within_s: float) -> None:
    """Wait for something while the service lives; `BenchFailed` when it ends or time is up."""
    wanted = asyncio.ensure_future(work)
    over = asyncio.ensure_future(process.ended())
    await asyncio.wait({wanted, over}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    if not wanted.done():
        wanted.cancel()
        raise BenchFailed(f"The service was not ready or has ended:\n{process.complaint()}")
    wanted.result()


def offers_again(label: str) -> bool:
    """Tell whether a button does a job again."""
    return label in {copy.AGAIN, copy.TRY_AGAIN}


def offers_another(label: str) -> bool:
    """Tell whether a button asks another provider."""
    return label.startswith("Ask ")


def is_final(version: Shown) -> bool:
    """Tell whether a card shows how its job ended: then it offers to do it again."""
    return any(offers_again(button.label) for button in version.buttons)


YES, NO = credits_copy.CONFIRM, credits_copy.LEAVE


def asks(version: Shown) -> bool:
    """Tell whether a card waits for its member's word on a price."""
    return any(button.label == YES for button in version.buttons)


async def imagine(person: Person, channel: Channel, prompt: str, **options: object) -> Card:
    """Type the command and return the card; `BenchFailed` when the answer is no card or none."""
    try:
        card = await person.runs("/imagine", in_=channel, prompt=prompt, **options)
    except NeverHappened as error:
        raise BenchFailed(f"/imagine was not answered: {error}") from error
    if not isinstance(card, Card):
        raise BenchFailed("The service answered with a form instead of a card.")
    return card


@asynccontextmanager
async def open_town(
    folder: Path,
    *,
    inherited: Mapping[str, str],
    discord_rules: DiscordRules = DISCORD_RULES,
    horde_rules: HordeRules | None = None,
    others: Collection[str] = (),
    checker: OpenApiChecker | None = None,
) -> AsyncIterator[Town]:
    """Open the sandboxes with one community; no service runs yet.

    `others` are providers beside the Horde, by name; they run as fast as it does.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(
            SandboxDiscord(rules=discord_rules, checker=checker)
        )
        horde = await stack.enter_async_context(SandboxHorde(horde_rules))
        opened = [open_host(name, speed=horde.rules.speed) for name in others]
        hosts = [_horde_host(horde)]
        hosts += [await stack.enter_async_context(host) for host in opened]
        community = discord.guild(name="Lighthouse Keepers")
        town = Town(
            discord=discord,
            horde=horde,
            hosts={host.name: host for host in hosts},
            community=community,
            channels=[community.channel(f"pictures-{n}") for n in range(CHANNELS)],
            folder=folder,
            inherited=inherited,
        )
        await town.publish_commands()
        yield town


def _horde_host(horde: SandboxHorde) -> Host:
    """Give the small Horde an account, on which many pictures may wait."""
    horde.add_key(
        KEY, username="Bench#1", kudos=KEY_KUDOS, concurrency=KEY_PICTURES_MAX, trusted=True
    )
    settings = {"HORDE_URL": horde.url, "HORDE_KEY": KEY, "HORDE_DOWNLOAD_HOSTS": LOOPBACK}
    return Host(name="horde", title="AI Horde", server=horde, settings=settings)
