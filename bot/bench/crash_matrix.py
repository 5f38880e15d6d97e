"""The `kill -9` rows: kills amid work here and now, and what the crash tests cover, by name.

Those kill at each durable step of each provider; running them is `./easel test -m crash`.
"""

import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bot.bench.chaos import Aftermath, chaos
from bot.bench.chaos_plan import Size as ChaosSize
from bot.bench.rows import Row
from bot.domain.jobs import JobState

KILLS = ChaosSize(jobs=120, members=20, channels=5, length_s=20.0, troubles=0, kills=8)
KILLS_SEED = 1
AIM = "0 lost, 0 twice, ledger exact"
ROOT = Path(__file__).parents[2]
CRASH_TESTS = "tests/crash"


async def killed_row(folder: Path, *, inherited: Mapping[str, str]) -> Row:
    """Kill the service amid jobs of every provider, again and again, and look at the books."""
    return kills_row(await chaos(KILLS_SEED, KILLS, folder=folder, inherited=inherited))


def kills_row(aftermath: Aftermath) -> Row:
    """Turn what kills left into a row."""
    done = aftermath.states.get(JobState.DONE, 0)
    well = f"{done} done, the others ended as scripted; {aftermath.unanswered} found nobody in"
    return Row(
        name=f"kill -9 {aftermath.kills} times amid work of {len(aftermath.taken)} providers",
        unit="jobs",
        values={"broken": float(len(aftermath.broken)), "of": float(aftermath.jobs)},
        aim=AIM,
        is_met=not aftermath.broken,
        note="; ".join(aftermath.broken) or well,
    )


def crash_row() -> Row:
    """Count the cases of the crash tests, where tests and pytest are installed."""
    cases = _cases() if importlib.util.find_spec("pytest") and (ROOT / CRASH_TESTS).is_dir() else {}
    names = "; ".join(f"{count} × {name.replace('_', ' ')}" for name, count in cases.items())
    return Row(
        name="kill -9 at each durable step",
        unit="cases",
        values={"cases": float(sum(cases.values()))},
        aim=AIM,
        note=f"run by ./easel test -m crash: {names or 'tests are not installed here'}",
    )


def _cases() -> Counter[str]:
    asked = subprocess.run(  # noqa: S603 - a fixed command
        (sys.executable, "-m", "pytest", "--collect-only", "-q", CRASH_TESTS),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    listed = (line.partition("::")[2] for line in asked.stdout.splitlines() if "::" in line)
    return Counter(name.partition("[")[0].removeprefix("test_") for name in listed)
