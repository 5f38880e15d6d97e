"""`./easel bench`: what was typed, which of the three runs it means, and how the end is told."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bot.bench import machine
from bot.bench.measures import FULL, QUICK, SETTING, measured
from bot.bench.plot import plot
from bot.bench.table import as_json, table


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What was typed."""

    is_quick: bool = False
    as_json: bool = False
    plot: Path | None = None
    soak_min: float | None = None
    chaos_seed: int | None = None


async def run(
    options: BenchOptions, *, out: TextIO, progress: TextIO, inherited: Mapping[str, str]
) -> int:
    """Measure, and print a table or JSON; `BenchFailed` when there was nothing to measure."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as name:
        run = _Run(options, folder=Path(name), out=out, progress=progress, inherited=inherited)
        return await run.measures()


class _Run:
    """One run in a folder of its own."""

    def __init__(
        self,
        options: BenchOptions,
        *,
        folder: Path,
        out: TextIO,
        progress: TextIO,
        inherited: Mapping[str, str],
    ) -> None:
        self._options = options
        self._folder = folder
        self._out = out
        self._progress = progress
        self._inherited = inherited
        self._machine = machine.describe(folder)

    async def measures(self) -> int:
        """Measure all rows."""
        began_at = time.monotonic()
        size = QUICK if self._options.is_quick else FULL
        rows = await measured(size, self._folder, inherited=self._inherited, tell=self._tell)
        took_s = time.monotonic() - began_at
        if self._options.plot is not None:
            plot(rows, self._options.plot)
        if self._options.as_json:
            facts = {"setting": SETTING, "took_s": round(took_s, 1)}
            self._say(as_json(self._machine, rows, facts))
        else:
            self._say_machine()
            self._say(f"{SETTING}\n\n{table(rows)}\n\nTook {took_s:.0f} s.")
        return 0

    def _say_machine(self) -> None:
        for name, fact in self._machine.items():
            self._say(f"{name:<10} {fact}")
        self._say("")

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _tell(self, what: str) -> None:
        print(f"easel bench: {what}…", file=self._progress, flush=True)
