"""Keys, preferences, and what privacy knows of every table."""

import json
import sqlite3

import pytest

from bot.domain.audit_trail import Act, AuditEntry
from bot.domain.budgets import Budget, Measure, Period, Whom
from bot.domain.credits import (
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    member_account,
)
from bot.domain.errors import ConfigurationError
from bot.domain.jobs import JobState, UserId
from bot.domain.keys import KeyOwner
from bot.domain.kudos import Gift, GiftId, GiftState
from bot.domain.preferences import Preferences
from bot.domain.reports import Report, ReportId
from bot.domain.requests import PictureRequest, Source
from bot.domain.strikes import Strike
from storage.keys import StoredKey
from storage.privacy import ABOUT_NOBODY, RELATED, SERVER_TABLES, SOMEBODY, USER_TABLES
from storage.sqlite_connection import ROWS_PER_PAGE
from tests.storage.store_values import (
    ANNA,
    BERT,
    HOUR,
    NOON,
    TOKEN,
    a_blob,
    a_claim,
    a_job,
    a_picture,
    in_state,
    rich,
    take_in,
    tamper,
)

SECRET = "hk-0123456789-marked-secret"
OTHER = "sk-9876543210-marked-secret"


async def put_key(database, owner_id=ANNA, *, provider="horde", secret=SECRET, at=NOON) -> None:
    await database.write(
        lambda tx: tx.keys.put(
            KeyOwner.member(owner_id), provider=provider, secret=secret, label="me#1", at=at
        )
    )


# ---------------------------------------------------------------- keys


async def test_a_key_comes_back_to_its_owner_only(database):
    await put_key(database)

    assert await database.read(lambda tx: tx.keys.get(KeyOwner.member(ANNA), "horde")) == SECRET
    assert await database.read(lambda tx: tx.keys.get(KeyOwner.member(BERT), "horde")) is None
    assert await database.read(lambda tx: tx.keys.get(KeyOwner.member(ANNA), "nebula")) is None


async def test_a_list_of_keys_shows_their_last_characters(database):
    await put_key(database)
    await put_key(database, provider="aime", secret="tiny", at=NOON + HOUR)
    await database.write(lambda tx: tx.keys.touch(KeyOwner.member(ANNA), "horde", at=NOON + HOUR))

    assert await database.read(lambda tx: tx.keys.list(KeyOwner.member(ANNA))) == (
        StoredKey(
            provider="aime",
            last4="",  # all of it would show
            label="me#1",
            created_at=NOON + HOUR,
            last_used_at=None,
        ),
        StoredKey(
            provider="horde",
            last4="cret",
            label="me#1",
            created_at=NOON,
            last_used_at=NOON + HOUR,
        ),
    )


async def test_a_new_key_takes_the_place_of_the_old(database):
    await put_key(database)
    await database.write(lambda tx: tx.keys.touch(KeyOwner.member(ANNA), "horde", at=NOON))
    await put_key(database, secret="another-long-enough-key", at=NOON + HOUR)

    assert (
        await database.read(lambda tx: tx.keys.get(KeyOwner.member(ANNA), "horde"))
        == "another-long-enough-key"
    )
    only = (await database.read(lambda tx: tx.keys.list(KeyOwner.member(ANNA))))[0]
    assert (only.created_at, only.last_used_at) == (NOON + HOUR, None)


async def test_a_deleted_key_is_gone(database):
    await put_key(database)

    first = await database.write(lambda tx: tx.keys.delete(KeyOwner.member(ANNA), "horde"))
    second = await database.write(lambda tx: tx.keys.delete(KeyOwner.member(ANNA), "horde"))

    assert (first, second) == (True, False)
    assert await database.read(lambda tx: tx.keys.get(KeyOwner.member(ANNA), "horde")) is None
    assert not await database.write(
        lambda tx: tx.keys.touch(KeyOwner.member(ANNA), "horde", at=NOON)
    )


async def test_owners_are_told_by_provider(database):
    await put_key(database)
    await put_key(database, BERT, provider="aime")

    assert await database.read(lambda tx: tx.keys.owners()) == {
        (KeyOwner.member(ANNA), "horde"),
        (KeyOwner.member(BERT), "aime"),
    }


async def test_a_server_and_a_member_of_the_same_id_have_keys_of_their_own(database):
    server = KeyOwner.server(ANNA)
    await put_key(database)
    await database.write(
        lambda tx: tx.keys.put(server, provider="horde", secret=OTHER, label="us#2", at=NOON)
    )

    assert await database.read(lambda tx: tx.keys.get(KeyOwner.member(ANNA), "horde")) == SECRET
    assert await database.read(lambda tx: tx.keys.get(server, "horde")) == OTHER
    assert await database.write(lambda tx: tx.keys.delete(server, "horde"))
    assert await database.read(lambda tx: tx.keys.owners()) == {(KeyOwner.member(ANNA), "horde")}


@pytest.mark.parametrize(
    ("move", "owner", "provider"),
    [
        ("UPDATE keys SET owner_id = 2", KeyOwner.member(BERT), "horde"),
        ("UPDATE keys SET provider = 'aime'", KeyOwner.member(ANNA), "aime"),
        (
            "INSERT INTO server_keys SELECT * FROM keys",
            KeyOwner.server(ANNA),
            "horde",
        ),
        ("UPDATE server_keys SET guild_id = 7", KeyOwner.server(7), "horde"),
        ("UPDATE server_keys SET provider = 'aime'", KeyOwner.server(44), "aime"),
        ("INSERT INTO keys SELECT * FROM server_keys", KeyOwner.member(44), "horde"),
    ],
)
async def test_a_row_moved_to_another_owner_or_provider_does_not_open(
    sqlite, move, owner, provider
):
    await put_key(sqlite)
    await sqlite.write(
        lambda tx: tx.keys.put(
            KeyOwner.server(44), provider="horde", secret=OTHER, label="us#2", at=NOON
        )
    )

    await tamper(sqlite, move)

    with pytest.raises(ConfigurationError, match="changed outside"):
        await sqlite.read(lambda tx: tx.keys.get(owner, provider))


# ---------------------------------------------------------------- preferences


async def test_who_never_said_has_the_defaults(database):
    assert await database.read(lambda tx: tx.preferences.get(ANNA)) == Preferences()


async def test_the_last_preferences_count(database):
    wish = Preferences(model="Deliberate", aspect="portrait", negative="fog", steps=30, nsfw=True)
    await database.write(lambda tx: tx.preferences.put(ANNA, Preferences(steps=9), at=NOON))
    await database.write(lambda tx: tx.preferences.put(ANNA, wish, at=NOON))

    assert await database.read(lambda tx: tx.preferences.get(ANNA)) == wish
    assert await database.read(lambda tx: tx.preferences.get(BERT)) == Preferences()


async def test_forgotten_preferences_are_the_defaults_again(database):
    await database.write(lambda tx: tx.preferences.put(ANNA, Preferences(steps=9), at=NOON))

    first = await database.write(lambda tx: tx.preferences.delete(ANNA))
    second = await database.write(lambda tx: tx.preferences.delete(ANNA))

    assert (first, second) == (True, False)
    assert await database.read(lambda tx: tx.preferences.get(ANNA)) == Preferences()


# ---------------------------------------------------------------- privacy


def a_budget_of(owner_id) -> Budget:
    return Budget(
        guild_id=44,
        whom=Whom.MEMBER,
        subject_id=owner_id,
        measure=Measure.JOBS,
        period=Period.DAY,
        amount=5,
    )


def a_gift_of(owner_id, letter: str) -> Gift:
    return Gift(
        id=GiftId(f"gift of {letter}"),
        owner_id=owner_id,
        receiver=f"friend of {letter}#1",
        amount=1,
        state=GiftState.ASKED,
        created_at=NOON,
    )


async def leave_traces(database, owner_id, letter: str) -> None:
    """One row at least in every table that can know a member."""
    remix = PictureRequest(prompt=f"prompt of {letter}", source=Source(picture=a_blob("0")))
    done = in_state(
        JobState.DONE,
        f"{owner_id}-done",
        owner_id=owner_id,
        request=remix,
        pictures=(a_picture(blob=a_blob(letter)),),
    )
    waiting = a_job(f"{owner_id}-waiting", owner_id=owner_id, price=Microcredits(10))

    async def live(tx):
        await rich(tx, owner_id, 100)
        await tx.jobs.accept(done)
        await take_in(tx, waiting)
        await tx.jobs.accept(in_state(JobState.RUNNING, f"{owner_id}-running", owner_id=owner_id))
        await tx.answers.keep(f"{owner_id}-running", "1", a_blob("9"))
        await tx.claims.make(a_claim(f"{owner_id}-claimed", owner_id=owner_id))
        await tx.preferences.put(owner_id, Preferences(negative=f"fears of {letter}"), at=NOON)
        await tx.house_rules.ban(44, owner_id, at=NOON)
        await tx.reports.add(
            Report(
                id=ReportId(f"report of {letter}"),
                owner_id=owner_id,
                guild_id=44,
                words=f"complaint of {letter}",
                created_at=NOON,
            )
        )
        await tx.strikes.add(Strike(id=f"strike of {letter}", owner_id=owner_id, at=NOON, weight=1))
        await tx.kudos_gifts.add(a_gift_of(owner_id, letter))
        await tx.budgets.put(a_budget_of(owner_id))
        await tx.questions.put(a_job(f"{owner_id}-asked", owner_id=owner_id), at=NOON)
        await tx.budgets.use(44, owner_id, price=Microcredits(10), at=NOON)
        await tx.budgets.pause(44, owner_id, at=NOON, not_after=NOON)
        await tx.audit_trail.add(
            AuditEntry(
                id=f"act of {letter}",
                guild_id=44,
                actor_id=UserId(3),
                act=Act.EXPORTED,
                subject_id=owner_id,
                at=NOON,
            )
        )

    await database.write(live)
    await put_key(database, owner_id)


def tables(raw: sqlite3.Connection) -> dict[str, set[str]]:
    names = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        name: {row[1] for row in raw.execute(f"PRAGMA table_info({name})")} for (name,) in names
    }


async def exported(database, owner_id) -> dict[str, list[dict]]:
    """Return what an export of a member holds, by table."""
    found: dict[str, list[dict]] = {table: [] for table in (*USER_TABLES, *RELATED)}
    await database.read(
        lambda tx: tx.privacy.export(owner_id, lambda table, row: found[table].append(dict(row)))
    )
    return found


async def test_an_export_has_every_row_of_a_member_and_none_of_another(sqlite):
    await leave_traces(sqlite, ANNA, "a")
    await leave_traces(sqlite, BERT, "b")
    await sqlite.write(lambda tx: tx.forgetting.ask(ANNA, at=NOON))
    found = await sqlite._writer._connection.run(tables)

    export = await exported(sqlite, ANNA)

    of_servers_alone = set(SERVER_TABLES) - set(USER_TABLES) - set(RELATED)
    assert set(export) == set(found) - ABOUT_NOBODY - of_servers_alone
    assert {table: len(rows) for table, rows in export.items()} == {
        "accounts": 1,
        "answers": 1,
        "audit_trail": 1,
        "budgets": 1,
        "claims": 1,
        "erasures": 1,
        "house_bans": 1,
        "job_moves": 3,
        "job_sources": 1,
        "jobs": 3,
        "keys": 1,
        "kudos_gifts": 1,
        "pauses": 1,
        "pictures": 1,
        "preferences": 1,
        "questions": 1,
        "reports": 1,
        "strikes": 1,
        "transfers": 2,
        "used": 1,
    }
    text = json.dumps(export)
    assert "prompt of a" in text
    assert "of b" not in text
    assert SECRET not in text
    assert TOKEN not in text


async def test_an_export_names_nobody_else(database):
    friend = UserId(987654321)
    await database.write(lambda tx: rich(tx, ANNA, 100))
    await database.write(lambda tx: tx.credits.open_member(friend))
    await database.write(
        lambda tx: tx.credits.gift(
            Transfer(
                id=TransferId("gift:1"),
                kind=TransferKind.GIFT,
                debit=member_account(ANNA),
                credit=member_account(friend),
                amount=Microcredits(5),
                at=NOON,
            ),
            per_member_max=None,
            since=NOON,
        )
    )
    await leave_traces(database, ANNA, "a")

    export = await exported(database, ANNA)

    [gift] = [row for row in export["transfers"] if row["kind"] == "gift"]
    assert (gift["debit"], gift["credit"]) == (member_account(ANNA), SOMEBODY)
    [act] = export["audit_trail"]
    assert (act["actor_id"], act["subject_id"]) == (SOMEBODY, ANNA)
    assert str(friend) not in json.dumps(export)


async def test_a_long_history_is_exported_whole(sqlite):
    jobs = [in_state(JobState.DONE, f"{number}") for number in range(ROWS_PER_PAGE * 2 + 1)]

    async def accept(tx):
        for job in jobs:
            await tx.jobs.accept(job)

    await sqlite.write(accept)

    export = await exported(sqlite, ANNA)

    assert {row["id"] for row in export["jobs"]} == {job.id for job in jobs}
