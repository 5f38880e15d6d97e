"""From "the provider is done" to "the pictures are in the channel", and what that costs in calls."""

import asyncio
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bot.bench.floors import Bare, finished_requests
from bot.bench.process import ServiceProcess
from bot.bench.rows import Row, spread
from bot.bench.town import Town, imagine, is_final
from bot.bench.ways import INTERVAL_S, Way, longest_gap_s, settings_for
from bot.media.ladder import fit
from bot.media.verify import verify_result
from bot.sandbox.discord.cards import Card
from bot.sandbox.providers.horde.pictures.jobs import PictureJob

ASKED_EVERY_S = 0.5  # the Horde takes two submits a second
LENGTH_S = (2.0, 4.0)  # of the queue, and again of the drawing: each job has its own
POLLED_SLACK_MS = 300.0
TIMES_FLOOR, CALLED_P95_MS = 1.5, 300.0
CPU_AIM_MS = 10.0
CHANGES_BESIDE = 2  # Discord calls that change nothing visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One job of the measurement."""

    card: Card
    job: PictureJob
    posted_after_s: float
    seen_after_s: float | None  # from the look that saw it finished, if there was one


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run of jobs came to."""

    jobs: Sequence[Delivered]
    cpu_s: float
    provider_calls: int
    discord_calls: int
    way: Way


async def deliver(town: Town, *, jobs: int, way: Way) -> Run:
    """Let members ask one after another for a picture each, and wait for all of them."""
    async with town.serving(f"deliveries-{way}", settings_for(way)) as service:
        town.horde.script.next(queue_s=0.1, seconds_per_picture=0.1)
        await _one(town, 0, f"warming up, {way}")
        return await _delivered(town, service, jobs, way)


async def _delivered(town: Town, service: ServiceProcess, jobs: int, way: Way) -> Run:
    chance = random.Random(jobs)  # noqa: S311 - lengths of jobs, the same in every run
    cpu_s = service.usage().cpu_s
    calls, requests = len(town.horde.calls), len(town.discord.requests)
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(jobs):
            town.horde.script.next(
                queue_s=chance.uniform(*LENGTH_S), seconds_per_picture=chance.uniform(*LENGTH_S)
            )
            tasks.append(group.create_task(_one(town, number, f"a harbour by {way} {number}")))
            await asyncio.sleep(ASKED_EVERY_S)
    made = list(town.horde.calls)[calls:]
    return Run(
        jobs=[await task for task in tasks],
        cpu_s=service.usage().cpu_s - cpu_s,
        provider_calls=sum(call.route.startswith("/generate") for call in made),
        discord_calls=len(town.discord.requests) - requests,
        way=way,
    )


async def _one(town: Town, number: int, prompt: str) -> Delivered:
    channel = town.channels[number % len(town.channels)]
    card = await imagine(town.member(), channel, prompt, seed=number)
    shown = await card.until(is_final)
    posted_at = town.seconds_of(shown)
    job = town.remote_jobs()[prompt]
    assert job.done_monotonic_s is not None, "it was drawn before it was shown"
    looks = [call for call in town.horde.calls if call.path == f"/generate/status/{job.remote_id}"]
    return Delivered(
        card=card,
        job=job,
        posted_after_s=posted_at - job.done_monotonic_s,
        seen_after_s=posted_at - town.seconds_of_call(looks[-1]) if looks else None,
    )


async def floor_of(bare: Bare, run: Run) -> list[float]:
    """Have the bare client deliver the same pictures one after another; seconds of each."""
    payloads: list[Mapping[str, Any]] = [one.job.payload for one in run.jobs]
    links = await finished_requests(bare.horde, payloads)
    prompts = [f"floor {number}" for number in range(len(links))]
    cards = await bare.asked(prompts)
    took_s = []
    for prompt, urls in zip(prompts, links, strict=True):
        began = await bare.delivers({prompt: urls})
        took_s.append(bare.seconds_of(cards[prompt]) - began[prompt])
    return took_s


def rows_of(run: Run, *, floor_s: Sequence[float], floor_cpu_ms: float) -> list[Row]:
    """Turn a run into rows."""
    floor = _milliseconds(floor_s)
    return [
        _posted_row(run, floor),
        _own_part_row(run, floor),
        _provider_row(run),
        _discord_row(run),
        _cpu_row(run, floor_cpu_ms),
    ]


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    return spread([one * 1000 for one in seconds], 50, 95)


def _posted_row(run: Run, floor: Mapping[str, float]) -> Row:
    values = _milliseconds([one.posted_after_s for one in run.jobs])
    if run.way is Way.POLLING:
        limit_ms = longest_gap_s(watched=1) * 1000 + POLLED_SLACK_MS
        aim, is_met = f"≤ {limit_ms:,.0f} ms, one poll + 300 ms", values["max"] <= limit_ms
    else:
        aim = f"p50 ≤ {TIMES_FLOOR} × floor, p95 ≤ {CALLED_P95_MS:.0f} ms"
        is_met = values["p50"] <= TIMES_FLOOR * floor["p50"] and values["p95"] <= CALLED_P95_MS
    return Row(
        name=f"provider done → posted, {run.way}",
        unit="ms",
        values=values,
        floor=floor,
        aim=aim,
        is_met=is_met,
        note=f"{len(run.jobs)} jobs; floor: the bare client's download and upload",
        samples=[one.posted_after_s * 1000 for one in run.jobs],
    )


def _own_part_row(run: Run, floor: Mapping[str, float]) -> Row:
    after_s = [one.seen_after_s for one in run.jobs if one.seen_after_s is not None]
    return Row(
        name=f"last look → posted, {run.way}",
        unit="ms",
        values=_milliseconds(after_s),
        floor=floor,
        note="our part: the status' answer, download, checks, store, upload",
        samples=[after * 1000 for after in after_s],
    )


def _provider_row(run: Run) -> Row:
    # Rounded up for each job: the look that sees the end comes after it.
    looks = [math.ceil(_length_s(one.job) / INTERVAL_S) for one in run.jobs]
    is_polling = run.way is Way.POLLING
    limit = 2 + sum(looks) / len(looks) if is_polling else 3.0
    per_job = run.provider_calls / len(run.jobs)
    return Row(
        name=f"provider calls per job, {run.way}",
        unit="calls",
        values={"mean": per_job},
        aim=f"≤ {limit:.1f}" + (", 2 + ⌈duration ÷ interval⌉" if is_polling else ""),
        is_met=per_job <= limit,
        note="API calls; the picture's download comes on top",
    )


def _length_s(job: PictureJob) -> float:
    assert job.done_at_s is not None, "only finished jobs are counted"
    return job.done_at_s - job.accepted_at_s


def _discord_row(run: Run) -> Row:
    changes = [_visible_changes(one.card) for one in run.jobs]
    limit = sum(changes) / len(changes) + CHANGES_BESIDE
    per_job = run.discord_calls / len(run.jobs)
    return Row(
        name=f"Discord calls per job, {run.way}",
        unit="calls",
        values={"mean": per_job},
        floor={"mean": 2.0},
        aim=f"≤ {limit:.1f}, visible changes + 2",
        is_met=per_job <= limit,
        note="floor: the first answer and one edit",
    )


def _visible_changes(card: Card) -> int:
    """Count the versions that a person could tell from the one before."""
    looks = [(v.text, v.accent, len(v.attachments), len(v.buttons)) for v in card.versions]
    return sum(look != before for before, look in pairwise(looks))


def _cpu_row(run: Run, floor_cpu_ms: float) -> Row:
    per_job_ms = run.cpu_s * 1000 / len(run.jobs)
    pictures_ms = sum(_picture_work_ms(one) for one in run.jobs) / len(run.jobs)
    return Row(
        name=f"CPU per job, {run.way}",
        unit="ms",
        values={"mean": per_job_ms, "without picture work": per_job_ms - pictures_ms},
        floor={"mean": floor_cpu_ms},
        aim=f"≤ {CPU_AIM_MS:.0f} ms + picture work",
        is_met=per_job_ms - pictures_ms <= CPU_AIM_MS,
        note=f"picture work: {pictures_ms:.1f} ms for checking the same bytes here",
    )


def _picture_work_ms(one: Delivered) -> float:
    """Return the CPU that checking and fitting a job's pictures takes, tried on the same bytes."""
    began_s = time.thread_time()
    for shown in one.card.attachments:
        verify_result(shown.data)
        fit(shown.data, len(shown.data))
    return (time.thread_time() - began_s) * 1000
