"""The rows of the table, all in one run, with their floors."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.bench import answers, crowd, deliveries, waiting
from bot.bench.crash_matrix import crash_row
from bot.bench.floors import Bare, bare_client
from bot.bench.ledger import ledger_rows
from bot.bench.rows import Row
from bot.bench.town import Town, open_town
from bot.bench.ways import Way, ways
from bot.sandbox.providers.horde import HordeRules

PEOPLE_OF_THE_FLOOR = answers.WARM_UP + answers.AT_ONCE
SETTING = (
    "The service runs as a process of its own; the sandboxes share the machine's cores with it, in "
    "the bench's process. Discord's limits are on (5 edits in 2 s per token, 5 in 5 s per channel, "
    "50 calls a second) unless a row says otherwise; the Horde's too, for a trusted account (10 "
    "submits a second), and its checks are cached for a second. Pictures: 512 × 512 WebP."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    jobs: int
    ways: tuple[Way, ...]
    ledger_s: float
    waiting: tuple[int, ...]


FULL = Size(jobs=40, ways=ways(), ledger_s=2.0, waiting=(1_000, 10_000))
QUICK = Size(jobs=6, ways=ways()[-1:], ledger_s=0.4, waiting=(1_000,))


async def measured(
    size: Size, folder: Path, *, inherited: Mapping[str, str], tell: Callable[[str], None]
) -> list[Row]:
    """Measure everything; rows come in the order of the design's table."""

    def begin(what: str) -> None:
        # What the sandboxes remember by now must not be looked through in the middle of a row.
        gc.collect()
        gc.freeze()
        tell(what)

    begin("reserve and settle")
    ledger = await ledger_rows(folder, for_s=size.ledger_s)
    rules = HordeRules(https_only_webhooks=False)
    async with open_town(folder / "town", inherited=inherited, horde_rules=rules) as town:
        rows, bare_bytes = await _members_rows(town, size, begin)
    unlimited = HordeRules(limited=False)
    async with open_town(
        folder / "waiting",
        inherited=inherited,
        discord_rules=waiting.UNLIMITED,
        horde_rules=unlimited,
    ) as town:
        begin("an idle service")
        idle = await waiting.wait_with(town, 0)
        many = []
        for jobs in size.waiting:
            begin(f"{jobs:,} waiting jobs and a restart")
            many.append(await waiting.wait_with(town, jobs))
    return [*rows, *waiting.rows_of(idle, many, bare_bytes=bare_bytes), *ledger, crash_row()]


async def _members_rows(
    town: Town, size: Size, begin: Callable[[str], None]
) -> tuple[list[Row], int]:
    """Measure what members see; also return what the bare client keeps in memory."""
    runs, crowds = {}, {}
    for way in size.ways:
        begin(f"{size.jobs} jobs, one after another, by {way}")
        runs[way] = await deliveries.deliver(town, jobs=size.jobs, way=way)
        begin(f"{crowd.JOBS} jobs at once, by {way}")
        sent = runs[way].jobs[0].job.payload
        crowds[way] = await crowd.gather_crowd(town, sent=sent, way=way)
    begin(f"{answers.AT_ONCE} commands at once")
    asked = await answers.ask_at_once(town)
    begin("the floors")
    async with bare_client(town, people=PEOPLE_OF_THE_FLOOR) as bare:
        bare_bytes = bare.usage().resident_bytes
        rows = [answers.row_of(asked, floor_s=await answers.floor_of(bare))]
        for way in reversed(size.ways):
            rows = [*await _way_rows(bare, runs[way], crowds[way]), *rows]
    return [*rows, crowd.lag_row_of(crowds[size.ways[0]])], bare_bytes


async def _way_rows(bare: Bare, run: deliveries.Run, gathered: crowd.Crowd) -> list[Row]:
    cpu_s = bare.usage().cpu_s
    floor_s = await deliveries.floor_of(bare, run)
    cpu_ms = (bare.usage().cpu_s - cpu_s) * 1000 / len(floor_s)
    rows = deliveries.rows_of(run, floor_s=floor_s, floor_cpu_ms=cpu_ms)
    crowd_s = await crowd.floor_of(bare, sent=run.jobs[0].job.payload)
    return [*rows, crowd.row_of(gathered, floor_s=crowd_s, way=run.way)]
