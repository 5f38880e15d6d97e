"""The composition root: the only place that knows every concrete class."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import aiohttp
import discord
from pydantic import SecretStr

from bot import logs
from bot.accounts.credits import CreditAccounts
from bot.accounts.keys import KeyRing
from bot.accounts.preferences import PreferenceBook
from bot.client import EaselBot, Services, use_addresses
from bot.domain.clock import Clock, SystemClock
from bot.domain.credits import credits_of
from bot.domain.errors import ConfigurationError, StorageUnavailable
from bot.jobs.album import Album
from bot.jobs.catalogue import Catalogue
from bot.jobs.dispatch import LocalDispatch
from bot.jobs.pace import Pace
from bot.jobs.recovery import Recovery
from bot.jobs.schedule import Schedule
from bot.jobs.tools import Tools
from bot.jobs.tracker import Tracker
from bot.jobs.worker import Worker
from bot.media.pool import PictureWork
from bot.providers import registry
from bot.providers.base import Provider
from bot.providers.config import ProviderConfig
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.settings import Settings
from bot.ui.delivery import Sender
from bot.ui.editor import Editor
from bot.ui.unbroken import landed_all
from bot.web.health import health_app, serving
from cogs import COGS
from storage.blobs import DirectoryBlobs
from storage.database import Database, Tx
from storage.sealing import MasterKeys, Sealer, load_or_create_master_key
from storage.sqlite import open_sqlite

log = logging.getLogger(__name__)

T = TypeVar("T")
Wrap = Callable[[Database], Database]

# What discord.py 2.7.1 itself uses.
DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
DISCORD_CDN = "https://cdn.discordapp.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that runs, wired together."""

    bot: EaselBot
    tracker: Tracker
    dispatch: LocalDispatch
    recovery: Recovery
    catalogue: Catalogue
    editor: Editor
    keys: KeyRing
    database: Database


async def run(settings: Settings) -> int:
    """Run the service until it is told to stop; return the exit code.

    Raises `ConfigurationError` and `ConnectionError` with a sentence when it cannot start.
    """
    logs.configure(level=settings.log_level, format=settings.log_format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_service(settings) as service:
        await serve(service, settings, stop=stop)
    return 0


def discord_token(settings: Settings) -> str:
    """Return Discord's token; `ConfigurationError` when there is none."""
    if settings.discord_token is None:
        raise ConfigurationError(
            "DISCORD_TOKEN is not set: put the bot's token into .env or the environment."
        )
    return settings.discord_token.get_secret_value()


@asynccontextmanager
async def open_service(
    settings: Settings,
    *,
    clock: Clock | None = None,
    wrap_database: Wrap = lambda database: database,
) -> AsyncIterator[Service]:
    """Open everything in order and close it in reverse; nothing is connected to Discord yet.

    `wrap_database` lets a test stand between the service and its store.
    """
    clock = clock or SystemClock()
    discord_token(settings)
    _protect_secrets(settings)
    async with AsyncExitStack() as stack:
        database = wrap_database(
            await stack.enter_async_context(
                open_sqlite(settings.database_path, sealer=open_sealer(settings), clock=clock)
            )
        )
        blobs = await DirectoryBlobs(settings.data_dir / "blobs").open()
        pictures = await stack.enter_async_context(PictureWork())
        providers = {
            name: await stack.enter_async_context(factory(_provider_config(settings)))
            for name, factory in registry.FACTORIES.items()
        }
        opened = _Opened(
            clock=clock, database=database, blobs=blobs, pictures=pictures, providers=providers
        )
        service = _wired(settings, opened)
        await service.keys.open()
        yield service


@asynccontextmanager
async def open_commands(settings: Settings) -> AsyncIterator[EaselBot]:
    """Give the bot with its commands and without a store, so that it may run beside the service."""
    discord_token(settings)
    _protect_secrets(settings)
    async with AsyncExitStack() as stack:
        providers = {
            name: await stack.enter_async_context(factory(_provider_config(settings)))
            for name, factory in registry.FACTORIES.items()
        }
        opened = _Opened(
            clock=SystemClock(),
            database=_Unopened(),
            blobs=DirectoryBlobs(settings.data_dir / "blobs"),
            pictures=PictureWork(),
            providers=providers,
        )
        bot = await stack.enter_async_context(_wired(settings, opened).bot)
        await log_in(bot, discord_token(settings))
        yield bot


class _Unopened:
    """Stands where commands expect a store while nobody may call one."""

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        raise AssertionError(f"{fn} asks a store that is not open")

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        raise AssertionError(f"{fn} asks a store that is not open")


def open_sealer(settings: Settings) -> Sealer:
    """Return what seals secrets at rest; a master key is made at the first start, with a warning."""
    if settings.master_key is not None:
        return Sealer(MasterKeys.from_base64(settings.master_key.get_secret_value()))
    keys, was_created = load_or_create_master_key(settings.master_key_path)
    if was_created:
        log.warning(
            "a master key was made: copy it to a safe place, without it members' keys are lost",
            extra={"path": str(settings.master_key_path)},
        )
    return Sealer(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What has to be closed again."""

    clock: Clock
    database: Database
    blobs: DirectoryBlobs
    pictures: PictureWork
    providers: Mapping[str, Provider]


def _wired(settings: Settings, opened: _Opened) -> Service:
    clock, database, providers = opened.clock, opened.database, opened.providers
    accounts = CreditAccounts(database, daily=credits_of(settings.daily_credits), clock=clock)
    keys = KeyRing(database, providers=providers, clock=clock)
    catalogue = Catalogue(providers, clock=clock)
    _point_at_discord(settings)
    bot = EaselBot(cogs=COGS)
    editor = Editor(
        Sender(bot, clock),
        Album(opened.blobs, opened.pictures),
        clock,
        settings.edit_interval_s,
    )
    tools = Tools(
        database=database,
        blobs=opened.blobs,
        credits=accounts,
        keys=keys,
        providers=providers,
        service_keys={"horde": settings.horde_key},
        paces={
            name: Pace(per_s=provider.limits.submits_per_s, per_min=provider.limits.submits_per_min)
            for name, provider in providers.items()
        },
        notifier=editor,
        pictures=opened.pictures,
        schedule=Schedule(
            interval_s=settings.poll_interval_s,
            deadline=timedelta(minutes=settings.job_deadline_min),
        ),
        clock=clock,
        may_submit_again=settings.after_unsure_submit == "once",
    )
    dispatch = LocalDispatch(Worker(tools).advance, clock=clock)
    tracker = Tracker(
        database=database,
        blobs=opened.blobs,
        pictures=opened.pictures,
        accounts=accounts,
        keys=keys,
        catalogue=catalogue,
        providers=providers,
        dispatch=dispatch,
        clock=clock,
    )
    bot.attach(
        Services(
            tracker=tracker,
            catalogue=catalogue,
            credits=accounts,
            keys=keys,
            preferences=PreferenceBook(database, clock=clock),
        )
    )
    recovery = Recovery(
        database,
        dispatch,
        blobs=opened.blobs,
        retention=timedelta(hours=settings.result_retention_h),
        clock=clock,
    )
    return Service(
        bot=bot,
        tracker=tracker,
        dispatch=dispatch,
        recovery=recovery,
        catalogue=catalogue,
        editor=editor,
        keys=keys,
        database=database,
    )


def _point_at_discord(settings: Settings) -> None:
    use_addresses(
        api=settings.discord_api_url or DISCORD_API,
        gateway=settings.discord_gateway_url or DISCORD_GATEWAY,
        cdn=settings.discord_cdn_url or DISCORD_CDN,
    )


async def serve(service: Service, settings: Settings, *, stop: asyncio.Event) -> None:
    """Connect, take up what was left open, and work until `stop` is set; then hand over cleanly."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service.bot)
        await log_in(service.bot, discord_token(settings))
        if settings.web_port is not None:
            page = health_app(_probes(service))
            await stack.enter_async_context(
                serving(page, host=settings.web_host, port=settings.web_port)
            )
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(loop, name=name)
                for name, loop in (
                    ("catalogue", service.catalogue.run()),
                    ("recovery", service.recovery.run()),
                    ("gateway", _connected(service.bot, stop)),
                    ("dispatch", service.dispatch.run()),
                )
            ]
            # After the login, so that cards can be edited; before the gateway brings new work.
            await service.recovery.take_up()
            await stop.wait()
            await _drain(service, timeout_s=settings.drain_s)
            for task in loops:
                task.cancel()


async def log_in(bot: EaselBot, token: str) -> None:
    """Log in to Discord; `ConfigurationError` or `ConnectionError` with a sentence."""
    try:
        await bot.login(token)
    except discord.LoginFailure:
        raise ConfigurationError(
            "Discord does not take DISCORD_TOKEN: copy it again from the developer portal."
        ) from None
    except (aiohttp.ClientError, OSError, discord.HTTPException) as error:
        raise ConnectionError(
            f"Discord cannot be reached ({type(error).__name__}): look at the network, "
            "or at DISCORD_API_URL if it is set."
        ) from error


async def _connected(bot: EaselBot, stop: asyncio.Event) -> None:
    """Keep the gateway; when it ends by itself the whole service has to end."""
    try:
        await bot.connect()
    finally:
        stop.set()


async def _drain(service: Service, *, timeout_s: float) -> None:
    """Take nothing new, let what runs come to its end, hand over the rest to the next start."""
    log.info("stopping")
    service.tracker.is_accepting = False
    await service.dispatch.drain(timeout_s=timeout_s)
    service.editor.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await landed_all()
    await service.bot.close()


def _probes(service: Service) -> Mapping[str, Callable[[], Awaitable[bool]]]:
    async def gateway() -> bool:
        return service.bot.is_ready() and not service.bot.is_closed()

    async def store() -> bool:
        try:
            await service.database.read(lambda tx: tx.jobs.open_ids())
        except StorageUnavailable:
            return False
        return True

    return {"gateway": gateway, "store": store}


def _provider_config(settings: Settings) -> ProviderConfig:
    return ProviderConfig(
        url=settings.horde_url,
        client_name=settings.horde_client_agent,
        download_hosts=settings.horde_download_hosts,
        submits_per_s=settings.horde_submits_per_second,
        submits_per_min=settings.horde_submits_per_minute,
        poll_gap_s=min(settings.poll_interval_s, 1.0),
        allow_private_hosts=settings.allow_private_hosts,
        has_house_account=settings.horde_key.get_secret_value() != ANONYMOUS_KEY,
    )


def _protect_secrets(settings: Settings) -> None:
    for secret in (settings.discord_token, settings.horde_key, settings.master_key):
        if isinstance(secret, SecretStr):
            logs.redact(secret.get_secret_value())
