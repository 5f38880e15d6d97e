"""A server's admins set its rules; members meet them before anything is held or sent."""

import pytest

from bot.sandbox.discord.refusals import Impossible
from tests.scenarios.stage import done, titled, until_sent
from tests.scenarios.test_alchemy_story import photo

SUBMIT = "/generate/async"
ONLY = "Only members who may manage this server can do that."
EVERY_COMMAND = [
    ("/admin rules show", {}),
    ("/admin rules set", {"nsfw": "never"}),
    ("/admin providers allow", {"provider": "horde"}),
    ("/admin providers block", {"provider": "horde"}),
    ("/admin providers forget", {"provider": "horde"}),
    ("/admin providers list", {}),
    ("/admin models allow", {"model": "Flux*"}),
    ("/admin models block", {"model": "Flux*"}),
    ("/admin models forget", {"entry": "Flux*"}),
    ("/admin models list", {}),
    ("/admin channels allow", {"channel": "here"}),
    ("/admin channels block", {"channel": "here"}),
    ("/admin channels forget", {"channel": "here"}),
    ("/admin channels list", {}),
    ("/admin roles allow", {"role": "artists"}),
    ("/admin roles block", {"role": "artists"}),
    ("/admin roles forget", {"role": "artists"}),
    ("/admin roles list", {}),
    ("/admin words block", {"word": "mud"}),
    ("/admin words forget", {"word": "mud"}),
    ("/admin words list", {}),
    ("/admin ban", {"member": "bob"}),
    ("/admin unban", {"member": "bob"}),
    ("/admin pause", {}),
    ("/admin resume", {}),
]


async def rule(stage, command, **options):
    return await stage.chief.runs(f"/admin {command}", **options)


async def trail(stage) -> str:
    return (await stage.chief.runs("/admin audit")).text


def meant(stage, options: dict) -> dict:
    known = {
        "here": stage.channel,
        "bob": stage.bob,
        "artists": next(iter(stage.guild.guild.roles.values()), None)
        or stage.guild.role("Artists"),
    }
    return {name: known.get(value, value) for name, value in options.items()}


@pytest.mark.parametrize(("command", "options"), EVERY_COMMAND, ids=[c for c, _ in EVERY_COMMAND])
async def test_no_command_does_anything_for_members_who_may_not_manage(stage, command, options):
    with pytest.raises(Impossible, match="lacks the permissions"):
        await stage.ann.runs(command, **meant(stage, options))
    stage.guild.opens_command("admin")

    card = await stage.ann.runs(command, **meant(stage, options))

    assert card.ephemeral
    assert card.text == ONLY
    assert "Nothing has been done yet." in await trail(stage)


async def test_nothing_is_suggested_to_members_who_may_not_manage(stage):
    await rule(stage, "words block", word="mud")
    stage.guild.opens_command("admin")

    theirs = await stage.ann.types("/admin words forget", focused="word", word="")
    ours = await stage.chief.types("/admin words forget", focused="word", word="m")

    assert theirs == []
    assert [choice.value for choice in ours] == ["mud"]


async def test_a_server_begins_with_everything_allowed(stage):
    card = await rule(stage, "rules show")

    assert card.ephemeral
    assert card.text.splitlines() == [
        "### Rules of this server",
        "**Adult content**: only in age-restricted channels.",
        "**Providers**: Everything is allowed.",
        "**Models**: Everything is allowed.",
        "**Channels**: Everything is allowed.",
        "**Roles**: Everything is allowed.",
        "**Blocked words**: 0, patterns: 0. /admin words list shows them.",
        "**Kept out**: nobody.",
        "**Reports**: nowhere.",
    ]


async def refused(stage, sentence: str, *, person=None, in_=None, **options) -> None:
    """Expect a refusal to the member alone, before anything began."""
    asks = {"prompt": "a cat", **options}
    card = await (person or stage.ann).runs("/imagine", in_=in_, **asks)
    assert card.ephemeral
    assert sentence in card.text
    assert await stage.nothing_began()


async def test_a_blocked_word_is_refused_without_being_repeated(stage):
    card = await rule(stage, "words block", word="Mud")

    assert card.shows("Mud")
    await refused(stage, "This server blocks a word that you used.", prompt="a cat in MÜD")
    assert "entry Mud" in await trail(stage)


async def test_a_blocked_word_may_be_what_is_not_wanted(stage):
    await rule(stage, "words block", word="mud")

    card = await stage.ann.runs("/imagine", prompt="a cat --no mud")

    await card.until(done)


async def test_a_pattern_blocks_what_fits_it(stage):
    await rule(stage, "words block", word="m[uo0]d+", pattern=True)

    await refused(stage, "it fits one of its patterns", prompt="a cat in m0dd")


async def test_a_pattern_that_cannot_be_read_is_refused_with_its_place(stage):
    card = await rule(stage, "words block", word="mud(", pattern=True)

    assert card.ephemeral
    assert card.text == "This ( is never closed (character 4)"
    assert (await rule(stage, "words list")).shows("No word is blocked.")
    assert "Nothing has been done yet." in await trail(stage)


async def test_a_pattern_that_would_hang_other_machines_hangs_nobody(stage):
    await rule(stage, "words block", word="(a+)+$", pattern=True)

    card = await stage.ann.runs("/imagine", prompt="a" * 2000 + " cat")

    await card.until(done)


async def test_a_word_that_is_taken_off_is_allowed_again(stage):
    await rule(stage, "words block", word="mud")
    await rule(stage, "words forget", word="mud")
    again = await rule(stage, "words forget", word="mud")

    card = await stage.ann.runs("/imagine", prompt="a cat in mud")

    await card.until(done)
    assert again.text == "That is not on the list."


async def test_many_words_are_handed_out_in_a_file(stage):
    for number in range(45):
        await rule(stage, "words block", word=f"{'long' * 20} {number}")

    card = await rule(stage, "words list")

    assert card.ephemeral
    assert b"long 44" in card.attachments[0].data


async def test_questions_pass_the_same_door(stage):
    await rule(stage, "words block", word="mud")

    prompt = await stage.ann.runs("/ask", prompt="Tell me of mud")
    instruction = await stage.ann.runs("/ask", prompt="Tell me", instruction="Always of mud")

    for card in (prompt, instruction):
        assert card.ephemeral
        assert card.text == "This server blocks a word that you used."
    assert await stage.nothing_began()


async def test_what_is_done_with_a_picture_passes_the_same_door(stage):
    await rule(stage, "ban", member=stage.ann)

    card = await stage.ann.runs("/upscale", picture=photo())

    assert card.ephemeral
    assert "do not let you use Easel here" in card.text
    assert await stage.nothing_began()


async def test_again_passes_the_same_door(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat in mud")
    await card.until(done)
    await rule(stage, "words block", word="mud")

    again = await stage.ann.clicks("Again", on=card)

    assert again.ephemeral
    assert again.text == "This server blocks a word that you used."
    assert len(stage.horde.truth.jobs) == 1


async def test_a_blocked_model_is_neither_taken_nor_chosen(stage):
    await rule(stage, "models block", model="*mix*")
    card = await rule(stage, "models block", model="Dreamshaper")

    assert card.shows(r"Not \*mix\*, Dreamshaper.")
    await refused(stage, "This server does not allow the model Dreamshaper", model="Dreamshaper")


async def test_when_only_one_model_is_allowed_it_draws_unasked(stage):
    card = await rule(stage, "models allow", model="Deliberate")
    asked = await stage.ann.runs("/imagine", prompt="a cat")
    await asked.until(done)

    assert card.shows("Only Deliberate.")
    assert stage.horde.truth.jobs[0].payload["models"] == ["Deliberate"]


async def test_a_model_is_suggested_while_typing(stage):
    choices = await stage.chief.types("/admin models block", focused="model", model="delib")

    assert [choice.value for choice in choices] == ["Deliberate"]


async def test_what_is_blocked_is_not_suggested_to_members(stage):
    before = await stage.ann.types("/imagine", focused="model", prompt="a cat", model="delib")
    await rule(stage, "models block", model="Delib*")
    await rule(stage, "providers block", provider="horde")

    models = await stage.ann.types("/imagine", focused="model", prompt="a cat", model="deliberate")
    drawing = await stage.ann.types("/imagine", focused="provider", prompt="a cat", provider="")

    assert [choice.value for choice in before] == ["Deliberate"]
    assert "Deliberate" not in [choice.value for choice in models]
    assert drawing == []


async def test_a_blocked_provider_is_refused(stage):
    card = await rule(stage, "providers block", provider="horde")

    assert card.shows("Not AI Horde.")
    await refused(stage, "This server does not allow AI Horde.")


async def test_a_provider_that_nobody_knows_is_not_listed(stage):
    card = await rule(stage, "providers block", provider="nobody")

    assert card.text == "I know no provider of that name. Please pick one from the list."


async def test_a_blocked_channel_takes_nothing_and_others_do(stage):
    studio = stage.guild.channel("studio")
    card = await rule(stage, "channels allow", channel=studio)

    assert card.shows(f"Only <#{studio.id}>.")
    await refused(stage, "This server does not let Easel be used in this channel.")
    there = await stage.ann.runs("/imagine", in_=studio, prompt="a cat")
    await there.until(done)


async def test_a_server_can_be_for_some_roles_only(stage):
    artists = stage.guild.role("Artists", stage.ann)
    card = await rule(stage, "roles allow", role=artists)

    assert card.shows(f"Only <@&{artists.id}>.")
    await refused(stage, "only members with certain roles", person=stage.bob)
    anns = await stage.ann.runs("/imagine", prompt="a cat")
    await anns.until(done)

    await rule(stage, "roles forget", role=artists)
    bobs = await stage.bob.runs("/imagine", prompt="a cat")
    await bobs.until(done)


async def test_a_blocked_role_is_refused(stage):
    muted = stage.guild.role("Muted", stage.bob)
    await rule(stage, "roles block", role=muted)

    await refused(stage, "only members with certain roles", person=stage.bob)


async def test_whoever_is_banned_is_refused_until_let_in_again(stage):
    told = await rule(stage, "ban", member=stage.bob, reason="spam")
    twice = await rule(stage, "ban", member=stage.bob)

    assert told.ephemeral
    assert told.shows(f"<@{stage.bob.id}> may no longer use Easel in this server.")
    assert twice.text == "This member may not use Easel here already."
    await refused(stage, "do not let you use Easel here", person=stage.bob)
    assert (await rule(stage, "rules show")).shows(f"**Kept out**: <@{stage.bob.id}>.")
    assert f"keeps out <@{stage.bob.id}>\n-# reason spam" in await trail(stage)

    await rule(stage, "unban", member=stage.bob)
    card = await stage.bob.runs("/imagine", prompt="a cat")
    await card.until(done)


async def test_a_ban_holds_in_this_server_only(stage):
    await rule(stage, "ban", member=stage.bob)

    card = await stage.bob.runs("/imagine", in_=stage.bob.dm, prompt="a cat")

    await card.until(done)


async def test_a_paused_server_takes_nothing_new_and_finishes_what_it_has(stage):
    stage.horde.script.next(held=True)
    under_way = await stage.ann.runs("/imagine", prompt="a dog")
    await until_sent(stage, 1)
    await rule(stage, "pause")

    refusal = await stage.ann.runs("/imagine", prompt="a cat")
    stage.horde.finish(stage.horde.truth.jobs[0].remote_id)
    await under_way.until(done)
    await rule(stage, "resume")
    after = await stage.ann.runs("/imagine", prompt="a cat")

    assert refusal.ephemeral
    assert "Easel is paused in this server." in refusal.text
    await after.until(done)


async def test_a_server_can_forbid_adult_content_everywhere(stage):
    cellar = stage.guild.channel("cellar", nsfw=True)
    card = await rule(stage, "rules set", nsfw="never")

    assert card.shows("**Adult content**: never.")
    await refused(stage, "This server allows no adult content", in_=cellar, nsfw=True)


async def test_a_server_can_have_it_behind_spoilers(stage):
    cellar = stage.guild.channel("cellar", nsfw=True)
    await rule(stage, "rules set", nsfw="covered")

    card = await stage.ann.runs("/imagine", in_=cellar, prompt="a cat", nsfw=True)
    shown = await card.until(done)
    harmless = await stage.ann.runs("/imagine", in_=cellar, prompt="a cat")
    plain = await harmless.until(done)

    assert [file.spoiler for file in shown.attachments] == [True]
    assert [file.spoiler for file in plain.attachments] == [False]


async def test_rules_outlive_a_restart(world):
    async with world.playing():
        await rule(world, "words block", word="mud")
        await rule(world, "ban", member=world.bob)

    async with world.playing():
        await refused(world, "blocks a word", prompt="mud")
        await refused(world, "do not let you", person=world.bob)


async def test_rules_of_one_server_are_not_those_of_another(stage):
    await rule(stage, "pause")
    other = stage.discord.guild(name="Elsewhere")
    other.channel("general")
    stranger = other.member("Stranger")

    card = await stranger.runs("/imagine", prompt="a cat")

    await card.until(done)


async def test_who_breaks_rules_again_and_again_has_to_wait_and_a_restart_forgives_nothing(world):
    async with world.playing():
        await rule(world, "words block", word="mud")
        for _ in range(3):
            await refused(world, "blocks a word", prompt="mud")
        await refused(world, "so you have to wait. Next try <t:")
        others = await world.bob.runs("/imagine", prompt="a cat")
        await others.until(done)

    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        assert "so you have to wait. Next try <t:" in card.text

        world.clock.travel(61)
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(done)


async def test_what_a_provider_refuses_for_its_content_counts_too(stage):
    refusal = '{"message": "This prompt appears to violate our terms.", "rc": "CorruptPrompt"}'
    stage.horde.faults.add("POST", SUBMIT, kind="status", status=400, body=refusal, times=2)
    for _ in range(2):
        card = await stage.ann.runs("/imagine", prompt="a cat")
        await card.until(titled("That did not work"))
        await stage.until_settled(card)

    card = await stage.ann.runs("/imagine", prompt="a cat")

    assert "so you have to wait" in card.text
    assert stage.horde.truth.jobs == []
