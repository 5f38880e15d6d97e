"""An operator changes the master key: beside the running bot, without it, and after a crash."""

import base64
import os
import sqlite3
from contextlib import closing

import pytest

from storage.master_key import load_master_keys
from tests.scenarios.stage import done, titled, until
from tests.scenarios.test_process_story import (
    FAILED,
    MISCONFIGURED,
    OK,
    easel,
    is_one_sentence,
    rules,  # noqa: F401 -- a fixture, found by its name here
    running,
)

KEY = "abcdefgh-ijklmnop-1234"
SERVERS_KEY = "server-key-abcdefgh-5678"


def master_keys(world):
    return load_master_keys(world.data_dir / "master.key")


def sealed_with(world):
    """Return the ids of the master keys that anything stored is sealed with."""
    with closing(sqlite3.connect(world.data_dir / "easel.db")) as database:
        rows = database.execute(
            """
            SELECT key_id FROM keys UNION SELECT key_id FROM server_keys
            UNION SELECT token_key_id FROM jobs WHERE token IS NOT NULL
            """
        )
        return {key_id for (key_id,) in rows}


async def brings(world, person, command, key):
    world.horde.add_key(key, username=f"{person.user.name}#77", kudos=500)
    form = await person.runs(command, provider="horde")
    answer = await person.submits(form, key=key)
    await answer.until(lambda version: version.shows("It works."))


async def test_the_running_bot_takes_up_a_new_master_key_and_everything_goes_on(world):
    await easel(world, "sync")
    world.horde.script.next(held=True)
    async with running(world) as process:
        await brings(world, world.ann, "/key set", KEY)
        await brings(world, world.chief, "/admin key set", SERVERS_KEY)
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(titled("In the queue"))
        before = master_keys(world)
        assert sealed_with(world) == {before.current_id}  # two keys and the card's token

        rotated = await easel(world, "rotate-keys")
        sealed = sealed_with(world)
        world.horde.finish(world.horde.truth.jobs[0].remote_id)
        await card.until(done)
        tested = await world.ann.runs("/key test", provider="horde")
        await tested.until(lambda version: version.shows("It works"))
        assert process.returncode is None

    after = master_keys(world)
    assert rotated.code == OK, rotated.complaints
    assert "Everything is sealed with the newest master key." in rotated.said
    assert "Copy" in rotated.said
    assert before.current_id in after.by_id
    assert sealed == {after.current_id} != {before.current_id}


async def test_after_that_the_old_one_can_be_taken_out_and_a_start_needs_only_the_new_one(world):
    await easel(world, "sync")
    async with running(world):
        await brings(world, world.ann, "/key set", KEY)
        await easel(world, "rotate-keys")
        dropped = await easel(world, "rotate-keys", "--drop-old")
    await world.discord.until_gone()

    assert dropped.code == OK
    assert "the only one left" in dropped.said
    assert len(master_keys(world).by_id) == 1
    async with running(world):
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(done)
    assert world.horde.truth.jobs[0].key == KEY


async def test_without_a_running_bot_the_command_does_it(world):
    async with world.playing():
        await world.brings_key(world.ann, KEY)

    rotated = await easel(world, "rotate-keys")

    assert rotated.code == OK
    assert sealed_with(world) == {master_keys(world).current_id}
    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(done)
    assert world.horde.truth.jobs[0].key == KEY


async def test_what_an_earlier_run_began_is_finished_before_anything_new_begins(world):
    async with world.playing():
        await world.brings_key(world.ann, KEY)
    from storage.master_key import add_master_key

    added = add_master_key(world.data_dir / "master.key")  # and then it was killed

    rotated = await easel(world, "rotate-keys")

    assert rotated.code == OK
    assert "going on with it" in rotated.said
    assert master_keys(world) == added
    assert sealed_with(world) == {added.current_id}


async def test_a_secret_that_nobody_can_open_is_told_and_stops_nothing(world):
    async with world.playing():
        await world.brings_key(world.ann, KEY)
        await world.brings_key(world.bob, SERVERS_KEY)
    with closing(sqlite3.connect(world.data_dir / "easel.db")) as database, database:
        database.execute("UPDATE keys SET sealed = x'00' WHERE owner_id = ?", (int(world.bob.id),))

    first = await easel(world, "rotate-keys")
    second = await easel(world, "rotate-keys")

    assert (first.code, second.code) == (OK, OK)
    assert "1 stored secret no master key here opens" in first.said
    assert "going on with it" not in second.said
    assert len(master_keys(world).by_id) == 3


async def test_a_bot_that_does_not_take_it_up_is_told_to_start_again(world, monkeypatch, capsys):
    from bot import rotate

    async with world.playing():
        await world.brings_key(world.ann, KEY)
        watch = next(k for k in world.service.keepers if hasattr(k, "_file"))
        monkeypatch.setattr(watch, "_file", None)
        code = await rotate.rotate_keys(world.settings, drops_old=False, patience_s=1.0)

    assert code == FAILED
    assert "start it again" in capsys.readouterr().out


class TestFromTheEnvironment:
    @pytest.fixture
    def old(self):
        return base64.b64encode(os.urandom(32)).decode()

    @pytest.fixture
    def new(self):
        return base64.b64encode(os.urandom(32)).decode()

    async def test_it_says_what_only_the_operator_can_do(self, world, old):
        world.environment["EASEL_MASTER_KEY"] = old
        async with world.playing():
            await world.brings_key(world.ann, KEY)

        told = await easel(world, "rotate-keys")

        assert told.code == MISCONFIGURED
        assert is_one_sentence(told.complaints)
        assert "write a new one behind it" in told.complaints
        assert old not in told.said + told.complaints

    async def test_a_start_with_a_new_one_behind_seals_everything_anew(self, world, old, new):
        world.environment["EASEL_MASTER_KEY"] = old
        async with world.playing():
            await world.brings_key(world.ann, KEY)
        before = sealed_with(world)
        world.environment["EASEL_MASTER_KEY"] = f"{old},{new}"
        async with world.playing():
            await until(lambda: sealed_with(world) != before)

        told = await easel(world, "rotate-keys")

        assert told.code == OK
        assert "older ones may go" in told.said
        world.environment["EASEL_MASTER_KEY"] = new
        async with world.playing():
            card = await world.ann.runs("/imagine", prompt="a cat")
            await card.until(done)
        assert world.horde.truth.jobs[0].key == KEY


async def test_without_a_database_there_is_nothing_to_do(world):
    told = await easel(world, "rotate-keys")

    assert told.code == MISCONFIGURED
    assert "There is no database" in told.complaints
