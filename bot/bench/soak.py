"""A soak: members at work for as long as it is told, nothing goes wrong, and memory is watched."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bench import chaos
from bot.bench.books import Books, open_books
from bot.bench.chaos_plan import steady
from bot.bench.invariants import broken, doubles, unbegun
from bot.bench.keeper import Keeper
from bot.bench.rows import Row
from bot.bench.storm import Storm
from bot.bench.town import Town, open_town
from bot.bench.usage import MEBIBYTE, Usage

PER_S = 10.0  # so that what is remembered of the last thousands of jobs is full by half-time
SEED = 1
SETTINGS = {**chaos.PACE, "EASEL_DAILY_CREDITS": "1000000"}
SAMPLE_EVERY_S = 1.0
WARM_UP_SHARE = 0.5  # of the samples; SQLite's caches fill for thousands of jobs
QUIET_S = 40.0  # after which unused connections are closed
FILES_SLACK, TASKS_SLACK = 6, 6
JOB_AIM_KIB = 2.0
TELLING_S = 600.0  # in less time the warming up decides the slope


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What a soak came to; `broken` is empty when all is well."""

    rows: tuple[Row, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The service's memory at one moment."""

    at_s: float
    resident_bytes: int


async def soak(
    minutes: float, *, folder: Path, inherited: Mapping[str, str], tell: Callable[[str], None]
) -> Soaked:
    """Let members work for so many minutes, then look at the books and at what is still held."""
    plan = steady(SEED, length_s=minutes * 60, per_s=PER_S)
    async with open_town(folder, inherited=inherited, horde_rules=chaos.HORDE_RULES) as town:
        keeper = Keeper(town, "soak", SETTINGS)
        await keeper.start()
        try:
            await asyncio.sleep(3 * SAMPLE_EVERY_S)  # the watch has something to say
            before, tasks_before = keeper.process.usage(), keeper.looks()[-1].tasks
            samples: list[Sample] = []
            sampling = asyncio.create_task(_sample(keeper, samples))
            tell(f"{plan.size.jobs:,} jobs in {minutes:g} minutes")
            await Storm(town, keeper, plan).rage()
            sampling.cancel()
            async with open_books(keeper.environment) as books:
                late = await chaos.settled(keeper, books)
                tell("waiting until unused connections are closed")
                await asyncio.sleep(QUIET_S)
                rows = await _rows(town, books, samples)
                faults = [*late, *await broken(town, books)]
            rows.append(_leak_row(before, tasks_before, keeper))
        finally:
            await keeper.stop()
    return Soaked(rows=tuple(rows), broken=tuple(faults))


async def _sample(keeper: Keeper, samples: list[Sample]) -> None:
    while True:
        usage = keeper.process.usage()
        samples.append(Sample(at_s=time.monotonic(), resident_bytes=usage.resident_bytes))
        await asyncio.sleep(SAMPLE_EVERY_S)


async def _rows(town: Town, books: Books, samples: Sequence[Sample]) -> list[Row]:
    jobs = await books.jobs()
    is_open = sum(job.is_open for job in jobs)
    lost = is_open + len(unbegun(town, jobs))
    twice = len(list(doubles(jobs, town.public_cards())))
    return [
        Row(
            name="lost",
            unit="jobs",
            values={"lost": float(lost), "of": float(len(jobs))},
            aim="0",
            is_met=lost == 0,
        ),
        Row(
            name="doubled", unit="jobs", values={"doubled": float(twice)}, aim="0", is_met=not twice
        ),
        _memory_row(samples, jobs=len(jobs)),
    ]


def _memory_row(samples: Sequence[Sample], *, jobs: int) -> Row:
    steady_ = samples[int(len(samples) * WARM_UP_SHARE) :]
    per_s = slope(steady_)
    length_s = max(1.0, samples[-1].at_s - samples[0].at_s)
    per_job_kib = per_s * length_s / max(1, jobs) / 1024
    return Row(
        name="memory slope",
        unit="MiB/h, KiB/job",
        values={
            "per hour": per_s * 3600 / MEBIBYTE,
            "per job": per_job_kib,
            "first MiB": samples[0].resident_bytes / MEBIBYTE,
            "last MiB": samples[-1].resident_bytes / MEBIBYTE,
        },
        aim=f"≤ {JOB_AIM_KIB:g} KiB per job, from {TELLING_S / 60:.0f} minutes on",
        is_met=per_job_kib <= JOB_AIM_KIB if length_s >= TELLING_S * 0.95 else None,
        note="a straight line through the samples of the second half, when caches are full",
    )


def slope(samples: Sequence[Sample]) -> float:
    """Return bytes per second of the straight line through the samples (least squares)."""
    count = len(samples)
    mean_at = sum(sample.at_s for sample in samples) / count
    mean_bytes = sum(sample.resident_bytes for sample in samples) / count
    across = sum((sample.at_s - mean_at) ** 2 for sample in samples)
    up = sum((s.at_s - mean_at) * (s.resident_bytes - mean_bytes) for s in samples)
    return up / across if across else 0.0


def _leak_row(before: Usage, tasks_before: int, keeper: Keeper) -> Row:
    after = keeper.process.usage()
    tasks = keeper.looks()[-1].tasks - tasks_before
    files = (after.files or 0) - (before.files or 0)
    return Row(
        name="leaked",
        unit="more than at the start",
        values={"files": float(files), "tasks": float(tasks)},
        aim=f"≤ {FILES_SLACK} files, {TASKS_SLACK} tasks",
        is_met=files <= FILES_SLACK and tasks <= TASKS_SLACK,
        note="" if after.files is not None else "open files cannot be counted on this system",
    )
