import asyncio
import itertools
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.credits import member_account
from bot.domain.errors import ConfigurationError, StorageUnavailable
from bot.domain.jobs import JobId
from storage import sqlite_writer
from storage.sqlite import open_reader, open_sqlite
from tests.storage.store_values import ANNA, a_job, rich, sealer_of, tamper

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20


class OurBug(Exception):
    pass


async def accept(tx, job_id: str) -> bool:
    return await tx.jobs.accept(a_job(job_id))


async def stored(database) -> set[str]:
    return set(await database.read(lambda tx: tx.jobs.open_ids()))


class Gate:
    """A function of a transaction that keeps the writer busy until it is opened."""

    def __init__(self):
        self._begun, self._open = threading.Event(), threading.Event()

    async def block(self, tx):
        self._begun.set()
        assert self._open.wait(PATIENCE_S)

    async def is_blocking(self):
        assert await asyncio.to_thread(self._begun.wait, PATIENCE_S)

    def open(self):
        self._open.set()


@pytest.fixture
async def gate(sqlite):
    """The writer, busy: whatever is asked now waits, and goes into one batch later."""
    gate = Gate()
    blocked = asyncio.create_task(sqlite.write(gate.block))
    await gate.is_blocking()
    yield gate
    gate.open()
    await blocked


async def all_waiting(database, number: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(database._writer._waiting) < number:
            await asyncio.sleep(0)


# ---------------------------------------------------------------- the contract of every engine


async def test_an_exception_undoes_what_its_function_did_and_reaches_its_caller(database):
    async def half(tx):
        await accept(tx, "1")
        raise OurBug

    with pytest.raises(OurBug):
        await database.write(half)

    assert await stored(database) == set()


async def test_functions_at_once_do_not_undo_one_another(database):
    async def half(tx, job_id):
        await accept(tx, job_id)
        raise OurBug

    outcomes = await asyncio.gather(
        *(
            database.write(lambda tx, n=n: half(tx, str(n)) if n % 3 else accept(tx, str(n)))
            for n in range(90)
        ),
        return_exceptions=True,
    )

    assert await stored(database) == {str(n) for n in range(0, 90, 3)}
    assert [isinstance(outcome, OurBug) for outcome in outcomes] == [bool(n % 3) for n in range(90)]


async def test_a_function_sees_what_it_wrote_and_readers_only_what_is_durable(database):
    async def look(tx):
        await accept(tx, "1")
        return await tx.jobs.get(JobId("1"))

    seen_inside = await database.write(look)

    assert seen_inside == a_job("1")
    assert await stored(database) == {"1"}


async def test_cancelled_callers_leave_no_transaction_open(database):
    async def one(number):
        await database.write(lambda tx: accept(tx, str(number)))

    callers = [asyncio.create_task(one(number)) for number in range(300)]
    for patience, caller in enumerate(callers):
        if patience % 7 == 0:
            await asyncio.sleep(0)
        if patience % 2:
            caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await database.write(lambda tx: accept(tx, "last"))

    kept = await stored(database)
    assert {str(number) for number in range(0, 300, 2)} | {"last"} <= kept
    assert await database.read(lambda tx: tx.credits.audit()) == ()


async def test_a_read_sees_one_moment(database):
    """A reader that began before a transfer sees none of it."""
    await database.write(lambda tx: rich(tx, ANNA, 10))
    begun, go_on = threading.Event(), threading.Event()

    async def look_twice(tx):
        before = await tx.credits.balance(member_account(ANNA))
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return before, await tx.credits.balance(member_account(ANNA))

    reading = asyncio.create_task(database.read(look_twice))
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    await database.write(lambda tx: rich(tx, ANNA, 20))
    go_on.set()

    before, after = await reading
    assert before == after


async def test_a_read_that_writes_is_our_bug(database):
    with pytest.raises(AssertionError, match="writes"):
        await database.read(lambda tx: accept(tx, "1"))

    assert await database.write(lambda tx: accept(tx, "1"))


# ---------------------------------------------------------------- one writer, one commit


async def test_what_waits_shares_a_commit(sqlite):
    said = []
    await sqlite._writer._connection.run(lambda raw: raw.set_trace_callback(said.append))
    gate = Gate()
    blocked = asyncio.create_task(sqlite.write(gate.block))
    await gate.is_blocking()
    waiting = [
        asyncio.create_task(sqlite.write(lambda tx, n=n: accept(tx, str(n)))) for n in range(50)
    ]
    await all_waiting(sqlite, 50)

    gate.open()
    await asyncio.gather(blocked, *waiting)

    assert said.count("COMMIT") == 2  # the gate's own, and one for fifty


async def test_who_left_before_the_start_is_not_served(sqlite, gate):
    ran = []

    async def note(tx):
        ran.append("ran")

    left = asyncio.create_task(sqlite.write(note))
    await all_waiting(sqlite, 1)
    left.cancel()
    gate.open()
    await sqlite.write(lambda tx: accept(tx, "1"))

    assert ran == []
    assert left.cancelled()


async def test_who_left_after_the_start_is_served_all_the_same(sqlite):
    gate = Gate()

    async def slow(tx):
        await gate.block(tx)
        await accept(tx, "1")

    left = asyncio.create_task(sqlite.write(slow))
    await gate.is_blocking()
    left.cancel()
    gate.open()
    await sqlite.write(lambda tx: accept(tx, "2"))

    assert await stored(sqlite) == {"1", "2"}


async def test_a_failed_commit_fails_everybody_in_it_and_nobody_after(sqlite, gate):
    async def owe(tx):
        """Break a rule that is looked at when the commit comes."""
        await tx.jobs._db.change("PRAGMA defer_foreign_keys = ON")
        await tx.jobs._db.change(
            """
            INSERT INTO transfers (id, kind, debit, credit, amount, at)
            VALUES ('g', 'grant', 'system:grants', 'member:404', 1, '')
            """
        )

    fellow = asyncio.create_task(sqlite.write(lambda tx: accept(tx, "1")))
    guilty = asyncio.create_task(sqlite.write(owe))
    await all_waiting(sqlite, 2)
    gate.open()
    outcomes = await asyncio.gather(fellow, guilty, return_exceptions=True)

    assert all(isinstance(outcome, sqlite3.IntegrityError) for outcome in outcomes)
    assert await stored(sqlite) == set()
    assert await sqlite.write(lambda tx: accept(tx, "2"))


async def test_a_function_that_awaits_the_world_is_refused(sqlite):
    class World:
        def __await__(self):
            yield

    async def stray(tx):
        await accept(tx, "1")
        await World()

    with pytest.raises(AssertionError, match="awaits nothing but its tx"):
        await sqlite.write(stray)

    assert await stored(sqlite) == set()


async def test_only_so_many_wait_inside(sqlite, gate):
    sqlite._writer._room = asyncio.Semaphore(10)

    callers = [
        asyncio.create_task(sqlite.write(lambda tx, n=n: accept(tx, str(n)))) for n in range(40)
    ]
    await all_waiting(sqlite, 10)
    for _ in range(10):
        await asyncio.sleep(0)
    inside = len(sqlite._writer._waiting)
    gate.open()
    await asyncio.gather(*callers)

    assert inside == 10
    assert len(await stored(sqlite)) == 40


def test_there_is_a_limit_to_waiting():
    assert 100 <= sqlite_writer.WAITING_MAX <= 10_000


async def test_closing_finishes_what_was_asked_and_refuses_what_comes_later(tmp_path, sealer):
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer) as database:
        asked = [
            asyncio.create_task(database.write(lambda tx, n=n: accept(tx, str(n))))
            for n in range(200)
        ]
        await all_waiting(database, 200)

    assert all(await asyncio.gather(*asked))
    with pytest.raises(StorageUnavailable, match="closed"):
        await database.write(lambda tx: accept(tx, "late"))


async def test_an_error_of_the_service_passes_through_as_it_is(tmp_path, sealer):
    with pytest.raises(OurBug):
        async with open_sqlite(tmp_path / "easel.db", sealer=sealer):
            raise OurBug


# ---------------------------------------------------------------- a disk that says no


async def pages(database) -> int:
    return await database._writer._connection.run(
        lambda raw: raw.execute("PRAGMA page_count").fetchone()[0]
    )


async def test_a_full_disk_is_told_and_forgotten_once_there_is_room(sqlite):
    await sqlite.write(lambda tx: accept(tx, "first"))
    numbers = itertools.count()

    async def fill():
        while True:
            await sqlite.write(lambda tx: accept(tx, str(next(numbers))))

    await tamper(sqlite, f"PRAGMA max_page_count = {await pages(sqlite) + 3}")
    with pytest.raises(StorageUnavailable, match="disk is full: free some space"):
        await fill()
    kept = await stored(sqlite)

    await tamper(sqlite, "PRAGMA max_page_count = 1000000")
    assert await sqlite.write(lambda tx: accept(tx, "last"))
    assert await stored(sqlite) == kept | {"last"}
    assert len(kept) == next(numbers)  # "first", and all but the one that was refused


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_IOERR_FSYNC, "system's log"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "read-only"),
        (sqlite3.SQLITE_CORRUPT, "backup"),
    ],
)
async def test_a_disk_that_gives_up_in_the_middle_undoes_the_batch(sqlite, gate, code, sentence):
    """SQLite ends the transaction by itself on some errors; the rest must not run outside one."""

    async def break_down(tx):
        await tx.jobs._db.change("ROLLBACK")
        error = sqlite3.OperationalError("as the disk would say")
        error.sqlite_errorcode = code
        raise error

    callers = [
        asyncio.create_task(sqlite.write(fn))
        for fn in (lambda tx: accept(tx, "1"), break_down, lambda tx: accept(tx, "2"))
    ]
    await all_waiting(sqlite, 3)
    gate.open()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)

    assert all(isinstance(outcome, StorageUnavailable) for outcome in outcomes)
    assert all(sentence in str(outcome) for outcome in outcomes)
    assert await stored(sqlite) == set()
    assert await sqlite.write(lambda tx: accept(tx, "3"))


async def test_a_read_only_database_is_told(sqlite):
    await tamper(sqlite, "PRAGMA query_only = ON")

    with pytest.raises(StorageUnavailable, match="read-only"):
        await sqlite.write(lambda tx: accept(tx, "1"))

    await tamper(sqlite, "PRAGMA query_only = OFF")
    assert await sqlite.write(lambda tx: accept(tx, "1"))


async def test_a_database_locked_by_another_program_is_told(sqlite, tmp_path):
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="Another program has locked"):
            await sqlite.write(lambda tx: accept(tx, "1"))

    assert await sqlite.write(lambda tx: accept(tx, "1"))


# ---------------------------------------------------------------- opening

HOLDER = """
import asyncio, sys
from pathlib import Path
from storage.sealing import MasterKeys, Sealer
from storage.sqlite import open_sqlite

async def hold():
    sealer = Sealer(MasterKeys.from_base64("A" * 43 + "="))
    async with open_sqlite(Path(sys.argv[1]), sealer=sealer):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(hold())
"""


async def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path, sealer):
    path = tmp_path / "easel.db"
    first = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(path)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert await first.stdout.readline() == b"open\n"

        with pytest.raises(ConfigurationError, match="Another Easel is running"):
            async with open_sqlite(path, sealer=sealer):
                pass
        (tmp_path / "elsewhere").mkdir()
        other_name = tmp_path / "elsewhere" / "other.db"
        other_name.symlink_to(path)
        with pytest.raises(ConfigurationError, match="Another Easel is running"):
            async with open_sqlite(other_name, sealer=sealer):
                pass
        async with open_reader(path, sealer=sealer) as reader:  # an operator's look is welcome
            assert await reader.read(lambda tx: tx.credits.audit()) == ()
    finally:
        first.kill()
        await first.communicate()

    async with open_sqlite(path, sealer=sealer) as database:
        assert await database.write(lambda tx: accept(tx, "1"))


async def test_everything_is_there_after_opening_again(tmp_path, sealer):
    path = tmp_path / "folder" / "easel.db"
    async with open_sqlite(path, sealer=sealer) as database:
        await database.write(lambda tx: accept(tx, "1"))

    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        assert await database.read(lambda tx: tx.jobs.get(JobId("1"))) == a_job("1")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path, sealer):
    path = tmp_path / "easel.db"
    path.write_bytes(b"shopping list: " + b"eggs " * 1000)

    with pytest.raises(ConfigurationError, match="is not an Easel database"):
        async with open_sqlite(path, sealer=sealer):
            pass


async def test_a_place_that_is_no_folder_is_refused_with_a_sentence(tmp_path, sealer):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        async with open_sqlite(tmp_path / "file" / "easel.db", sealer=sealer):
            pass


async def test_a_reader_makes_no_database(tmp_path, sealer):
    with pytest.raises(ConfigurationError, match="There is no database"):
        async with open_reader(tmp_path / "easel.db", sealer=sealer):
            pass

    assert list(tmp_path.iterdir()) == []


async def test_every_connection_is_set_up(sqlite):
    async def value(connection, pragma):
        return await connection.run(lambda raw: raw.execute(f"PRAGMA {pragma}").fetchone()[0])

    writer = sqlite._writer._connection
    assert await value(writer, "journal_mode") == "wal"
    assert await value(writer, "synchronous") == 2
    assert await value(writer, "foreign_keys") == 1
    assert await value(writer, "busy_timeout") == 50
    while not sqlite._readers._free.empty():
        assert await value(sqlite._readers._free.get_nowait(), "query_only") == 1
