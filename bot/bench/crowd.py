"""Fifty jobs of four pictures, all done at the same instant, in one channel."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.bench.floors import Bare, finished_requests
from bot.bench.rows import Row, quantile, spread
from bot.bench.town import Town, imagine, is_final, until
from bot.bench.watched import Look, looks
from bot.bench.ways import INTERVAL_S, Way, longest_gap_s, settings_for

JOBS, PICTURES = 50, 4
AIM_MS = 1000.0
LAG_AIM_MS = 50.0
IDLE_S = 2.0
SUBMITTED_S = 60.0
SETTINGS = {"HORDE_SUBMITS_PER_SECOND": "8", "HORDE_SUBMITS_PER_MINUTE": "290"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What became of the crowd, in seconds after the one instant when all was drawn."""

    posted_after_s: Sequence[float]
    uploaded_bytes: int
    idle: Sequence[Look]
    busy: Sequence[Look]


def payloads(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the requests that the service will send, made after one that it has sent."""
    return [
        {
            **sent,
            "prompt": _prompt(number) + _negative(sent["prompt"]),
            "params": {**sent["params"], "n": PICTURES, "seed": str(number)},
        }
        for number in range(JOBS)
    ]


def _prompt(number: int) -> str:
    return f"a crowded harbour {number}"


def _negative(prompt: str) -> str:
    return "".join(prompt.partition("###")[1:])


async def gather_crowd(town: Town, *, sent: Mapping[str, Any], way: Way) -> Crowd:
    """Fill one channel with jobs, finish all of them at once, and wait for every picture.

    Every picture is drawn beforehand, so that the sandbox's own drawing takes no part of the time.
    """
    await finished_requests(town.horde, payloads(sent))
    before = len(town.horde.truth.jobs)
    town.horde.script.default(held=True)
    name, watch = f"crowd-{way}", town.folder / f"crowd-{way}.watch"
    settings = {**SETTINGS, **settings_for(way)}
    async with town.serving(name, settings, words=("bot.bench.watched", str(watch))):
        await asyncio.sleep(IDLE_S)
        idle = looks(watch)
        cards = await asyncio.gather(
            *(
                imagine(town.member(), town.channels[0], _prompt(n), count=PICTURES, seed=n)
                for n in range(JOBS)
            )
        )
        await until(
            lambda: len(town.horde.truth.jobs) >= before + JOBS,
            within_s=SUBMITTED_S,
            what="all jobs are at the Horde",
        )
        await asyncio.sleep(2 * INTERVAL_S)  # each has been looked at, and each card is waiting
        done_at = time.monotonic()
        for job in town.horde.truth.jobs[before:]:
            town.horde.finish(job.remote_id)
        shown = await asyncio.gather(*(card.until(is_final) for card in cards))
        over_at = time.monotonic()
        await asyncio.sleep(1.5)  # the watch writes its last line
        town.horde.script.default(held=False)
        return Crowd(
            posted_after_s=[town.seconds_of(version) - done_at for version in shown],
            uploaded_bytes=sum(len(file.data) for version in shown for file in version.attachments),
            idle=idle,
            busy=[look for look in looks(watch) if done_at <= look.at_s <= over_at + 1],
        )


async def floor_of(bare: Bare, *, sent: Mapping[str, Any]) -> list[float]:
    """Have the bare client do the same at once; seconds until each was posted."""
    drawn = await finished_requests(bare.horde, payloads(sent))
    prompts = [f"crowd {number}" for number in range(JOBS)]
    cards = await bare.asked(prompts, count=PICTURES)
    links = [one.links for one in drawn]
    began = await bare.delivers(dict(zip(prompts, links, strict=True)))
    first = min(began.values())
    return [bare.seconds_of(cards[prompt]) - first for prompt in prompts]


def row_of(crowd: Crowd, *, floor_s: Sequence[float], way: Way) -> Row:
    """Turn it into a row; all jobs together share the provider's polls."""
    milliseconds = [after * 1000 for after in crowd.posted_after_s]
    limit_ms = AIM_MS + (longest_gap_s(watched=JOBS) * 1000 if way is Way.POLLING else 0)
    values = spread(milliseconds, 50, 95)
    return Row(
        name=f"{JOBS} jobs × {PICTURES} pictures at once in one channel, {way}",
        unit="ms",
        values=values,
        floor=spread([after * 1000 for after in floor_s], 50, 95),
        aim=f"p95 < {limit_ms:,.0f} ms" + (", one poll + 1 s" if way is Way.POLLING else ""),
        is_met=len(milliseconds) == JOBS and values["p95"] < limit_ms,
        note=f"done at one instant; {crowd.uploaded_bytes / 2**20:.1f} MiB of pictures",
        samples=milliseconds,
    )


def lag_row_of(crowd: Crowd) -> Row:
    """Turn what the watch saw into a row."""
    busy = [late for look in crowd.busy for late in look.late_ms]
    idle = [late for look in crowd.idle for late in look.late_ms]
    values = spread(busy, 50, 99)
    return Row(
        name="event loop late while those pictures are worked on",
        unit="ms",
        values=values,
        floor=spread(idle, 50, 99),
        aim=f"p99 ≤ {LAG_AIM_MS:.0f} ms",
        is_met=quantile(busy, 0.99) <= LAG_AIM_MS,
        note="floor: the same loop before it had work",
        samples=busy,
    )
