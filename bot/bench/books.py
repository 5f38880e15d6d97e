"""The service's database, read from beside it while it runs or afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.domain.jobs import Job
from bot.key_setup import open_sealer
from bot.settings import Settings, load
from storage.database import Tx
from storage.sqlite import SqliteReaders, open_reader

T = TypeVar("T")

JOBS_MAX = 100_000


class Books:
    """Questions about what the service has written down."""

    def __init__(self, database: SqliteReaders) -> None:
        self._database = database

    async def ask(self, question: Callable[[Tx], Awaitable[T]]) -> T:
        """Ask something on one consistent view."""
        return await self._database.read(question)

    async def jobs(self) -> list[Job]:
        """Return all jobs, the newest first."""

        async def look(tx: Tx) -> list[Job]:
            found = [await tx.jobs.get(job_id) for job_id in await tx.jobs.newest(JOBS_MAX)]
            return [job for job in found if job is not None]

        return await self.ask(look)

    async def open_jobs(self) -> int:
        """Count the jobs with anything left to do."""
        return len(await self.ask(lambda tx: tx.jobs.open_ids()))

    async def problems(self) -> tuple[str, ...]:
        """Return what is not exact in the ledger."""
        return await self.ask(lambda tx: tx.credits.audit())


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Read settings as the service will read them."""
    return load(environment)


@asynccontextmanager
async def open_books(environment: Mapping[str, str]) -> AsyncIterator[Books]:
    """Open the database of the service that runs, or has run, in this environment."""
    settings = settings_of(environment)
    sealer = open_sealer(settings)
    async with open_reader(settings.database_path, sealer=sealer) as database:
        yield Books(database)
