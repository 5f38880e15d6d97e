"""What a running service does about a new master key."""

from bot.accounts.rotation import MasterKeyWatch
from bot.domain.clock import SystemClock
from bot.domain.errors import StorageUnavailable
from bot.domain.keys import KeyOwner
from storage.master_key import (
    MasterKeyFile,
    add_master_key,
    keep_newest_master_key,
    load_or_create_master_key,
)
from storage.resealing import Left
from storage.sealing import Sealer
from storage.sqlite import open_sqlite
from tests.storage.store_values import ANNA, BERT, NOON

SECRET = "hk-0123456789-marked-secret"


class House:
    """A database whose master keys are in a file that is followed."""

    def __init__(self, database, path, keys, sealer):
        self.database, self.path, self.sealer = database, path, sealer
        self.told = []
        self.watch = MasterKeyWatch(
            database,
            keys=keys,
            sealer=sealer,
            file=MasterKeyFile(path),
            take_up=self.told.append,
            clock=SystemClock(),
        )

    async def puts(self, owner):
        await self.database.write(
            lambda tx: tx.keys.put(owner, provider="horde", secret=SECRET, label="me", at=NOON)
        )

    async def opens(self, owner):
        return await self.database.read(lambda tx: tx.keys.get(owner, "horde"))

    async def left(self):
        return await self.database.read(lambda tx: tx.resealing.left())


async def with_house(tmp_path, story):
    path = tmp_path / "master.key"
    keys, _ = load_or_create_master_key(path)
    sealer = Sealer(keys)
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer) as database:
        await story(House(database, path, keys, sealer))


async def test_a_new_master_key_is_taken_up_and_everything_sealed_with_it(tmp_path):
    async def story(house):
        await house.puts(KeyOwner.member(ANNA))
        await house.watch.look()
        added = add_master_key(house.path)
        await house.watch.look()

        assert house.sealer.current_id == added.current_id
        assert [keys.current_id for keys in house.told] == [added.current_id]
        assert await house.left() == Left(sealed_before=0, lost=0)
        assert await house.opens(KeyOwner.member(ANNA)) == SECRET

    await with_house(tmp_path, story)


async def test_what_was_sealed_before_the_file_was_looked_at_is_not_lost(tmp_path):
    async def story(house):
        await house.watch.look()
        add_master_key(house.path)
        newest = keep_newest_master_key(house.path)
        await house.puts(KeyOwner.member(BERT))  # with the key that is in no file any more
        await house.watch.look()

        assert house.sealer.current_id == newest.current_id
        assert await house.opens(KeyOwner.member(BERT)) == SECRET
        assert Sealer(newest).current_id == house.sealer.current_id
        assert await house.left() == Left(sealed_before=0, lost=0)

    await with_house(tmp_path, story)


async def test_what_a_crash_left_undone_is_done_at_the_next_start(tmp_path):
    path = tmp_path / "master.key"
    keys, _ = load_or_create_master_key(path)
    async with open_sqlite(tmp_path / "easel.db", sealer=Sealer(keys)) as database:
        await House(database, path, keys, Sealer(keys)).puts(KeyOwner.server(44))
    add_master_key(path)  # and nobody came to seal anything

    async def story(house):
        assert await house.left() == Left(sealed_before=1, lost=0)
        await house.watch.look()
        assert await house.left() == Left(sealed_before=0, lost=0)
        assert house.told == []

    await with_house(tmp_path, story)


class Moody:
    """A database that refuses to write now and then."""

    def __init__(self, database):
        self._database = database
        self.is_full = False

    async def write(self, fn):
        if self.is_full:
            raise StorageUnavailable("The disk is full.")
        return await self._database.write(fn)

    async def read(self, fn):
        return await self._database.read(fn)


async def test_a_store_that_cannot_write_is_asked_again(tmp_path):
    async def story(house):
        await house.puts(KeyOwner.member(ANNA))
        moody = Moody(house.database)
        house.watch._database = moody
        add_master_key(house.path)
        moody.is_full = True
        await house.watch.look()
        assert await house.left() == Left(sealed_before=1, lost=0)
        moody.is_full = False
        await house.watch.look()

        assert await house.left() == Left(sealed_before=0, lost=0)

    await with_house(tmp_path, story)


async def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path):
    async def story(house):
        await house.watch.look()
        text = house.path.read_text()
        house.path.unlink()
        await house.watch.look()
        await house.puts(KeyOwner.member(ANNA))
        house.path.write_text(text)
        await house.watch.look()

        assert await house.opens(KeyOwner.member(ANNA)) == SECRET
        assert house.told == []

    await with_house(tmp_path, story)
