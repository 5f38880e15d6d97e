"""`kill -9` amid a change of the master key: every secret opens at any time, and it is finished."""

import asyncio
import os
import sqlite3
import sys
from contextlib import closing

import pytest

from storage.master_key import add_master_key, load_master_keys
from storage.sealing import Sealer
from storage.sqlite import open_reader
from tests.crash.kills import bot_process, killed, online
from tests.crash.nursery import ROOT
from tests.scenarios.stage import done, until
from tests.scenarios.test_process_story import OK, easel
from tests.scenarios.test_rotation_story import sealed_with

pytestmark = pytest.mark.crash

KEYS = {"ann": "abcdefgh-ijklmnop-1234", "bob": "bobs-own-key-qrstuvwx-9876"}
SERVERS_KEY = "server-key-abcdefgh-5678"


def path(world):
    return world.data_dir / "master.key"


async def everything_is_brought(world):
    async with world.playing():
        for name, key in KEYS.items():
            await world.brings_key(getattr(world, name), key)
        world.horde.add_key(SERVERS_KEY, username="Keepers#5", kudos=900)
        form = await world.chief.runs("/admin key set", provider="horde")
        answer = await world.chief.submits(form, key=SERVERS_KEY)
        await answer.until(lambda version: version.shows("It works."))


async def all_open(world):
    """Tell whether the master keys in the file open every key in the store."""
    sealer = Sealer(load_master_keys(path(world)))
    async with open_reader(world.data_dir / "easel.db", sealer=sealer) as database:
        owners = await database.read(lambda tx: tx.keys.owners())
        plain = {
            await database.read(lambda tx, o=owner, p=provider: tx.keys.get(o, p))
            for owner, provider in owners
        }
    return plain == {*KEYS.values(), SERVERS_KEY}


@pytest.mark.parametrize(
    ("when", "number"), [("inside", 1), ("after", 1), ("inside", 2), ("after", 2), ("inside", 4)]
)
async def test_a_command_that_was_killed_goes_on_at_its_next_run(world, when, number):
    await everything_is_brought(world)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EASEL_")},
        **world.variables(),
        "PYTHONPATH": str(ROOT),
        "CRASH_AT": f"{when}:{number}",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "tests.crash.rotate_process"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await killed(process)
    assert len(load_master_keys(path(world)).by_id) == 2
    assert await all_open(world)
    assert len(sealed_with(world)) == (2 if (when, number) != ("inside", 1) else 1)

    again = await easel(world, "rotate-keys")

    assert again.code == OK
    assert "going on with it" in again.said
    assert len(load_master_keys(path(world)).by_id) == 2
    assert sealed_with(world) == {load_master_keys(path(world)).current_id}
    assert await all_open(world)


@pytest.mark.parametrize("when", ["inside", "after"])
@pytest.mark.parametrize("table", ["keys", "server_keys", "jobs"])
async def test_a_bot_that_was_killed_goes_on_at_its_next_start(world, when, table):
    await everything_is_brought(world)
    world.horde.script.default(held=True)
    async with bot_process(world, crash_at=f"{when}:reseal_{table}") as first:
        await online(world)
        card = await world.ann.runs("/imagine", prompt="a cat")
        await until(lambda: world.horde.truth.jobs)
        add_master_key(path(world))
        await killed(first)
    assert await all_open(world)

    async with bot_process(world):
        await online(world)
        world.horde.finish(world.horde.truth.jobs[0].remote_id)
        await card.until(done)
        newest = load_master_keys(path(world)).current_id
        await until(lambda: sealed_with(world) == {newest})

    assert await all_open(world)
    with closing(sqlite3.connect(world.data_dir / "easel.db")) as database:
        (tokens,) = database.execute("SELECT COUNT(*) FROM jobs WHERE token IS NOT NULL").fetchone()
    assert tokens == 0
