"""The composition root: the only place that knows every concrete class."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from bot import logs
from bot.accounts.audit_trail import AuditBook
from bot.accounts.credits import CreditAccounts
from bot.accounts.keys import KeyRing
from bot.accounts.preferences import PreferenceBook
from bot.client import EaselBot, Services, use_addresses
from bot.domain.clock import Clock, SystemClock
from bot.domain.credits import credits_of
from bot.domain.errors import ConfigurationError
from bot.jobs.album import Album
from bot.jobs.callbacks import KEY_LABEL, CallbackAddresses, Callbacks
from bot.jobs.catalogue import Catalogue
from bot.jobs.dispatch import Dispatch, LocalDispatch
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.history import History
from bot.jobs.notifier import Notifier
from bot.jobs.offers import Offers
from bot.jobs.pace import Pace
from bot.jobs.recovery import Recovery
from bot.jobs.schedule import Schedule
from bot.jobs.tools import Tools
from bot.jobs.tracker import Tracker
from bot.jobs.turns import Turns
from bot.jobs.worker import Worker
from bot.media.pool import PictureWork
from bot.price_setup import price_list
from bot.provider_setup import provider_configs, service_keys
from bot.providers import registry
from bot.providers.base import Limits, Provider
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.service import Service, WebAddress, log_in
from bot.settings import Settings
from bot.ui.budgets import Budgets
from bot.ui.delivery import Sender
from bot.ui.editor import Editor
from bot.ui.rate_headers import listening
from cogs import COGS
from storage.blobs import DirectoryBlobs
from storage.database import Database, Tx
from storage.master_key import load_or_create_master_key
from storage.sealing import MasterKeys, Sealer, derived_keys
from storage.sqlite import open_sqlite

log = logging.getLogger(__name__)

T = TypeVar("T")
Wrap = Callable[[Database], Database]

# What discord.py 2.7.1 itself uses.
DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
DISCORD_CDN = "https://cdn.discordapp.com"

PAUSE_INTERVALS = 8  # a provider that fails is left alone for so many polls' time, then for longer


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
        await service.serve(stop)
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
            name: await stack.enter_async_context(registry.FACTORIES[name](config))
            for name, config in provider_configs(settings).items()
        }
        opened = _Opened(
            clock=clock,
            database=database,
            blobs=blobs,
            pictures=pictures,
            providers=providers,
            callback_addresses=_callback_addresses(settings),
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
            name: await stack.enter_async_context(registry.FACTORIES[name](config))
            for name, config in provider_configs(settings).items()
        }
        opened = _Opened(
            clock=SystemClock(),
            database=_Unopened(),
            blobs=DirectoryBlobs(settings.data_dir / "blobs"),
            pictures=PictureWork(),
            providers=providers,
            callback_addresses=None,
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
    """Return what seals secrets at rest."""
    return Sealer(_master_keys(settings))


def _master_keys(settings: Settings) -> MasterKeys:
    """Return the master keys; one is made at the first start, with a warning."""
    if settings.master_key is not None:
        return MasterKeys.from_base64(settings.master_key.get_secret_value())
    keys, was_created = load_or_create_master_key(settings.master_key_path)
    if was_created:
        log.warning(
            "a master key was made: copy it to a safe place, without it members' keys are lost",
            extra={"path": str(settings.master_key_path)},
        )
    return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What has to be closed again."""

    clock: Clock
    database: Database
    blobs: DirectoryBlobs
    pictures: PictureWork
    providers: Mapping[str, Provider]
    callback_addresses: CallbackAddresses | None


def _wired(settings: Settings, opened: _Opened) -> Service:
    clock, database, providers = opened.clock, opened.database, opened.providers
    accounts = CreditAccounts(database, daily=credits_of(settings.daily_credits), clock=clock)
    keys = KeyRing(database, providers=providers, clock=clock)
    catalogue = Catalogue(providers, clock=clock)
    _point_at_discord(settings)
    retention = timedelta(hours=settings.result_retention_h)
    budgets, album = Budgets(), Album(opened.blobs, opened.pictures)
    bot = EaselBot(cogs=COGS, http_trace=listening(budgets, clock))
    editor = Editor(
        Sender(bot, clock), album, clock, budgets=budgets, edit_gap_s=settings.edit_interval_s
    )
    tools = _tools(settings, opened, accounts=accounts, keys=keys, notifier=editor)
    dispatch = LocalDispatch(Worker(tools).advance, clock=clock)
    tracker = Tracker(
        database=database,
        blobs=opened.blobs,
        pictures=opened.pictures,
        accounts=accounts,
        offers=Offers(
            providers,
            prices=price_list(settings),
            keys=keys,
            catalogue=catalogue,
            health=tools.health,
        ),
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
            history=History(database, album, retention=retention),
            audit_trail=AuditBook(database, clock=clock),
        )
    )
    recovery = Recovery(
        database,
        dispatch,
        blobs=opened.blobs,
        retention=retention,
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
        turns=tuple(tools.turns.values()),
        token=discord_token(settings),
        drain_s=settings.drain_s,
        web=_web_address(settings),
        callbacks=_callbacks(tools, dispatch),
    )


def _web_address(settings: Settings) -> WebAddress | None:
    if settings.web_port is None:
        return None
    return WebAddress(host=settings.web_host, port=settings.web_port)


def _callbacks(tools: Tools, dispatch: Dispatch) -> Callbacks | None:
    addresses = tools.callback_addresses
    if addresses is None:
        return None
    return Callbacks(addresses, tools.hearsay, providers=tools.providers, dispatch=dispatch)


def _tools(
    settings: Settings,
    opened: _Opened,
    *,
    accounts: CreditAccounts,
    keys: KeyRing,
    notifier: Notifier,
) -> Tools:
    return Tools(
        database=opened.database,
        blobs=opened.blobs,
        credits=accounts,
        keys=keys,
        providers=opened.providers,
        service_keys=service_keys(settings),
        turns={
            name: Turns(_pace(provider.limits), clock=opened.clock)
            for name, provider in opened.providers.items()
        },
        notifier=notifier,
        pictures=opened.pictures,
        schedule=Schedule(
            interval_s=settings.poll_interval_s,
            retry_s=settings.poll_interval_s,
            slow_s=settings.callback_poll_s,
            deadline=timedelta(minutes=settings.job_deadline_min),
        ),
        health=Health(
            opened.clock, pause=timedelta(seconds=PAUSE_INTERVALS * settings.poll_interval_s)
        ),
        hearsay=Hearsay(),
        callback_addresses=opened.callback_addresses,
        clock=opened.clock,
        may_submit_again=settings.after_unsure_submit == "once",
    )


def _callback_addresses(settings: Settings) -> CallbackAddresses | None:
    if settings.public_url is None:
        return None
    keys = derived_keys(_master_keys(settings), label=KEY_LABEL)
    return CallbackAddresses(settings.public_url, keys=keys)


def _pace(limits: Limits) -> Pace:
    return Pace(per_s=limits.submits_per_s, per_min=limits.submits_per_min)


def _point_at_discord(settings: Settings) -> None:
    use_addresses(
        api=settings.discord_api_url or DISCORD_API,
        gateway=settings.discord_gateway_url or DISCORD_GATEWAY,
        cdn=settings.discord_cdn_url or DISCORD_CDN,
    )


def _protect_secrets(settings: Settings) -> None:
    for secret in (settings.discord_token, settings.master_key, *service_keys(settings).values()):
        if secret is not None and secret.get_secret_value() != ANONYMOUS_KEY:
            logs.redact(secret.get_secret_value())
