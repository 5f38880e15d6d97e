"""The rows of the table, all in one run, with their floors."""

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.bench import answers, cpu, crowd, deliveries, waiting
from bot.bench.crash_matrix import KILLS, crash_row, killed_row
from bot.bench.floors import bare_client
from bot.bench.ledger import ledger_rows
from bot.bench.rows import Row
from bot.bench.town import DISCORD_RULES, Town, open_town
from bot.bench.ways import Way, ways
from bot.sandbox.providers.horde import HordeRules

FLOOR_PEOPLE = answers.WARM_UP + answers.AT_ONCE
SETTING = (
    "The service runs as a process of its own; the sandboxes share the machine's cores with it, in "
    "the bench's process. Single jobs: Discord and the Horde are {distance_ms:.0f} ms away, there "
    "and back (--delay-ms). All else: on loopback, as near as can be. Discord's limits are on (5 "
    "edits in 2 s per token, 5 in 5 s per channel, 50 calls a second) unless a row says otherwise; "
    "the Horde's too, for a trusted account (10 submits a second), and its checks are cached for a "
    "second. Pictures: 512 × 512 WebP."
)

Begin = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    jobs: int
    ways: tuple[Way, ...]
    ledger_s: float
    waiting: tuple[int, ...]
    is_killed: bool


FULL = Size(jobs=40, ways=ways(), ledger_s=2.0, waiting=(1_000, 10_000), is_killed=True)
QUICK = Size(jobs=6, ways=ways()[-1:], ledger_s=0.4, waiting=(1_000,), is_killed=False)


async def measured(
    size: Size,
    folder: Path,
    *,
    distance_s: float,
    inherited: Mapping[str, str],
    tell: Callable[[str], None],
) -> list[Row]:
    """Measure everything; rows come in the order of the design's table."""

    def begin(what: str) -> None:
        # What the sandboxes remember by now must not be looked through in the middle of a row.
        gc.collect()
        gc.freeze()
        tell(what)

    begin("reserve and settle")
    ledger = await ledger_rows(folder, for_s=size.ledger_s)
    async with _members_town(folder / "far", inherited, distance_s=distance_s) as town:
        runs, far = await _far_rows(town, size, begin)
    async with _members_town(folder / "near", inherited, distance_s=0.0) as town:
        near, bare_bytes = await _near_rows(town, size, begin, sent=runs[0].jobs[0].job.payload)
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
    waited = waiting.rows_of(idle, many, bare_bytes=bare_bytes)
    killed = []
    if size.is_killed:
        begin(f"{KILLS.jobs} jobs of all providers and {KILLS.kills} kills")
        killed.append(await killed_row(folder / "killed", inherited=inherited))
    return [*far, *near, *waited, *ledger, *killed, crash_row()]


def _members_town(
    folder: Path, inherited: Mapping[str, str], *, distance_s: float
) -> AbstractAsyncContextManager[Town]:
    """Open a town so far away from the service, there and back."""
    return open_town(
        folder,
        inherited=inherited,
        discord_rules=replace(DISCORD_RULES, distance_s=distance_s),
        horde_rules=HordeRules(https_only_webhooks=False, distance_s=distance_s),
    )


async def _far_rows(
    town: Town, size: Size, begin: Begin
) -> tuple[Sequence[deliveries.Run], list[Row]]:
    """Measure single jobs, whose time is mostly spent under way."""
    runs = []
    for way in size.ways:
        begin(f"{size.jobs} jobs, one after another, by {way}")
        runs.append(await deliveries.deliver(town, jobs=size.jobs, way=way))
    rows: list[Row] = []
    async with bare_client(town, people=FLOOR_PEOPLE) as bare:
        for run in runs:
            begin(f"the floors of the jobs by {run.way}")
            floor_s = await deliveries.floor_of(bare, run)
            rows += deliveries.rows_of(run, floor_s=floor_s)
            rows.append(cpu.row_of(run, floor_ms=await cpu.floor_of(bare, run)))
    return runs, rows


async def _near_rows(
    town: Town, size: Size, begin: Begin, *, sent: Mapping[str, Any]
) -> tuple[list[Row], int]:
    """Measure what keeps the machine busy; also return what the bare client keeps in memory."""
    crowds = {}
    for way in size.ways:
        begin(f"{crowd.JOBS} jobs at once, by {way}")
        crowds[way] = await crowd.gather_crowd(town, sent=sent, way=way)
    begin(f"{answers.AT_ONCE} commands at once")
    asked = await answers.ask_at_once(town)
    begin("the floors of what came at once")
    async with bare_client(town, people=FLOOR_PEOPLE) as bare:
        bare_bytes = bare.usage().resident_bytes
        answered = answers.row_of(asked, floor_s=await answers.floor_of(bare))
        rows = [
            crowd.row_of(gathered, floor_s=await crowd.floor_of(bare, sent=sent), way=way)
            for way, gathered in crowds.items()
        ]
    return [*rows, answered, crowd.lag_row_of(crowds[size.ways[0]])], bare_bytes
