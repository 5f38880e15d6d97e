"""The composition root: the only place that knows every concrete class."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from bot import logs
from bot.client import EaselBot
from bot.domain.clock import Clock, SystemClock
from bot.key_setup import open_vault
from bot.media.pool import PictureWork
from bot.provider_setup import provider_configs, service_keys
from bot.providers import registry
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.service import Service, log_in
from bot.settings import Settings
from bot.wiring import Opened, callback_addresses, discord_token, wired
from storage.blobs import DirectoryBlobs
from storage.database import Database, Tx
from storage.sqlite import open_sqlite

log = logging.getLogger(__name__)

T = TypeVar("T")
Wrap = Callable[[Database], Database]

NEW_OBJECTS_LOOKED_THROUGH = 10_000  # at once; Python's own 700 suits scripts


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
        _spare_the_collector()
        await service.serve(stop)
    return 0


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
    vault = open_vault(settings)
    async with AsyncExitStack() as stack:
        database = wrap_database(
            await stack.enter_async_context(
                open_sqlite(settings.database_path, sealer=vault.sealer, clock=clock)
            )
        )
        blobs = await DirectoryBlobs(settings.data_dir / "blobs").open()
        pictures = await stack.enter_async_context(PictureWork())
        providers = {
            name: await stack.enter_async_context(registry.FACTORIES[name](config))
            for name, config in provider_configs(settings).items()
        }
        opened = Opened(
            clock=clock,
            database=database,
            blobs=blobs,
            pictures=pictures,
            providers=providers,
            callback_addresses=callback_addresses(settings, vault.keys),
            vault=vault,
        )
        service = wired(settings, opened)
        for book in (
            service.keys,
            service.house,
            service.strikes,
            service.payers,
            service.marks,
            service.seats,
            service.exports,
        ):
            await book.open()
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
        opened = Opened(
            clock=SystemClock(),
            database=_Unopened(),
            blobs=DirectoryBlobs(settings.data_dir / "blobs"),
            pictures=PictureWork(),
            providers=providers,
            callback_addresses=None,
            vault=None,
        )
        bot = await stack.enter_async_context(wired(settings, opened).bot)
        await log_in(bot, discord_token(settings))
        yield bot


class _Unopened:
    """Stands where commands expect a store while nobody may call one."""

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        raise AssertionError(f"{fn} asks a store that is not open")

    async def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        raise AssertionError(f"{fn} asks a store that is not open")

    async def scrub(self) -> bool:
        raise AssertionError("there is no store to scrub")


def _spare_the_collector() -> None:
    """Let the search for cycles leave alone what stays for good, and begin it less often.

    Walking through every loaded module again and again took a sixth of the CPU of a job.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_LOOKED_THROUGH)


def _protect_secrets(settings: Settings) -> None:
    for secret in (settings.discord_token, *service_keys(settings).values()):
        if secret is not None and secret.get_secret_value() != ANONYMOUS_KEY:
            logs.redact(secret.get_secret_value())
