"""Admins move credits, set budgets, say who pays, and see where it all went."""

import csv
import io

import pytest

from bot.sandbox.discord.refusals import Impossible
from tests.scenarios.stage import done

ONLY = "Only members who may manage this server can do that."
EVERY_COMMAND = [
    ("/admin grant", {"member": "bob", "amount": 10}),
    ("/admin revoke", {"member": "bob", "amount": 10}),
    ("/admin prices", {}),
    ("/admin statement", {"member": "bob"}),
    ("/admin statement", {"member": "bob", "csv": True}),
    ("/admin totals", {}),
    ("/admin pool show", {}),
    ("/admin pool fund", {"amount": 10}),
    ("/admin pool payer", {"who": "server"}),
    ("/admin budget set", {"amount": 1}),
    ("/admin budget list", {}),
    ("/admin budget remove", {"budget": "each:0:credits:day"}),
]


async def rule(stage, command, **options):
    return await stage.chief.runs(f"/admin {command}", **options)


async def trail(stage) -> str:
    return (await rule(stage, "audit")).text


async def drawn(stage, person, **options):
    card = await person.runs("/imagine", **{"prompt": "a cat", **options})
    await card.until(done)
    await stage.until_settled(card)
    return card


async def answered(card):
    """Wait until a deferred answer is there."""
    return await card.until(lambda version: not version.is_loading)


def table(shown) -> list[list[str]]:
    [file] = shown.attachments
    return list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("command", "options"), EVERY_COMMAND, ids=[f"{c} {sorted(o)}" for c, o in EVERY_COMMAND]
)
async def test_no_command_does_anything_for_members_who_may_not_manage(stage, command, options):
    meant = {name: stage.bob if value == "bob" else value for name, value in options.items()}
    with pytest.raises(Impossible, match="lacks the permissions"):
        await stage.ann.runs(command, **meant)
    stage.guild.opens_command("admin")

    card = await stage.ann.runs(command, **meant)

    assert card.ephemeral
    assert card.text == ONLY
    assert "Nothing has been done yet." in await trail(stage)


async def test_a_grant_reaches_the_member_and_stands_in_the_trail(stage):
    card = await rule(stage, "grant", member=stage.bob, amount=250)

    assert card.ephemeral
    assert card.text == f"<@{stage.bob.id}> got 250 credits and can spend 1,250 credits."
    assert (await stage.bob.runs("/credits")).shows("You can spend **1,250 credits**.")
    assert f"granted credits to <@{stage.bob.id}>\n-# credits 250" in await trail(stage)


async def test_a_command_that_discord_delivers_twice_grants_once(stage):
    stage.discord.deliver(twice=True)

    await rule(stage, "grant", member=stage.bob, amount=2000)
    await rule(stage, "pool show")

    assert await stage.credits(stage.bob) == 3000
    assert (await trail(stage)).count("granted credits to") == 1


async def test_credits_are_taken_back_as_far_as_there_are_any(stage):
    await rule(stage, "grant", member=stage.bob, amount=50)

    too_much = await rule(stage, "revoke", member=stage.bob, amount=1051)
    card = await rule(stage, "revoke", member=stage.bob, amount=20)

    assert too_much.shows(r"This member can spend 1,050 credits\: name a smaller amount.")
    assert (
        card.text == f"20 credits were taken from <@{stage.bob.id}>, who can spend 1,030 credits."
    )
    assert (await trail(stage)).count("took credits back from") == 1


async def test_a_pool_is_filled_pays_and_tells_what_moved_it(stage):
    before = await rule(stage, "pool show")
    await rule(stage, "pool fund", amount=100)
    payer = await rule(stage, "pool payer", who="server")
    await drawn(stage, stage.ann)

    card = await rule(stage, "pool show")

    assert before.shows("**0 credits** to spend")
    assert before.shows("Everywhere else the member who asks pays.")
    assert payer.shows("Everywhere else this server's pool pays.")
    assert card.ephemeral
    assert card.shows("**95 credits** to spend")
    assert card.shows(": −5 paid for a request")  # noqa: RUF001 - a minus that people read
    assert card.shows(": +100 granted")
    assert await stage.credits(stage.ann) == 1000


async def test_one_channel_can_be_paid_for_by_the_server(stage):
    studio = stage.guild.channel("studio")
    await rule(stage, "pool fund", amount=100)
    card = await rule(stage, "pool payer", who="server", channel=studio)
    await drawn(stage, stage.ann, in_=studio)
    await drawn(stage, stage.ann)

    back = await rule(stage, "pool payer", who="elsewhere", channel=studio)
    nowhere = await rule(stage, "pool payer", who="elsewhere")

    assert card.shows(f"In <#{studio.id}> this server's pool pays.")
    assert await stage.credits(stage.ann) == 995
    assert not back.shows(f"<#{studio.id}>")
    assert nowhere.shows(r"Everywhere somebody has to pay\: please choose who.")


async def test_whom_the_operator_did_not_name_gives_from_the_pool_only(world):
    maker = world.guild.member("Maker", manage_guild=True)
    world.environment["EASEL_CREDIT_MAKERS"] = maker.id

    async with world.playing():
        refused = await rule(world, "pool fund", amount=100)
        taken = await rule(world, "revoke", member=world.bob, amount=1)
        await maker.runs("/admin pool fund", amount=100)
        card = await rule(world, "grant", member=world.bob, amount=40)
        pool = await rule(world, "pool show")

    for answer in (refused, taken):
        assert "Only those whom the operator has named" in answer.text
    assert card.shows("got 40 credits")
    assert pool.shows("**60 credits** to spend")
    assert pool.shows(f"40 to <@{world.bob.id}>")


async def test_a_statement_shows_what_moved_in_this_server_and_nowhere_else(stage):
    await rule(stage, "grant", member=stage.ann, amount=30)
    await drawn(stage, stage.ann)
    await drawn(stage, stage.ann, in_=stage.ann.dm)

    card = await answered(await rule(stage, "statement", member=stage.ann))

    assert card.text.splitlines()[0] == f"### Credits of <@{stage.ann.id}>"
    said = [line.partition(": ")[2] for line in card.text.splitlines()[2:-1]]
    assert said == [
        "−5 paid for a request",  # noqa: RUF001 - a minus that people read
        "+30 granted",
        "+1,000 daily allowance",
    ]


async def test_a_statement_can_be_taken_as_a_table_and_that_is_noted(stage):
    card = await drawn(stage, stage.ann)
    job = await stage.job(card)

    answer = await answered(await rule(stage, "statement", member=stage.ann, csv=True))

    assert answer.shows("2 rows.")
    rows = table(answer)
    assert rows[0] == ["at", "what", "credits", "job"]
    assert [row[1:] for row in rows[1:]] == [
        ["paid for a request", "-5", job.id],
        ["daily allowance", "1000", ""],
    ]
    assert f"took a table out <@{stage.ann.id}>\n-# what statement" in await trail(stage)


async def test_totals_add_up_what_was_used_here(stage):
    before = await answered(await rule(stage, "totals"))
    await drawn(stage, stage.ann)
    await drawn(stage, stage.bob)
    await drawn(stage, stage.bob, in_=stage.bob.dm)

    card = await answered(await rule(stage, "totals"))
    as_table = await answered(await rule(stage, "totals", days=3, csv=True))

    assert before.shows("Nothing was used in these days.")
    assert card.text.splitlines()[1].partition(": ")[2] == "10 credits, 2 requests"
    assert [row[1:] for row in table(as_table)] == [["credits", "requests"], ["10", "2"]]
    assert "what totals" in await trail(stage)


async def test_prices_are_shown_as_they_are(stage):
    card = await rule(stage, "prices")

    assert card.ephemeral
    assert card.shows("**All providers**: 0.2 a megapixel and step;")
    assert card.shows("10 for 1,000 tokens of text")


async def test_a_budget_holds_is_listed_and_can_be_taken_away(stage):
    card = await rule(stage, "budget set", amount=1, of="jobs")
    await drawn(stage, stage.ann)
    refused = await stage.ann.runs("/imagine", prompt="a cat")
    await refused.until(lambda version: version.shows("This server allows 1 request a day"))

    listed = await rule(stage, "budget list")
    [choice] = await stage.chief.types("/admin budget remove", focused="budget", budget="")
    gone = await rule(stage, "budget remove", budget=choice.value)
    await drawn(stage, stage.ann)

    assert card.text == "From now on: 1 request a day for each member."
    assert listed.shows("1 request a day for each member")
    assert choice.name == "1 request a day for each member"
    assert gone.text == "No longer: 1 request a day for each member."
    assert (await rule(stage, "budget list")).shows("There is none")
    assert (await rule(stage, "budget remove", budget=choice.value)).text.startswith(
        "There is no such budget."
    )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"amount": 50}, "50 credits a day for each member"),
        (
            {"amount": 500, "per": "week", "for": "server"},
            "500 credits a week for all members together",
        ),
        ({"amount": 90, "of": "pause"}, "90 s between two requests for each member"),
        (
            {"amount": 5, "of": "jobs", "per": "hour", "member": "bob"},
            "5 requests an hour for <@BOB>",
        ),
        ({"amount": 5, "role": "vip"}, "5 credits a day for each member with the role <@&VIP>"),
        (
            {"amount": 5, "except_role": "vip"},
            "5 credits a day for each member, without those who have <@&VIP>",
        ),
    ],
)
async def test_a_budget_can_be_for_anybody(stage, options, line):
    vip = stage.guild.role("VIP", stage.ann)
    known = {"bob": stage.bob, "vip": vip}
    meant = {name: known.get(value, value) for name, value in options.items()}

    card = await rule(stage, "budget set", **meant)

    expected = line.replace("BOB", stage.bob.id).replace("VIP", vip.id)
    assert card.shows(expected.replace("90 s", "1 min 30 s"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"amount": 5, "role": "vip", "member": "bob"}, "please name only one of them"),
        ({"amount": 5, "of": "pause", "per": "day"}, "A pause is made by each member alone"),
        ({"amount": 5, "of": "pause", "for": "server"}, "A pause is made by each member alone"),
    ],
)
async def test_a_budget_that_cannot_be_is_refused(stage, options, sentence):
    known = {"bob": stage.bob, "vip": stage.guild.role("VIP")}
    meant = {name: known.get(value, value) for name, value in options.items()}

    card = await rule(stage, "budget set", **meant)

    assert card.ephemeral
    assert sentence in card.text
    assert "Nothing has been done yet." in await trail(stage)


async def test_roles_are_named_in_suggestions_where_nobody_sees_markup(stage):
    vip = stage.guild.role("VIP", stage.ann)
    await rule(stage, "budget set", amount=5, role=vip)

    [choice] = await stage.chief.types("/admin budget remove", focused="budget", budget="vip")

    assert choice.name == "5 credits a day for each member with the role VIP"
