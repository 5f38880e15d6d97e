"""`/admin` as those who may manage the server see it, and as those who may not."""

import csv
import io

import pytest

from bot.domain.audit_trail import Act, AuditEntry
from bot.domain.jobs import UserId
from bot.sandbox.discord.refusals import Impossible
from tests.scenarios.stage import until

ONLY = "Only members who may manage this server can do that."


async def happened(stage, count: int, *, on=None, facts=None) -> None:
    """Let the chief have done so many things."""

    async def add(tx):
        for number in range(1, count + 1):
            entry = AuditEntry(
                id=f"act {number} {on}",
                guild_id=int(stage.guild.id),
                actor_id=UserId(int(stage.chief.id)),
                act=Act.EXPORTED,
                subject_id=UserId(int(on.id)) if on else None,
                facts=facts or {"number": number},
                at=stage.clock.now(),
            )
            await tx.audit_trail.add(entry)

    await stage.service.database.write(add)


def numbers(card) -> list[int]:
    return [int(line.split()[-1]) for line in card.text.splitlines() if "number" in line]


async def test_discord_does_not_offer_it_to_ordinary_members(stage):
    for person in (stage.ann, stage.mod):
        with pytest.raises(Impossible, match="lacks the permissions for /admin"):
            await person.runs("/admin audit")


async def test_it_is_not_offered_in_direct_messages(stage):
    with pytest.raises(Impossible, match="not offered in this kind of channel"):
        await stage.chief.runs("/admin audit", in_=stage.chief.dm)


async def test_it_is_refused_to_members_to_whom_the_server_offers_it_all_the_same(stage):
    await happened(stage, 1)
    stage.guild.opens_command("admin")

    card = await stage.ann.runs("/admin audit")

    assert card.ephemeral
    assert card.text == ONLY


async def test_an_administrator_needs_no_other_right(stage):
    boss = stage.guild.member("Boss", administrator=True)

    card = await boss.runs("/admin audit")

    assert card.shows("Nothing has been done yet.")


async def test_the_audit_trail_is_read_page_by_page_there_and_back(stage):
    await happened(stage, 23)

    card = await stage.chief.runs("/admin audit")
    pages = [numbers(card)]
    for label in ("Older", "Older", "Newer", "Newer"):
        await stage.chief.clicks(label, on=card)
        pages.append(numbers(card))

    assert card.ephemeral
    assert pages == [
        [*range(23, 13, -1)],
        [*range(13, 3, -1)],
        [3, 2, 1],
        [*range(13, 3, -1)],
        [*range(23, 13, -1)],
    ]
    assert [button.label for button in card.latest.buttons] == ["Older", "CSV"]


async def test_it_can_be_narrowed_to_one_member(stage):
    await happened(stage, 1)
    await happened(stage, 1, on=stage.bob, facts={"number": 7})

    card = await stage.chief.runs("/admin audit", member=stage.bob)

    assert card.shows(f"<@{stage.chief.id}> took a table out <@{stage.bob.id}>")
    assert numbers(card) == [7]


async def test_another_server_sees_nothing_of_it(stage):
    await happened(stage, 1)
    other = stage.discord.guild(name="Elsewhere")
    other.channel("general")
    stranger = other.member("Stranger", manage_guild=True)

    card = await stranger.runs("/admin audit")

    assert card.shows("Nothing has been done yet.")


async def test_it_is_handed_out_as_a_table_and_that_is_noted_too(stage):
    await happened(stage, 12, facts={"reason": "=HYPERLINK(1)"})

    await stage.chief.runs("/admin audit")
    answer = await stage.chief.clicks("CSV")
    await answer.until(lambda version: version.attachments)

    [file] = answer.attachments
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))
    assert answer.ephemeral
    assert answer.shows("13 rows.")
    assert rows[0] == ["number", "at", "who", "did", "to", "facts"]
    assert rows[2][2:] == [stage.chief.id, "exported", "", "reason: =HYPERLINK(1)"]
    assert rows[1][5] == "what: audit trail"
    assert (await stage.chief.runs("/admin audit")).shows("what audit trail")


async def test_buttons_ask_again_who_presses(stage):
    await happened(stage, 12)
    await stage.chief.runs("/admin audit")
    stage.guild.guild.members[stage.chief.id].permissions = stage.guild.guild.members[
        stage.ann.id
    ].permissions

    answer = await stage.chief.clicks("Older")

    assert answer.text == ONLY


async def test_foreign_words_in_the_trail_act_nowhere(stage):
    await happened(stage, 1, facts={"reason": "<@1> **x** @everyone"})

    card = await stage.chief.runs("/admin audit")

    assert r"\<\@1\> \*\*x\*\* \@everyone" in card.text


async def test_it_is_kept_over_a_restart_and_its_buttons_too(world):
    async with world.playing():
        await happened(world, 12)
        card = await world.chief.runs("/admin audit")

    async with world.playing():
        await world.chief.clicks("Older", on=card)
        await until(lambda: numbers(card) == [2, 1])
