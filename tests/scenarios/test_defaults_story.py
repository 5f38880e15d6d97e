"""A member says once what they like, and no more at every command."""

import pytest

from bot.media.metadata import read_parameters
from tests.scenarios.stage import done


async def drawn(stage, in_=None, **options):
    """Return what the provider was sent for a command of Ann's."""
    card = await stage.ann.runs("/imagine", in_=in_, **{"prompt": "a cat", **options})
    await card.until(done)
    return stage.horde.truth.jobs[-1].payload


async def test_what_was_set_counts_when_a_command_does_not_say(stage):
    answer = await stage.ann.runs(
        "/defaults set", model="Deliberate", aspect="16:9", negative="fog", steps=9
    )
    sent = await drawn(stage)

    assert answer.ephemeral
    assert sent["models"] == ["Deliberate"]
    assert sent["prompt"] == "a cat ### fog"
    assert sent["params"]["steps"] == 9
    assert sent["params"]["width"] > sent["params"]["height"]


async def test_what_a_command_says_wins(stage):
    await stage.ann.runs(
        "/defaults set", model="Deliberate", aspect="16:9", negative="fog", steps=9
    )

    sent = await drawn(stage, prompt="a cat --steps 12 --no dogs --ar 9:16", model="Dreamshaper")

    assert sent["models"] == ["Dreamshaper"]
    assert sent["prompt"] == "a cat ### dogs"
    assert sent["params"]["steps"] == 12
    assert sent["params"]["width"] < sent["params"]["height"]


async def test_defaults_are_shown_one_a_line(stage):
    await stage.ann.runs("/defaults set", model="Deliberate", steps=9)

    card = await stage.ann.runs("/defaults show")

    assert card.ephemeral
    assert card.text.splitlines() == [
        "### Your defaults",
        "**model**: Deliberate",
        "**steps**: 9",
        "-# /imagine uses them unless you say otherwise.",
    ]


async def test_whoever_has_set_nothing_is_told_how(stage):
    card = await stage.ann.runs("/defaults show")

    assert card.shows("Nothing is set. With /defaults set you choose")


async def test_setting_one_thing_leaves_the_others(stage):
    await stage.ann.runs("/defaults set", steps=9)
    card = await stage.ann.runs("/defaults set", aspect="3:2")

    assert card.shows("**steps**: 9")
    assert card.shows(r"**aspect**: 3\:2")


async def test_one_default_can_be_cleared_or_all(stage):
    await stage.ann.runs("/defaults set", steps=9, negative="fog", nsfw=True)

    one = await stage.ann.runs("/defaults clear", what="negative")
    all_ = await stage.ann.runs("/defaults clear")
    again = await stage.ann.runs("/defaults clear")
    sent = await drawn(stage)

    assert one.shows("**steps**: 9")
    assert not one.shows("fog")
    assert all_.shows("Your defaults are cleared.")
    assert again.shows("There was nothing to clear.")
    assert sent["params"]["steps"] == 25
    assert sent["prompt"] == "a cat"


async def test_a_default_adult_wish_counts_only_in_age_restricted_channels(stage):
    cellar = stage.guild.channel("cellar", nsfw=True)
    card = await stage.ann.runs("/defaults set", nsfw=True)

    flags = [(await drawn(stage, in_=channel))["nsfw"] for channel in (stage.channel, cellar)]

    assert card.shows("**nsfw**: allowed, in age-restricted channels")
    assert flags == [False, True]


async def test_files_that_are_private_by_default_say_nothing_unless_asked_to(stage):
    card = await stage.ann.runs("/defaults set", private=True)
    assert card.shows("**private**: prompt and settings are left out of the picture files")

    told = []
    for prompt in ("a cat", "a cat --no-private"):
        shown = await (await stage.ann.runs("/imagine", prompt=prompt)).until(done)
        told.append(read_parameters(shown.attachments[0].data))

    assert told[0] is None
    assert told[1].startswith("a cat\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {},
            r"Choose at least one option\: model, aspect, negative, steps, nsfw, private or ask\_above.",
        ),
        ({"model": "dreamshapper"}, r"Near to it\: Dreamshaper."),
        ({"negative": "fog ### dogs"}, r"Take \#\#\# out of the --no text"),
    ],
    ids=["nothing", "an unknown model", "a mark that providers read"],
)
async def test_what_would_fail_at_every_command_is_refused_at_once(stage, options, sentence):
    card = await stage.ann.runs("/defaults set", **options)

    assert card.ephemeral
    assert sentence in card.text
    assert (await stage.ann.runs("/defaults show")).shows("Nothing is set.")


async def test_a_model_is_found_while_typing_and_kept_in_its_own_spelling(stage):
    choices = await stage.ann.types("/defaults set", focused="model", model="del")
    card = await stage.ann.runs("/defaults set", model="DELIBERATE")

    assert [choice.value for choice in choices] == ["Deliberate"]
    assert card.shows("**model**: Deliberate")


async def test_a_members_words_act_nowhere(stage):
    card = await stage.ann.runs("/defaults set", negative=f"<@{stage.bob.id}> **x** @everyone")

    assert r"\<\@" in card.text
    assert r"\*\*x\*\*" in card.text


async def test_defaults_are_each_members_own_and_outlive_a_restart(world):
    async with world.playing():
        await world.ann.runs("/defaults set", steps=9)

    async with world.playing():
        anns = await drawn(world)
        card = await world.bob.runs("/imagine", prompt="a cat")
        await card.until(done)

    assert anns["params"]["steps"] == 9
    assert world.horde.truth.jobs[-1].payload["params"]["steps"] == 25
