"""The `kill -9` rows: what the crash tests cover, by name; running them is `./easel test -m crash`."""

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bot.bench.rows import Row

ROOT = Path(__file__).parents[2]
CRASH_TESTS = "tests/crash"


def crash_row() -> Row:
    """Count the cases of the crash tests, where tests and pytest are installed."""
    cases = _cases() if importlib.util.find_spec("pytest") and (ROOT / CRASH_TESTS).is_dir() else {}
    names = "; ".join(f"{count} × {name.replace('_', ' ')}" for name, count in cases.items())
    return Row(
        name="kill -9 at each durable step",
        unit="cases",
        values={"cases": float(sum(cases.values()))},
        aim="0 lost, 0 twice, ledger exact",
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
