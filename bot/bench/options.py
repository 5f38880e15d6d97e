"""`./easel bench`: what was typed, which of the three runs it means, and how the end is told."""

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from bot.bench import machine
from bot.bench.chaos import chaos, told
from bot.bench.chaos_plan import FULL as FULL_CHAOS
from bot.bench.chaos_plan import SHORT as SHORT_CHAOS
from bot.bench.measures import FULL, QUICK, SETTING, measured
from bot.bench.plot import plot
from bot.bench.soak import soak
from bot.bench.table import as_json, table


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What was typed."""

    is_quick: bool = False
    as_json: bool = False
    plot: Path | None = None
    distance_s: float = 0.0  # of Discord and the provider, for single jobs
    soak_min: float | None = None
    chaos_seed: int | None = None


async def run(
    options: BenchOptions, *, out: TextIO, progress: TextIO, inherited: Mapping[str, str]
) -> int:
    """Measure, soak or rage; 1 when something was lost, doubled, leaked or untrue.

    Raises `BenchFailed` when there was nothing to measure.
    """
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as name:
        run = _Run(options, folder=Path(name), out=out, progress=progress, inherited=inherited)
        if options.chaos_seed is not None:
            return await run.chaos(options.chaos_seed)
        if options.soak_min is not None:
            return await run.soak(options.soak_min)
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
        distance_s = self._options.distance_s
        setting = SETTING.format(distance_ms=distance_s * 1000)
        rows = await measured(
            size,
            self._folder,
            distance_s=distance_s,
            inherited=self._inherited,
            tell=self._tell,
        )
        took_s = time.monotonic() - began_at
        if self._options.plot is not None:
            plot(rows, self._options.plot)
        if self._options.as_json:
            facts = {"setting": setting, "took_s": round(took_s, 1)}
            self._say(as_json(self._machine, rows, facts))
        else:
            self._say_machine()
            self._say(f"{setting}\n\n{table(rows)}\n\nTook {took_s:.0f} s.")
        return 0

    async def soak(self, minutes: float) -> int:
        """Let it work for so long."""
        soaked = await soak(
            minutes, folder=self._folder, inherited=self._inherited, tell=self._tell
        )
        if self._options.as_json:
            self._say(as_json(self._machine, soaked.rows, {"broken": soaked.broken}))
        else:
            self._say_machine()
            self._say("\n".join([table(soaked.rows), *map("BROKEN: {}".format, soaked.broken)]))
        is_well = not soaked.broken and all(row.is_met is not False for row in soaked.rows)
        return 0 if is_well else 1

    async def chaos(self, seed: int) -> int:
        """Let everything go wrong that a seed says."""
        size = SHORT_CHAOS if self._options.is_quick else FULL_CHAOS
        self._tell(f"seed {seed}: {size.jobs} jobs, {size.troubles} troubles, {size.kills} kills")
        aftermath = await chaos(seed, size, folder=self._folder, inherited=self._inherited)
        if aftermath.broken:
            kept = tempfile.mkdtemp(prefix=f"easel-chaos-{seed}-")
            shutil.copytree(self._folder, kept, dirs_exist_ok=True)
            print(f"easel bench: log and data of this run: {kept}", file=self._progress)
        if self._options.as_json:
            self._say(json.dumps(asdict(aftermath)))
        else:
            self._say(told(aftermath))
        return 1 if aftermath.broken else 0

    def _say_machine(self) -> None:
        for name, fact in self._machine.items():
            self._say(f"{name:<10} {fact}")
        self._say("")

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _tell(self, what: str) -> None:
        print(f"easel bench: {what}…", file=self._progress, flush=True)
