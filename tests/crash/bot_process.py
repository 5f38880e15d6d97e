"""The real service as a process that dies with -9 at a chosen durable step.

`CRASH_AT` is `inside:<step>` (the statement ran, its transaction did not commit) or `after:<step>`
(committed, nothing later happened); `<step>#2` is the second of that name. Without it the process
runs until it is told to stop. A step of money is named with its noun, `credits.gift`. `STEPS_TO` names
a file that gets a line for every other step that was committed. `SYNCS` has it publish the commands.
"""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

from bot import app
from bot.client import sync
from bot.settings import load

STEPS = {
    "jobs": ("accept", "move", "mark_told", "note_progress", "ask_cancel"),
    "answers": ("keep",),
    "claims": ("make", "drop"),
}
MONEY = {
    "audit_trail": ("add",),
    "budgets": ("use",),
    "credits": ("gift", "grant", "post", "reserve", "revoke", "void"),
    "questions": ("put", "take"),
}
SILENT = frozenset({"put", "use"})  # they answer nothing, and always do what they are for
UNNUMBERED = frozenset({"note_progress"})  # how often it comes is a question of timing


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A noun of a transaction; names every durable step that runs through it."""

    def __init__(self, noun, methods, steps, *, prefix=""):
        self._noun = noun
        self._methods = methods
        self._steps = steps
        self._prefix = prefix

    def __getattr__(self, name):
        method = getattr(self._noun, name)
        if name not in self._methods:
            return method

        async def watched(*args, **kwargs):
            result = await method(*args, **kwargs)
            if result or name in SILENT:
                self._steps.append(self._prefix + _step(name, args))
            return result

        return watched


class WatchedResealing:
    """The sealed secrets of a transaction; a batch in which anything changed is a step."""

    def __init__(self, resealing, steps):
        self._resealing = resealing
        self._steps = steps

    async def batch(self, place, *, after):
        batch = await self._resealing.batch(place, after=after)
        if batch.resealed:
            self._steps.append(f"reseal_{place.table}")
        return batch


def _step(name, args):
    if name != "move":
        return name
    before, after = args
    return after.state.value if after.state is not before.state else "facts"


class WatchedForgetting:
    """The erasures of a transaction; a wish and its fulfilment are steps."""

    def __init__(self, forgetting, steps):
        self._forgetting = forgetting
        self._steps = steps

    def __getattr__(self, name):
        return getattr(self._forgetting, name)

    async def ask(self, owner_id, *, at):
        await self._forgetting.ask(owner_id, at=at)
        self._steps.append("ask_erasure")

    async def erase(self, owner_id, *, nobody_id, at):
        is_done = await self._forgetting.erase(owner_id, nobody_id=nobody_id, at=at)
        if is_done:
            self._steps.append("erase")
        return is_done

    async def settle_blob(self, blob):
        await self._forgetting.settle_blob(blob)
        self._steps.append("settle_blob")


class WatchedTx:
    def __init__(self, tx, steps):
        self.forgetting = WatchedForgetting(tx.forgetting, steps)
        self.resealing = WatchedResealing(tx.resealing, steps)
        self._tx = tx
        self._steps = steps

    def __getattr__(self, name):
        noun = getattr(self._tx, name)
        if name in MONEY:
            return Watched(noun, MONEY[name], self._steps, prefix=f"{name}.")
        return Watched(noun, STEPS[name], self._steps) if name in STEPS else noun


class KillingDatabase:
    """Passes everything on, and dies when the chosen step comes."""

    def __init__(self, database, *, crash_at, steps_to):
        self._database = database
        self._when, _, self._step = crash_at.partition(":")
        self._steps_to = steps_to
        self._counts = Counter()

    async def read(self, fn):
        return await self._database.read(fn)

    async def scrub(self):
        return await self._database.scrub()

    async def write(self, fn):
        numbered = []

        async def watched(tx):
            steps = []
            result = await fn(WatchedTx(tx, steps))
            numbered.extend(map(self._numbered, steps))
            if self._when == "inside" and self._step in numbered:
                die()
            return result

        result = await self._database.write(watched)
        if self._steps_to is not None:
            _write_down(Path(self._steps_to), numbered)
        if self._when == "after" and self._step in numbered:
            die()
        return result

    def _numbered(self, step):
        self._counts[step] += 1
        number = self._counts[step]
        return step if number == 1 or step in UNNUMBERED else f"{step}#{number}"


def _write_down(path, steps):
    with path.open("a") as file:
        file.writelines(f"{step}\n" for step in steps if "." not in step)


async def main(environment):
    settings = load(environment)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.open_service(
        settings,
        wrap_database=lambda database: KillingDatabase(
            database,
            crash_at=environment.get("CRASH_AT", ""),
            steps_to=environment.get("STEPS_TO"),
        ),
    ) as service:
        serving = asyncio.create_task(service.serve(stop))
        if environment.get("SYNCS"):
            await _sync(service, serving)
        await serving


async def _sync(service, serving):
    async with asyncio.timeout(30):
        while service.bot.application_id is None and not serving.done():
            await asyncio.sleep(0.01)
    await sync(service.bot, known_hash=None)
