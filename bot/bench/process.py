"""The service under test: a process of its own, started as an operator would, watched from outside."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.bench.usage import Usage, usage_of
from bot.domain.errors import BotError
from bot.settings import OUTSIDE_PREFIXES

STOP_S = 40.0
COMPLAINT_CHARS_MAX = 2000
ROOT = Path(__file__).parents[2]
OURS = ("EASEL_", *(prefix.upper() for prefix in OUTSIDE_PREFIXES))


class BenchFailed(BotError):
    """Something did not work at all, so that there is nothing to measure; the text says what."""


class ServiceProcess:
    """A running service; its log is kept beside its data."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def usage(self) -> Usage:
        """Look at what it uses now."""
        return usage_of(self.pid)

    async def kill(self) -> None:
        """Send it away with -9, as a power cut would."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop as an operator would, and wait; `BenchFailed` when it does not end well."""
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            await self.kill()
            raise BenchFailed("The service did not stop when it was told to.") from None
        if code:
            raise BenchFailed(f"The service ended with exit code {code}:\n{self.complaint()}")

    async def ended(self) -> None:
        """Return when it has ended, for whatever reason."""
        await self._process.wait()

    def complaint(self) -> str:
        """Return the end of its log."""
        return self.log.read_text("utf-8", errors="replace")[-COMPLAINT_CHARS_MAX:]


def cleaned(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for children, without settings that belong to a real bot."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(OURS)}
    return kept | {"PYTHONPATH": str(ROOT)}


async def start(environment: Mapping[str, str], *words: str, log: Path) -> ServiceProcess:
    """Start `python -P -m …` with exactly this environment."""
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", *words, env=dict(environment), stdout=file, stderr=file
        )
    return ServiceProcess(process, log)


@asynccontextmanager
async def started(
    environment: Mapping[str, str], *words: str, log: Path
) -> AsyncIterator[ServiceProcess]:
    """Start it, and stop it at the end unless that has happened already."""
    process = await start(environment, *words, log=log)
    try:
        yield process
    finally:
        if process.is_running:
            await process.stop()


async def run_command(environment: Mapping[str, str], *words: str, log: Path) -> None:
    """Run one of the service's commands to its end; `BenchFailed` when it fails."""
    process = await start(environment, "bot", *words, log=log)
    await process.ended()
    await process.stop()  # says how it ended
