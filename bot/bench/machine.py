"""What the machine is: no figure means anything without it."""

import os
import platform
import time
from pathlib import Path

from bot.bench.rows import quantile
from storage.bare_sqlite import VERSION as SQLITE_VERSION

FLUSHES = 50
BLOCK_BYTES = 4096
CPU_INFO = Path("/proc/cpuinfo")


def describe(folder: Path) -> dict[str, str]:
    """Return facts in words; `folder` is where the databases of the run live."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores seen",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()} on {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": SQLITE_VERSION,
        "disk": f"a flush of 4 KiB takes {_flush_ms(folder):.2f} ms (median)",
        "load": _load(),
    }


def _processor() -> str:
    try:
        lines = CPU_INFO.read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


def _memory() -> str:
    try:
        size_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return "unknown"
    return f"{size_bytes / 2**30:.1f} GiB"


def _load() -> str:
    """Tell who else was at work when the run began."""
    return f"{os.getloadavg()[0]:.2f} processes wanted to run in the minute before"


def _flush_ms(folder: Path) -> float:
    took_s = []
    path = folder / "flush"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for _ in range(FLUSHES):
            started_at = time.perf_counter()
            os.pwrite(descriptor, b"x" * BLOCK_BYTES, 0)
            os.fsync(descriptor)
            took_s.append(time.perf_counter() - started_at)
    finally:
        os.close(descriptor)
        path.unlink()
    return quantile(took_s, 0.5) * 1000
