"""`./easel test`: linters, types, layers, tests, and one line about each; exit 1 if any failed.

The launcher starts it in the project's folder with the development requirements installed. What picks
tests and what keeps them in one process is described in `./easel --help`.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PICKING = ("-k", "-m", "--lf", "--last-failed", "--co", "--collect-only", "-h", "--help")
IN_ONE_PROCESS = ("-n", "--numprocesses", "-s", "--capture", "--pdb", "--trace")
# Stories wait for disks and clocks more than they work, so there are more of them than cores.
PARALLEL = ("-n", "4", "--dist", "worksteal")  # worksteal: one slow file does not hold up the end

IMPORT_LINTER = "from importlinter.cli import lint_imports_command as run; run()"  # has no -m
LINTERS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    "lint-imports": ("-c", IMPORT_LINTER, "--no-logo"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one step ended."""

    step: str
    passed: bool
    seconds: float

    def __str__(self) -> str:
        return f"{self.step:<14}{'passed' if self.passed else 'FAILED':<8}{self.seconds:6.1f} s"


def starts_with(args: Sequence[str], options: tuple[str, ...]) -> bool:
    """Tell whether one of the options is given, as `-k x`, `-kx` or `--capture=no`."""
    return any(
        arg == option
        or arg.startswith(f"{option}=")
        or (len(option) == 2 and arg.startswith(option))
        for arg in args
        for option in options
        if not (len(option) == 2 and arg.startswith("--"))
    )


def picks(args: Sequence[str]) -> bool:
    """Tell whether the arguments choose tests instead of running all."""
    paths = (arg.split("::")[0] for arg in args if not arg.startswith("-"))
    return starts_with(args, PICKING) or any(Path(path).exists() for path in paths)


def pytest_args(args: Sequence[str]) -> list[str]:
    """Add the parallel run where nothing speaks against it."""
    alone = picks(args) or starts_with(args, IN_ONE_PROCESS) or "no:xdist" in " ".join(args)
    return [*(() if alone else PARALLEL), *args]


def run(step: str, *args: str, quiet: bool) -> Outcome:
    """Run a tool of this environment; a quiet one shows its output only when it failed."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *args],
        check=False,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if quiet and done.returncode != 0:
        print(done.stdout, flush=True)
    return Outcome(step=step, passed=done.returncode == 0, seconds=time.monotonic() - started)


def main(args: Sequence[str]) -> int:
    """Run every step, also after one has failed, and sum up."""
    outcomes = []
    for step, command in ({} if picks(args) else LINTERS).items():
        outcomes.append(run(step, *command, quiet=True))
        print(outcomes[-1], flush=True)
    # pytest keeps the folders of the last three runs of a machine and removes those of a fourth
    # that still goes on: every run gets a place of its own.
    with tempfile.TemporaryDirectory(prefix="easel-test-") as place:
        words = (f"--basetemp={place}/tests", *pytest_args(args))
        outcomes.append(run("pytest", "-m", "pytest", *words, quiet=False))
    print("", *outcomes, sep="\n")
    return int(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
