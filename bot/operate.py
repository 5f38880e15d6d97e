"""What an operator does beside running: check, sync, migrate, back up, audit."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import app
from bot import check as checks
from bot.client import sync as sync_commands
from bot.domain.clock import SystemClock
from bot.domain.credits import CREDIT
from bot.domain.errors import ConfigurationError
from bot.domain.jobs import Job, JobState
from bot.key_setup import open_sealer
from bot.price_setup import prices_in_words
from bot.provider_setup import provider_configs, service_keys
from bot.providers.config import ProviderConfig
from bot.providers.registry import FACTORIES, Factory
from bot.settings import Settings
from storage import backup as backups
from storage.database import Tx
from storage.migrate import require, version_of
from storage.sqlite import open_reader, open_sqlite

COMMANDS_HASH_FILE = "commands.sha256"
JOBS_LISTED_MAX = 50


async def check(settings: Settings) -> int:
    """Print what is configured, reachable and valid; return 1 when it would not work."""

    async def database() -> str:
        if not settings.database_path.exists():
            return f"The database will be made at the first start, in {settings.database_path}."
        return await version_of(settings.database_path)

    async def prices() -> str:
        return prices_in_words(settings)

    findings = await checks.check(
        settings,
        clock=SystemClock(),
        database=database,
        prices=prices,
        providers=_provider_probes(settings),
    )
    findings += await _reports(settings)
    for finding in findings:
        print(finding)
    return checks.exit_code(findings)


async def _reports(settings: Settings) -> list[checks.Finding]:
    """Note reports of members that no channel has taken."""
    try:
        async with open_reader(settings.database_path, sealer=open_sealer(settings)) as database:
            count = await database.read(lambda tx: tx.reports.count_unposted())
    except ConfigurationError:  # no database yet, or one to be migrated: said already
        return []
    if not count:
        return []
    reports = "1 report of a member waits" if count == 1 else f"{count} reports of members wait"
    text = (
        f"{reports} for a channel: set EASEL_REPORT_CHANNEL, or let admins look at /admin reports."
    )
    return [checks.Finding(ok=None, text=text)]


def _provider_probes(settings: Settings) -> list[checks.Probe]:
    """Return a question to each provider beside the AI Horde, which has questions of its own."""
    try:
        configs = provider_configs(settings)
    except ConfigurationError as error:
        return [partial(_raised, error)]
    keys = service_keys(settings)
    return [
        partial(_asked, FACTORIES[name], config, keys.get(name))
        for name, config in configs.items()
        if name != "horde"
    ]


async def _raised(error: ConfigurationError) -> str:
    raise error


async def _asked(factory: Factory, config: ProviderConfig, key: SecretStr | None) -> str:
    """Ask a provider for its models and whose key it is; neither costs anything."""
    async with factory(config) as provider:
        models = await provider.models()
        said = f"{provider.title} answers, with {len(models)} models"
        if key is None:
            return f"{said}. Without a key of yours only members with their own can use it."
        holder = await provider.holder(key)
        rest = "" if holder.balance is None else f", with {holder.balance:g} {holder.unit} left"
        return f"{said}; it knows the key of {holder.name}{rest}."


async def sync(settings: Settings) -> int:
    """Tell Discord the commands if they differ from what it was told the last time."""
    known = settings.data_dir / COMMANDS_HASH_FILE
    async with app.open_commands(settings) as bot:
        known_hash = known.read_text("ascii") if known.exists() else None
        result = await sync_commands(bot, known_hash=known_hash)
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(result.hash, "ascii")
    verb = "were told to Discord" if result.is_changed else "are known to Discord already"
    print(f"{result.commands} commands {verb}.")
    return 0


async def migrate(settings: Settings) -> int:
    """Bring the database to this version's shape, making it when there is none."""
    async with open_sqlite(settings.database_path, sealer=open_sealer(settings)):
        print(f"{settings.database_path} has the shape of this version.")
    return 0


async def backup(settings: Settings, file: Path) -> int:
    """Copy the database while the bot may be running."""
    size_bytes = await backups.backup(settings.database_path, file)
    print(f"{file} holds the database, {size_bytes:,} bytes.")
    print("Keep a copy of the master key too, in another place: nothing else opens the keys in it.")
    return 0


async def audit(settings: Settings, *, as_json: bool) -> int:
    """Prove that the ledger is exact; return 1 when it is not."""
    require(settings.database_path)
    sealer = open_sealer(settings)
    async with open_reader(settings.database_path, sealer=sealer) as database:
        problems, jobs = await database.read(_facts)
    if as_json:
        print(json.dumps({"problems": problems, "jobs": jobs}))
    else:
        for problem in problems:
            print(problem)
        print("The ledger is exact." if not problems else f"{len(problems)} problems.")
    return 1 if problems else 0


async def _facts(tx: Tx) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    jobs = []
    for job_id in await tx.jobs.newest(JOBS_LISTED_MAX):
        job = await tx.jobs.get(job_id)
        assert job is not None, "one view: what was listed is there"
        jobs.append(_described(job, await tx.jobs.moves(job_id)))
    return await tx.credits.audit(), jobs


def _described(job: Job, moves: tuple[tuple[JobState, Any], ...]) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "reserved_credits": job.price / CREDIT,
        "settled_credits": job.charged / CREDIT,
        "moves": [{"state": state, "at": at.isoformat()} for state, at in moves],
    }
