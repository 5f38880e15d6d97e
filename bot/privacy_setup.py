"""Who answers for members' data, put together as the settings say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.retention import Retention
from bot.jobs.album import Album
from bot.jobs.caretakers import Caretakers
from bot.jobs.departures import Departures, IsThere
from bot.jobs.dispatch import Dispatch
from bot.jobs.erasure import Eraser, Memory
from bot.jobs.exports import Exports
from bot.jobs.reports import Poster, ReportDesk
from bot.settings import Settings
from storage.blobs import BlobStore
from storage.database import Database

EXPORTS_FOLDER = "exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where members' data is."""

    database: Database
    blobs: BlobStore
    album: Album
    memory: Memory
    server_memory: Sequence[Callable[[int], None]]
    """What forgets a server that was forgotten in the store."""


def retention(settings: Settings) -> Retention:
    """Say how long what is kept."""
    return Retention(
        results=timedelta(hours=settings.result_retention_h),
        words=timedelta(days=settings.prompt_retention_d),
        left_servers=timedelta(days=settings.left_server_grace_d),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is known outside of the store: whether Discord has us in a server, where reports go."""

    is_there: IsThere
    poster: Poster
    channel_of: Callable[[int | None], int | None]


def caretakers(
    settings: Settings, stores: Stores, outside: Outside, *, dispatch: Dispatch, clock: Clock
) -> Caretakers:
    """Put them together; nothing runs yet."""
    database, blobs = stores.database, stores.blobs
    return Caretakers(
        retention=retention(settings),
        eraser=Eraser(database, dispatch, blobs=blobs, memory=stores.memory, clock=clock),
        exports=Exports(database, blobs, stores.album, folder=settings.data_dir / EXPORTS_FOLDER),
        departures=Departures(
            database,
            is_there=outside.is_there,
            grace=retention(settings).left_servers,
            let_go=stores.server_memory,
            clock=clock,
        ),
        reports=ReportDesk(
            database,
            poster=outside.poster,
            channel_of=outside.channel_of,
            operators_channel=settings.report_channel,
            clock=clock,
        ),
    )
