"""What a job costs in CPU, beside a client that makes as many calls and durable notes and no more."""

import asyncio
import time

from bot.bench.deliveries import ASKED_EVERY_S, Delivered, Run
from bot.bench.floors import Bare, finished_requests, without_limits
from bot.bench.rows import Row
from bot.media.ladder import fit
from bot.media.verify import verify_result

AIM_MS = 10.0
DURABLE_STEPS = 6  # claimed, accepted, about to be sent, sent, collected, delivered
JOBS_MAX = 20  # at the pace of the service's own jobs, which takes half a second for each
ANSWER_AND_DELIVERY = 2  # the Discord calls that the bare client makes in any case


async def floor_of(bare: Bare, run: Run) -> float:
    """Have the bare client do as much at the same pace; milliseconds of CPU for each job."""
    sent = [one.job.payload for one in run.jobs[:JOBS_MAX]]
    drawn = await finished_requests(bare.horde, sent)
    looks, edits = round(run.provider_calls / len(run.jobs)), _edits(run)
    cpu_s = bare.usage().cpu_s
    with without_limits(bare.horde):
        for number, one in enumerate(drawn):
            prompt = f"work by {run.way} {number}"
            next_at = time.monotonic() + ASKED_EVERY_S
            await bare.asked([prompt])
            await bare.works(
                prompt=prompt,
                urls=one.links,
                looks=[f"{bare.horde.url}/generate/check/{one.remote_id}"] * looks,
                edits=edits,
                notes=DURABLE_STEPS,
            )
            await asyncio.sleep(next_at - time.monotonic())
    cpu_ms = (bare.usage().cpu_s - cpu_s) * 1000
    return cpu_ms / len(drawn)


def _edits(run: Run) -> int:
    return max(0, round(run.discord_calls / len(run.jobs)) - ANSWER_AND_DELIVERY)


def row_of(run: Run, *, floor_ms: float) -> Row:
    """Turn a run into a row."""
    per_job_ms = run.cpu_s * 1000 / len(run.jobs)
    pictures_ms = sum(_picture_work_ms(one) for one in run.jobs) / len(run.jobs)
    return Row(
        name=f"CPU per job, {run.way}",
        unit="ms",
        values={"mean": per_job_ms, "without picture work": per_job_ms - pictures_ms},
        floor={"mean": floor_ms},
        aim=f"≤ {AIM_MS:.0f} ms + picture work",
        is_met=per_job_ms - pictures_ms <= AIM_MS,
        note=(
            f"picture work: {pictures_ms:.1f} ms for checking the same bytes here; floor: the bare "
            f"client with as many calls, and {DURABLE_STEPS} durable notes in SQLite"
        ),
    )


def _picture_work_ms(one: Delivered) -> float:
    """Return the CPU that checking and fitting a job's pictures takes, tried on the same bytes."""
    began_s = time.thread_time()
    for shown in one.card.attachments:
        verify_result(shown.data)
        fit(shown.data, len(shown.data))
    return (time.thread_time() - began_s) * 1000
