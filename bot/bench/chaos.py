"""Chaos: members at work amid every fault of Discord, providers and the machine; then the books.

./easel bench --chaos 7        the seed is printed when something was broken, and replays
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.bench.books import Books, open_books
from bot.bench.chaos_plan import House, Plan, Size, plan
from bot.bench.invariants import broken, leaks, unbegun
from bot.bench.keeper import Keeper
from bot.bench.process import BenchFailed
from bot.bench.provider_invariants import told_secrets
from bot.bench.risks import RISKS
from bot.bench.storm import Storm
from bot.bench.town import DISCORD_RULES, KEY, NO, Town, asks, open_town
from bot.bench.ways import door
from bot.domain.jobs import Job, JobState
from bot.sandbox.discord.cards import NeverHappened
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.refusals import Impossible
from bot.sandbox.providers.horde import HordeRules
from bot.sandbox.providers.horde.rules import ANONYMOUS_KEY
from bot.sandbox.providers.hosts import HOUSE_KEY

SPEED = 20.0  # the Horde's queue, caches and limits run so many times faster than the wall
HORDE_RULES = HordeRules(speed=SPEED, request_lifetime_s=100.0, https_only_webhooks=False)
ANONYMOUS = {"HORDE_KEY": ANONYMOUS_KEY}  # an unsure submit is decided at once, by policy
PACE = {
    "HORDE_SUBMITS_PER_SECOND": str(int(2 * SPEED)),
    "HORDE_SUBMITS_PER_MINUTE": str(int(90 * SPEED)),
    "EASEL_POLL_INTERVAL_S": "0.1",
    "EASEL_EDIT_INTERVAL_S": "0.1",
    "EASEL_DRAIN_S": "10",
}
SETTINGS = {
    **PACE,
    # Below what the Horde takes: a refusal for a few milliseconds costs a second of the wall's time.
    "HORDE_SUBMITS_PER_SECOND": str(int(1.2 * SPEED)),
    "NEBULA_SUBMITS_PER_MINUTE": str(int(60 * SPEED)),
    "EASEL_CALLBACK_POLL_S": "1",
    "EASEL_DAILY_CREDITS": "60",  # so that some are too poor
    "EASEL_JOB_DEADLINE_MIN": "1",
    "EASEL_LOG_LEVEL": "DEBUG",  # nothing secret may be in it, however much it tells
}
SETTLED_S = 120.0
STARTING_S = 150.0  # after which a card without a job may be given up
FILES_MAX, TASKS_MAX = 120, 60
SECRET_CHARS_MIN = 16  # shorter words beside a remote id, such as a model's, are none


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """How it ended; `broken` is empty when all is well."""

    seed: int
    house: str
    broken: tuple[str, ...]
    jobs: int
    states: Mapping[JobState, int]
    unanswered: int
    unbegun: int
    kills: int
    taken: Mapping[str, int]


async def chaos(
    seed: int,
    size: Size,
    *,
    folder: Path,
    inherited: Mapping[str, str],
    checker: OpenApiChecker | None = None,
) -> Aftermath:
    """Carry out the plan of a seed and look at what is left."""
    made = plan(seed, size)
    async with open_town(
        folder,
        inherited=inherited,
        discord_rules=DISCORD_RULES,
        horde_rules=HORDE_RULES,
        others=[name for name in RISKS if name != "horde"],
        checker=checker,
    ) as town:
        for name, host in town.hosts.items():
            RISKS[name].prepare(host.server)
        keeper = Keeper(town, "chaos", settings_of(made.house), speed=SPEED)
        await keeper.start()
        try:
            return await _aftermath(town, keeper, made)
        finally:
            await keeper.stop()


def settings_of(house: House) -> dict[str, str]:
    """Return the settings of a service that is set up in such a way."""
    return {
        **SETTINGS,
        **({} if house.has_account else ANONYMOUS),
        **(door() if house.calls_back else {}),
        "EASEL_CHOOSE_BY": "price" if house.goes_by_price else "order",
    }


async def _aftermath(town: Town, keeper: Keeper, made: Plan) -> Aftermath:
    storm = Storm(town, keeper, made)
    await storm.rage()
    async with open_books(keeper.environment) as books:
        late = await settled(keeper, books)
        never_begun = await _given_up(town, storm, books)
        jobs = await books.jobs()
        faults = [*late, *await broken(town, books), *still_held(keeper)]
        faults += told_secrets(keeper.log.read_text("utf-8"), secrets_of(town, jobs))
    return Aftermath(
        seed=made.seed,
        house=str(made.house),
        broken=tuple(faults),
        jobs=len(jobs),
        states=Counter(job.state for job in jobs),
        unanswered=storm.unanswered,
        unbegun=never_begun,
        kills=made.size.kills,
        taken={name: len(RISKS[name].taken(host.server)) for name, host in town.hosts.items()},
    )


async def settled(keeper: Keeper, books: Books) -> list[str]:
    """Wait until nothing is left to do; say so when that takes too long."""
    for _ in range(int(SETTLED_S / 0.1)):
        if not keeper.process.is_running:
            raise BenchFailed(f"The service ended by itself:\n{keeper.process.complaint()}")
        if not await books.open_jobs():
            return []
        await asyncio.sleep(0.1)
    return [f"{await books.open_jobs()} jobs were open {SETTLED_S:.0f} s after the last trouble."]


def still_held(keeper: Keeper) -> list[str]:
    """Tell what an idle service still holds."""
    seen = keeper.looks()
    files, tasks = keeper.process.usage().files, seen[-1].tasks if seen else 0
    return list(leaks(files, tasks, files_max=FILES_MAX, tasks_max=TASKS_MAX))


def secrets_of(town: Town, jobs: Sequence[Job]) -> set[str]:
    """Return what nobody may read in a log: keys, tokens, names of remote jobs, addresses of callbacks."""
    found = {town.discord.bot_token, KEY, HOUSE_KEY}
    answers = [one.path for one in town.discord.requests if one.path.startswith("/webhooks/")]
    found |= {path.split("/")[3] for path in answers}  # below the application's id
    for job in jobs:
        if job.remote is not None:
            found |= {job.remote.id, *" ".join(job.remote.extras.values()).split()}
    found |= {job.webhook.rpartition("/")[2] for job in town.horde.truth.jobs}
    return {secret for secret in found if len(secret) >= SECRET_CHARS_MIN}


async def _given_up(town: Town, storm: Storm, books: Books) -> int:
    """Let members cancel what never began, as somebody would who looks at such a card.

    What still asks for a word is left alone.
    """
    cards = unbegun(town, await books.jobs())
    if cards:
        town.discord.clock.advance(STARTING_S)
    for card in cards:
        with suppress(Impossible, NeverHappened):  # then the card says so itself, and is reported
            owner = storm.owner_of(card)
            await owner.clicks(NO if asks(card.latest) else "Cancel", on=card)
    return len(cards)


def told(aftermath: Aftermath) -> str:
    """Tell how it ended in a few lines."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(aftermath.states.items()))
    taken = ", ".join(f"{count} by {name}" for name, count in aftermath.taken.items())
    counts = (
        f"{taken} taken on; {aftermath.kills} kills, "
        f"{aftermath.unanswered} presses and commands unanswered, "
        f"{aftermath.unbegun} answered and never begun."
    )
    lines = [f"Seed {aftermath.seed}: {aftermath.house}.", f"{aftermath.jobs} jobs: {states}."]
    lines.append(counts)
    if aftermath.broken:
        lines += [f"BROKEN: {line}" for line in aftermath.broken]
        lines.append(f"Replay it: ./easel bench --chaos {aftermath.seed}")
    else:
        lines.append("Nothing lost, nothing twice, the ledger exact, every card final and true.")
    return "\n".join(lines)
