"""Starts processes of the service without their second of imports: one that has them all, and forks.

`python -P -m tests.crash.nursery FOLDER` reads a line of JSON for each child (its number, its
environment) and answers with its process id; how a child ended is written to FOLDER/<number>.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from itertools import count
from pathlib import Path

from bot import logs
from bot.bench.hurry import hurry
from tests.crash import bot_process
from tests.scenarios.stage import SPEED

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class Nursery:
    """The parent of all children; one for each process of pytest."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="easel-nursery-"))
        self._numbers = count(1)
        self._parent = subprocess.Popen(
            (sys.executable, "-P", "-m", "tests.crash.nursery", str(self.folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def start(self, environment):
        """Start a child with exactly this environment."""
        number = next(self._numbers)
        self._parent.stdin.write(json.dumps([number, environment]) + "\n")
        self._parent.stdin.flush()
        return Child(int(self._parent.stdout.readline()), self.folder / str(number))

    def close(self):
        self._parent.stdin.close()
        self._parent.wait(timeout=PATIENCE_S)
        self._parent.stdout.close()


class Child:
    """A process of the service."""

    def __init__(self, pid, ending):
        self.pid = pid
        self._ending = ending

    @property
    def returncode(self):
        """How it ended, as `subprocess` tells it; None while it runs."""
        return int(self._ending.read_text()) if self._ending.exists() else None

    async def wait(self):
        async with asyncio.timeout(PATIENCE_S):
            while self.returncode is None:
                await asyncio.sleep(0.005)
        return self.returncode

    def send_signal(self, number):
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _child(environment):
    """Be the service; never come back."""
    code = 1
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # our own output is for process ids
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        asyncio.run(bot_process.main(environment))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, a child never returns
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(folder):
    logs.configure(level="ERROR", format="text")
    hurry(SPEED)
    numbers = {}

    def reap(*_):
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, status = ended
                number = numbers.pop(pid)
                part = folder / f"{number}.part"
                part.write_text(str(os.waitstatus_to_exitcode(status)))
                part.rename(folder / str(number))

    signal.signal(signal.SIGCHLD, reap)
    for line in iter(sys.stdin.readline, ""):
        number, environment = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _child(environment)
        numbers[pid] = number
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        print(pid, flush=True)
    for pid in numbers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
