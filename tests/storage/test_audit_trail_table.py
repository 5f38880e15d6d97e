"""The audit trail: it is only added to, page by page it comes back, and people can be forgotten."""

import sqlite3

import pytest

from bot.domain.audit_trail import Act, AuditEntry, AuditView
from tests.storage.store_values import ANNA, BERT, NOON, tamper

HERE, THERE, NOBODY = 44, 45, -7


def an_entry(entry_id: str = "1", **changes) -> AuditEntry:
    facts = {"guild_id": HERE, "actor_id": ANNA, "act": Act.EXPORTED, "at": NOON}
    return AuditEntry(id=entry_id, **{**facts, **changes})


async def add(database, *entries: AuditEntry) -> None:
    async def all_of(tx):
        for entry in entries:
            await tx.audit_trail.add(entry)

    await database.write(all_of)


async def ids(database, limit: int = 10, **view) -> list[str]:
    wanted = AuditView(**{"guild_id": HERE, **view})
    found = await database.read(lambda tx: tx.audit_trail.page(wanted, limit=limit))
    return [entry.id for entry in found]


async def test_an_entry_comes_back_as_it_was_with_its_place(database):
    entry = an_entry(subject_id=BERT, facts={"reason": "spam: «a»", "count": 3, "was": None})
    await add(database, entry)

    [found] = await database.read(
        lambda tx: tx.audit_trail.page(AuditView(guild_id=HERE), limit=10)
    )

    assert found == AuditEntry(
        id="1",
        guild_id=HERE,
        actor_id=ANNA,
        act=Act.EXPORTED,
        subject_id=BERT,
        facts={"reason": "spam: «a»", "count": 3, "was": None},
        at=NOON,
        seq=1,
    )


async def test_a_repeat_changes_nothing(database):
    first = await database.write(lambda tx: tx.audit_trail.add(an_entry()))
    again = await database.write(lambda tx: tx.audit_trail.add(an_entry(facts={"a": 1})))

    assert (first, again) == (True, False)
    assert await ids(database) == ["1"]


async def test_it_goes_with_the_act_that_it_tells_of(database):
    async def fails_later(tx):
        await tx.audit_trail.add(an_entry())
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours, from just above
        await database.write(fails_later)

    assert await ids(database) == []


async def test_a_server_sees_its_own_acts_page_by_page(database):
    await add(database, *(an_entry(str(number)) for number in range(1, 6)))
    await add(database, an_entry("elsewhere", guild_id=THERE))

    assert await ids(database, 2) == ["5", "4"]
    assert await ids(database, 2, before=4) == ["3", "2"]
    assert await ids(database, 2, after=1) == ["3", "2"]
    assert await ids(database, guild_id=THERE) == ["elsewhere"]


async def test_a_member_is_found_on_either_side_of_an_act(database):
    await add(
        database,
        an_entry("by", actor_id=BERT),
        an_entry("on", subject_id=BERT),
        an_entry("neither"),
    )

    assert await ids(database, member_id=BERT) == ["on", "by"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_trail",
        "UPDATE audit_trail SET act = 'other'",
        "UPDATE audit_trail SET actor_id = 2",
        "UPDATE audit_trail SET subject_id = 2",
        'UPDATE audit_trail SET facts = \'{"reason": "other"}\'',
        "UPDATE audit_trail SET at = 'yesterday', actor_id = NULL",
        "UPDATE audit_trail SET guild_id = 1",
    ],
)
async def test_nothing_in_it_can_be_changed_or_deleted(sqlite, statement):
    await add(sqlite, an_entry(facts={"reason": "spam"}))

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await tamper(sqlite, statement)


async def test_whoever_is_forgotten_is_gone_from_it_and_the_acts_stay(database):
    await add(
        database,
        an_entry("by", actor_id=BERT, subject_id=ANNA, facts={"reason": "kept"}),
        an_entry("on", subject_id=BERT, facts={"reason": "about Bert"}),
    )

    await database.write(lambda tx: tx.forgetting.erase(BERT, nobody_id=-1, at=NOON))

    found = await database.read(lambda tx: tx.audit_trail.page(AuditView(guild_id=HERE), limit=10))
    assert [(entry.id, entry.actor_id, entry.subject_id, entry.facts) for entry in found] == [
        ("on", ANNA, None, {}),
        ("by", None, ANNA, {"reason": "kept"}),
    ]


async def test_a_server_that_was_left_keeps_acts_without_people(database):
    await add(database, an_entry(subject_id=BERT, facts={"reason": "spam"}))
    await add(database, an_entry("there", guild_id=THERE))

    await database.write(lambda tx: tx.audit_trail.forget_guild(HERE, nobody_id=NOBODY))

    assert await ids(database) == []
    here, there = [
        (
            await database.read(
                lambda tx, g=guild: tx.audit_trail.page(AuditView(guild_id=g), limit=1)
            )
        )[0]
        for guild in (NOBODY, THERE)
    ]
    assert here.id == "nobody:7:1"
    assert (here.actor_id, here.subject_id, here.facts) == (None, None, {})
    assert there.actor_id == ANNA
