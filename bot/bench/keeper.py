"""Keeps the service running through kills, with a watch inside; one database, many processes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.bench.process import ServiceProcess, start
from bot.bench.town import NO_SETTINGS, Town
from bot.bench.watched import Look, looks


class Keeper:
    """Start, kill and stop the service on the same data."""

    def __init__(
        self,
        town: Town,
        name: str,
        settings: Mapping[str, str] = NO_SETTINGS,
        *,
        speed: float | None = None,
    ) -> None:
        """`speed` is that of the small providers, where the service has to keep up with them."""
        self._town = town
        self._name = name
        self._speed = speed
        self.environment = town.environment(name, settings)
        self.starts = 0
        self._one_at_a_time = asyncio.Lock()
        self.process: ServiceProcess

    async def start(self) -> None:
        """Start it and wait until it is online."""
        self.starts += 1
        words = ["bot.bench.watched", str(self._watch)]
        if self._speed is not None:
            words.append(str(self._speed))
        self.process = await start(self.environment, *words, log=self.log)
        await self._town.until_online(self.process)

    async def kill(self) -> None:
        """Kill it with -9 and start it again, once at a time."""
        async with self._one_at_a_time:
            await self.process.kill()
            await self._town.discord.until_gone()
            await self.start()

    async def stop(self) -> None:
        """Let it end in good order."""
        async with self._one_at_a_time:
            await self.process.stop()

    def looks(self) -> list[Look]:
        """Return what the watch of the present process has seen."""
        return looks(self._watch)

    @property
    def log(self) -> Path:
        """The file in which all processes write what they have to say."""
        return self._town.folder / f"{self._name}.log"

    @property
    def _watch(self) -> Path:
        return self._town.folder / f"{self._name}-{self.starts}.watch"
