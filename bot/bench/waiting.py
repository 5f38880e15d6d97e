"""Thousands of jobs that wait: what each costs in memory, and how fast a restart takes them up.

The jobs are written into the store as the service would have left them: running at the Horde, paid
for, each with a card in a channel. Discord's limits are off here, because showing ten thousand cards
takes minutes with them on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import aiohttp

from bot.accounts.credits import CreditAccounts
from bot.bench.books import open_books, settings_of
from bot.bench.process import BenchFailed, ServiceProcess
from bot.bench.rows import Row
from bot.bench.town import KEY, Town
from bot.bench.usage import MEBIBYTE
from bot.domain.clock import SystemClock
from bot.domain.credits import credits_of, member_account
from bot.domain.jobs import Job, JobId, JobState, Remote, Target, UserId
from bot.domain.pricing import USUAL
from bot.domain.requests import PictureRequest
from bot.key_setup import open_sealer
from bot.sandbox.discord.rules import DiscordRules
from storage.database import Tx
from storage.sqlite import open_sqlite

T = TypeVar("T")

AT_ONCE = 40
WRITTEN_AT_ONCE = 500
JOBS_PER_MEMBER = 10
IDLE_SETTLES_S = 3.0
LOOKED_AT_S_MAX = 60.0
RESTART_AIM_S = 5.0
IDLE_AIM_MIB, JOB_AIM_KIB = 90.0, 20.0
COMPONENTS_V2 = 1 << 15
FIRST_JOB_ID = 10**18
CARD = {"flags": COMPONENTS_V2, "components": [{"type": 10, "content": "### On its way"}]}

UNLIMITED = DiscordRules(identify_every_s=0.01, rate_limits=False, wait_s=300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A service with so many open jobs; times are seconds after its process was started."""

    jobs: int
    taken_over_s: float
    looked_at_s: float
    looked_at: int
    resident_bytes: int
    peak_bytes: int | None


async def wait_with(town: Town, jobs: int) -> Waiting:
    """Prepare so many jobs, start a service on them, and watch it take them up."""
    name = f"waiting-{jobs}"
    environment = town.environment(name)
    newest = await _prepare(town, environment, jobs) if jobs else None
    calls = len(town.horde.calls)
    began_at = time.monotonic()
    async with town.serving(name) as service:
        taken_over_s = 0.0
        if newest is not None:
            await _taken_over(environment, newest)
            taken_over_s = time.monotonic() - began_at
        looked_at, at_s = await _looked_at(town, service, calls, jobs, began_at)
        await asyncio.sleep(IDLE_SETTLES_S)
        usage = service.usage()
    return Waiting(
        jobs=jobs,
        taken_over_s=taken_over_s,
        looked_at_s=at_s,
        looked_at=looked_at,
        resident_bytes=usage.resident_bytes,
        peak_bytes=usage.peak_bytes,
    )


async def _taken_over(environment: Mapping[str, str], newest: JobId) -> None:
    """Return when the takeover, which is one transaction for all jobs, is in the store."""
    async with open_books(environment) as books:
        while True:
            job = await books.ask(lambda tx: tx.jobs.get(newest))
            if job is not None and job.epoch > 1:
                return
            await asyncio.sleep(0.01)


async def _looked_at(
    town: Town, service: ServiceProcess, calls: int, jobs: int, began_at: float
) -> tuple[int, float]:
    """Wait until the Horde was asked for each job, for so long; how many were, and when."""
    seen: set[str] = set()
    last_new_at = began_at
    while len(seen) < jobs and time.monotonic() - began_at < LOOKED_AT_S_MAX:
        if not service.is_running:
            raise BenchFailed(f"The service ended:\n{service.complaint()}")
        made = list(town.horde.calls)[calls:]
        calls += len(made)
        before = len(seen)
        seen.update(call.path for call in made if call.route.startswith("/generate/check"))
        if len(seen) > before:
            last_new_at = time.monotonic()
        await asyncio.sleep(0.05)
    return len(seen), last_new_at - began_at


# ------------------------------------------------------------ the jobs that wait


async def _prepare(town: Town, environment: Mapping[str, str], jobs: int) -> JobId:
    """Let the jobs exist at the Horde, in Discord and in the store; return the newest one's id."""
    town.horde.script.default(held=True)
    async with aiohttp.ClientSession() as session:
        remote_ids = await _each(jobs, lambda n: _accepted(session, town, n))
        card_ids = await _each(jobs, lambda n: _posted(session, town, n))
    town.horde.script.default(held=False)
    made = [
        _job(town, number, remote_id=remote_id, card_id=card_id)
        for number, (remote_id, card_id) in enumerate(zip(remote_ids, card_ids, strict=True))
    ]
    await _written(environment, made)
    return made[-1].id


async def _each(count: int, make: Callable[[int], Awaitable[T]]) -> list[T]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> T:
        async with places:
            return await make(number)

    return await asyncio.gather(*map(one, range(count)))


async def _accepted(session: aiohttp.ClientSession, town: Town, number: int) -> str:
    body = {
        "prompt": f"waiting {number}",
        "params": {"n": 1, "width": 512, "height": 512, "steps": 20, "seed": str(number)},
        "models": ["stable_diffusion"],
        "r2": True,
    }
    headers = {"apikey": KEY, "Client-Agent": "bench:1:loopback"}
    url = f"{town.horde.url}/generate/async"
    answer = await _answer(session.post(url, json=body, headers=headers))
    return str(answer["id"])


async def _posted(session: aiohttp.ClientSession, town: Town, number: int) -> int:
    channel = town.channels[number % len(town.channels)]
    headers = {"Authorization": f"Bot {town.discord.bot_token}"}
    url = f"{town.discord.api_url}/channels/{channel.id}/messages"
    return int((await _answer(session.post(url, json=CARD, headers=headers)))["id"])


async def _answer(asked: Any) -> dict[str, Any]:
    async with asked as response:
        body: dict[str, Any] = await response.json()
        if not response.ok:
            raise BenchFailed(f"A sandbox refused what the bench prepared: {body}")
        return body


def _job(town: Town, number: int, *, remote_id: str, card_id: int) -> Job:
    request = PictureRequest(
        prompt=f"waiting {number}",
        width=512,
        height=512,
        steps=20,
        seed=number,
        model="stable_diffusion",
    )
    now = datetime.now(UTC)
    channel = town.channels[number % len(town.channels)]
    return Job(
        id=JobId(str(FIRST_JOB_ID + number)),
        owner_id=UserId(1 + number // JOBS_PER_MEMBER),
        request=request,
        target=Target(
            application_id=int(town.discord.application_id),
            channel_id=int(channel.id),
            message_id=card_id,
            guild_id=int(town.community.id),
            created_at=now,
            file_bytes_max=town.discord.rules.file_bytes_max,
        ),
        provider="horde",
        price=USUAL.of(request),
        state=JobState.RUNNING,
        attempt=1,
        remote=Remote(id=remote_id, total=1, submitted_at=now, seed=number),
        created_at=now,
        changed_at=now,
    )


async def _written(environment: Mapping[str, str], jobs: Sequence[Job]) -> None:
    """Write the jobs as the service would have: each with its reservation."""
    settings = settings_of(environment)
    async with open_sqlite(settings.database_path, sealer=open_sealer(settings)) as database:
        daily = credits_of(settings.daily_credits)
        accounts = CreditAccounts(database, daily=daily, clock=SystemClock())

        async def write(tx: Tx, *, some: Sequence[Job]) -> None:
            for job in some:
                await accounts.open_today(tx, job.owner_id, at=job.created_at)
                held = await accounts.hold(tx, job, payers=[member_account(job.owner_id)])
                await tx.jobs.accept(held)

        for start in range(0, len(jobs), WRITTEN_AT_ONCE):
            some = jobs[start : start + WRITTEN_AT_ONCE]
            await database.write(partial(write, some=some))


# ------------------------------------------------------------ rows


def rows_of(idle: Waiting, many: Sequence[Waiting], *, bare_bytes: int) -> list[Row]:
    """Turn what was seen into rows."""
    idle_mib = idle.resident_bytes / MEBIBYTE
    return [
        Row(
            name="memory of the idle service",
            unit="MiB",
            values={"resident": idle_mib},
            floor={"resident": bare_bytes / MEBIBYTE},
            aim=f"≤ {IDLE_AIM_MIB:.0f} MiB",
            is_met=idle_mib <= IDLE_AIM_MIB,
            note="floor: Python with aiohttp, logged in",
        ),
        *(_memory_row(idle, each) for each in many),
        _restart_row(many[-1]),
    ]


def _memory_row(idle: Waiting, loaded: Waiting) -> Row:
    per_job = (loaded.resident_bytes - idle.resident_bytes) / loaded.jobs / 1024
    values = {"per job": per_job, "resident MiB": loaded.resident_bytes / MEBIBYTE}
    if loaded.peak_bytes is not None:
        values["peak MiB"] = loaded.peak_bytes / MEBIBYTE
    return Row(
        name=f"memory per waiting job, {loaded.jobs:,} waiting",
        unit="KiB",
        values=values,
        aim=f"≤ {JOB_AIM_KIB:.0f} KiB",
        is_met=per_job <= JOB_AIM_KIB,
        note="Discord's limits off",
    )


def _restart_row(loaded: Waiting) -> Row:
    return Row(
        name=f"restart with {loaded.jobs:,} unfinished jobs",
        unit="s",
        values={"all taken over": loaded.taken_over_s, "all looked at": loaded.looked_at_s},
        aim=f"all taken over in < {RESTART_AIM_S:.0f} s",
        is_met=loaded.taken_over_s < RESTART_AIM_S,
        note=f"from the start of the process; {loaded.looked_at:,} asked for at the Horde by then",
    )
