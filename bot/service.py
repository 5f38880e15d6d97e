"""The running service: connect, take up what was left open, work, hand over cleanly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import aiohttp
import discord

from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.accounts.marks import Marks
from bot.accounts.payers import PayerBook
from bot.accounts.strikes import StrikeBook
from bot.client import EaselBot
from bot.domain.errors import BotError, ConfigurationError, StorageUnavailable
from bot.jobs.callbacks import Callbacks
from bot.jobs.catalogue import Catalogue
from bot.jobs.dispatch import LocalDispatch
from bot.jobs.exports import Exports
from bot.jobs.recovery import Recovery
from bot.jobs.seats import Seats
from bot.jobs.tracker import Tracker
from bot.jobs.turns import Turns
from bot.ui.editor import Editor
from bot.ui.unbroken import landed_all
from bot.web.server import serving, web_app
from storage.database import Database

log = logging.getLogger(__name__)

HANG_UP_S = 0.5
STUMBLE_PAUSE_S = 5.0

Loop = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """Where the web server listens."""

    host: str
    port: int


class Keeper(Protocol):
    """Something that looks after the house for as long as the service runs."""

    async def run(self) -> None:
        """Go on for ever."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that runs, wired together by `bot.app`."""

    bot: EaselBot
    tracker: Tracker
    dispatch: LocalDispatch
    recovery: Recovery
    catalogue: Catalogue
    editor: Editor
    keys: KeyRing
    keepers: tuple[Keeper, ...]
    house: HouseBook
    strikes: StrikeBook
    payers: PayerBook
    marks: Marks
    seats: Seats
    exports: Exports
    turns: tuple[Turns, ...]
    database: Database
    token: str
    drain_s: float
    web: WebAddress | None
    callbacks: Callbacks | None

    async def serve(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, or until Discord ends the connection for good.

        Raises `ConfigurationError` and `ConnectionError` with a sentence when it cannot start.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.bot)
            if not await _done_before(stop, log_in(self.bot, self.token)):
                return
            if self.web is not None:
                pages = web_app(self._probes(), callbacks=self.callbacks)
                await stack.enter_async_context(
                    serving(pages, host=self.web.host, port=self.web.port)
                )
            stack.enter_context(_alone())
            async with asyncio.TaskGroup() as group:
                loops = [group.create_task(_kept_going(run)) for run in self._loops()]
                # After the login, so that cards can be edited; before the gateway brings work.
                await self.recovery.take_up()
                await self._while_connected(stop)
                for task in loops:
                    task.cancel()
            await self._write_the_rest()

    def _loops(self) -> tuple[Loop, ...]:
        return (
            self.catalogue.run,
            self.recovery.run,
            self.dispatch.run,
            *(keeper.run for keeper in self.keepers),
            *(partial(turns.run, self.dispatch.wake) for turns in self.turns),
        )

    async def _while_connected(self, stop: asyncio.Event) -> None:
        gateway = asyncio.create_task(self.bot.connect(), name="gateway")
        told = asyncio.create_task(stop.wait(), name="told to stop")
        await asyncio.wait({gateway, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        await self._drain()
        if stop.is_set():
            await _hung_up(gateway)
            return
        try:
            await gateway
        except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired) as error:
            raise ConfigurationError(f"Discord ended the connection for good: {error}") from error
        except (discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error

    async def _drain(self) -> None:
        """Take nothing new, let what runs come to its end, leave the rest to the next start."""
        log.info("stopping")
        ends_at = asyncio.get_running_loop().time() + self.drain_s
        self.tracker.is_accepting = False
        await self.dispatch.drain(timeout_s=self.drain_s)
        self.editor.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ends_at):
                await landed_all()
        await self.bot.close()

    async def _write_the_rest(self) -> None:
        """Keep what was only remembered; a store that is away must not keep us from stopping."""
        try:
            await self.strikes.flush()
        except StorageUnavailable as error:
            log.warning("strikes lost", extra={"why": str(error)})

    def _probes(self) -> Mapping[str, Callable[[], Awaitable[bool]]]:
        async def gateway() -> bool:
            return self.bot.is_ready() and not self.bot.is_closed()

        async def store() -> bool:
            try:
                await self.database.read(lambda tx: tx.jobs.newest(1))
            except StorageUnavailable:
                return False
            return True

        return {"gateway": gateway, "store": store}


async def _kept_going(run: Loop) -> None:
    """Let a loop begin again when it broke: a mistake in one must not end the others.

    All of them look anew at what is stored, so nothing is lost by that.
    """
    while True:
        try:
            return await run()
        except Exception:
            log.exception("a loop broke and begins again", extra={"loop": _name_of(run)})
        await asyncio.sleep(STUMBLE_PAUSE_S)


def _name_of(run: Loop) -> str:
    function = run.func if isinstance(run, partial) else run
    return getattr(function, "__qualname__", "?")


async def _done_before(stop: asyncio.Event, call: Coroutine[Any, Any, None]) -> bool:
    """Tell whether a call came to its end before we were told to stop; it is given up then."""
    task, told = asyncio.create_task(call), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
    finally:
        told.cancel()
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def _hung_up(gateway: asyncio.Task[None]) -> None:
    """Wait for the gateway's end after we hung up, and for no longer than is polite.

    Hanging up amid a connect makes discord.py raise whatever its session was busy with.
    """
    await asyncio.wait({gateway}, timeout=HANG_UP_S)
    gateway.cancel()
    (end,) = await asyncio.gather(gateway, return_exceptions=True)
    if isinstance(end, Exception):
        log.info("hung up amid a connect", extra={"fault": type(end).__name__})


async def log_in(bot: EaselBot, token: str) -> None:
    """Log in to Discord; `ConfigurationError` or `ConnectionError` with a sentence."""
    try:
        await bot.login(token)
    except discord.LoginFailure:
        raise ConfigurationError(
            "Discord does not take DISCORD_TOKEN: copy it again from the developer portal."
        ) from None
    except (aiohttp.ClientError, OSError, discord.HTTPException) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> ConnectionError:
    return ConnectionError(
        f"Discord cannot be reached ({type(error).__name__}): look at the network, "
        "or at DISCORD_API_URL if it is set."
    )


@contextmanager
def _alone() -> Iterator[None]:
    """Let a fault that has a sentence out of its task group, so that the sentence is all one reads."""
    try:
        yield
    except ExceptionGroup as group:
        match group.exceptions:
            case [BotError() | ConnectionError() as known]:
                raise known from group
        raise
