"""From "the provider is done" to "the pictures are in the channel", and what that costs in calls."""

import asyncio
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.bench.floors import Bare, finished_requests
from bot.bench.process import ServiceProcess
from bot.bench.rows import Row, spread
from bot.bench.town import Town, imagine, is_final
from bot.bench.ways import INTERVAL_S, Way, longest_gap_s, settings_for
from bot.sandbox.discord.cards import Card
from bot.sandbox.discord.shown import Shown
from bot.sandbox.providers.horde.pictures.jobs import PictureJob

ASKED_EVERY_S = 0.5  # the Horde takes two submits a second
LENGTH_S = (2.0, 4.0)  # of the queue, and again of the drawing: each job has its own
POLLED_SLACK_MS = 300.0
TIMES_FLOOR, CALLED_P95_MS = 1.5, 300.0
CHANGES_BESIDE = 2  # Discord calls that change nothing visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One job of the measurement; posted is when its card first showed every picture."""

    card: Card
    job: PictureJob
    posted_after_s: float
    seen_after_s: float  # from the look that saw it finished; below 0 when a callback was first


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
    await card.until(is_final)
    posted_at = town.seconds_of(next(filter(_has_pictures, card.versions)))
    job = town.remote_jobs()[prompt]
    assert job.done_monotonic_s is not None, "it was drawn before it was shown"
    looks = [call for call in town.horde.calls if call.path == f"/generate/status/{job.remote_id}"]
    return Delivered(
        card=card,
        job=job,
        posted_after_s=posted_at - job.done_monotonic_s,
        seen_after_s=posted_at - town.seconds_of_call(looks[-1]),
    )


def _has_pictures(version: Shown) -> bool:
    return bool(version.attachments)


async def floor_of(bare: Bare, run: Run) -> list[float]:
    """Have the bare client deliver the same pictures one after another; seconds of each.

    It hears at once that a picture is done: the way that such news takes is added.
    """
    drawn = await finished_requests(bare.horde, [one.job.payload for one in run.jobs])
    prompts = [f"floor {number}" for number in range(len(drawn))]
    cards = await bare.asked(prompts)
    news_s = bare.horde.rules.distance_s / 2
    took_s = []
    for prompt, one in zip(prompts, drawn, strict=True):
        began = await bare.delivers({prompt: one.links})
        took_s.append(news_s + bare.seconds_of(cards[prompt]) - began[prompt])
    return took_s


def rows_of(run: Run, *, floor_s: Sequence[float]) -> list[Row]:
    """Turn a run into rows."""
    floor = _milliseconds(floor_s)
    own_part = [_own_part_row(run, floor)] if run.way is Way.POLLING else []
    return [_posted_row(run, floor), *own_part, _provider_row(run), _discord_row(run)]


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
        note=(
            f"{len(run.jobs)} jobs; floor: the bare client's download and upload, "
            "and the way of the news"
        ),
        samples=[one.posted_after_s * 1000 for one in run.jobs],
    )


def _own_part_row(run: Run, floor: Mapping[str, float]) -> Row:
    after_s = [one.seen_after_s for one in run.jobs]
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
