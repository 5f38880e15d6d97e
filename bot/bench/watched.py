"""The service with a watch beside it in the same event loop: `python -m bot.bench.watched FILE [SPEED]`.

Every second a line of JSON goes to the file: how late the loop woke the watch, tick by tick, and how
many tasks there are. It costs half a per cent of a core, so CPU is measured without it.
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot import app
from bot.bench.hurry import hurry
from bot.settings import load

TICK_S = 0.01
LINE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One line of the watch."""

    at_s: float  # time.monotonic()
    late_ms: tuple[float, ...]
    tasks: int


async def watch(path: Path) -> None:
    """Write a line each second, for ever."""
    loop = asyncio.get_running_loop()
    with path.open("w", encoding="ascii") as file:
        while True:
            late_ms: list[float] = []
            began_s = loop.time()
            while loop.time() - began_s < LINE_EVERY_S:
                due_s = loop.time() + TICK_S
                await asyncio.sleep(TICK_S)
                late_ms.append(round((loop.time() - due_s) * 1000, 3))
            facts = {"at_s": loop.time(), "late_ms": late_ms, "tasks": len(asyncio.all_tasks())}
            file.write(json.dumps(facts) + "\n")
            file.flush()


def looks(path: Path) -> list[Look]:
    """Read what a watch has written so far; a line that is being written is left out."""
    lines = path.read_text("ascii").splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("\n")]
    return [
        Look(at_s=look["at_s"], late_ms=tuple(look["late_ms"]), tasks=look["tasks"])
        for look in found
    ]


async def main(path: Path, speed: float | None) -> int:
    """Run the service under watch until it is told to stop, in a world so many times faster."""
    if speed is not None:
        hurry(speed)
    watching = asyncio.create_task(watch(path), name="watch")
    try:
        return await app.run(load())
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


if __name__ == "__main__":
    file, *speeds = sys.argv[1:]
    sys.exit(asyncio.run(main(Path(file), float(speeds[0]) if speeds else None)))
