"""What a process uses, seen from outside: /proc on Linux, `ps` elsewhere."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MEBIBYTE = 2**20
PS_CPU_UNITS_S = (1, 60, 3600, 86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A process at one moment. Without /proc (macOS) open files and the peak are not known."""

    cpu_s: float
    resident_bytes: int
    peak_bytes: int | None = None
    files: int | None = None


def usage_of(pid: int) -> Usage:
    """Look at a living process; `ProcessLookupError` when it is gone."""
    try:
        return _from_proc(PROC / str(pid)) if PROC.is_dir() else _from_ps(pid)
    except FileNotFoundError as error:
        raise ProcessLookupError(pid) from error


def _from_proc(folder: Path) -> Usage:
    # After the command's name, which may hold anything: fields 14 and 15 of proc(5) are CPU ticks.
    fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int((folder / "statm").read_text("ascii").split()[1])
    status = (folder / "status").read_text("utf-8").splitlines()
    peak = next((line.split()[1] for line in status if line.startswith("VmHWM:")), None)
    return Usage(
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        peak_bytes=None if peak is None else int(peak) * 1024,
        files=sum(1 for _ in (folder / "fd").iterdir()),
    )


def _from_ps(pid: int) -> Usage:
    asked = subprocess.run(  # noqa: S603 - a fixed command
        ("ps", "-o", "rss=,time=", "-p", str(pid)),  # noqa: S607 - whichever `ps` the system has
        check=False,
        capture_output=True,
        text=True,
    )
    words = asked.stdout.split()
    if len(words) != 2:  # noqa: PLR2004 - the two columns asked for
        raise ProcessLookupError(pid)
    parts = words[1].replace("-", ":").split(":")
    cpu_s = sum(
        float(part) * unit for part, unit in zip(reversed(parts), PS_CPU_UNITS_S, strict=False)
    )
    return Usage(cpu_s=cpu_s, resident_bytes=int(words[0]) * 1024)
