"""A member writes wishes into the prompt, mistypes them, or tries to make the bot say things."""

import pytest

from tests.scenarios.stage import done, until_sent

MESSAGE_CHARS_MAX = 4000  # Discord: all text displays of a message together


async def test_parameters_in_the_prompt_reach_the_provider(stage):
    card = await stage.ann.runs(
        "/imagine",
        prompt="a lighthouse --ar 16:9 --no fog, people --seed 7 --n 2 --steps 12 --model Deliberate",
    )
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    params = sent["params"]
    assert sent["prompt"] == "a lighthouse ### fog, people"
    assert sent["models"] == ["Deliberate"]
    assert (params["n"], params["seed"], params["steps"]) == (2, "7", 12)
    assert params["width"] > params["height"]


async def test_rarer_parameters_reach_the_provider_too(stage):
    card = await stage.ann.runs(
        "/imagine",
        prompt="a cat --tile --hires --no-karras --clip 2 --cfg 6.5 --sampler k_euler --size 512x512"
        " --variation 5 --post GFPGAN --lora 12345:0.8 --ti easynegative:0.5:negprompt --trusted",
        model="Deliberate",
    )
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    params = sent["params"]
    assert sent["prompt"] == "a cat"
    assert sent["trusted_workers"] is True
    assert (params["tiling"], params["hires_fix"], params["karras"]) == (True, True, False)
    assert (params["clip_skip"], params["cfg_scale"], params["sampler_name"]) == (2, 6.5, "k_euler")
    assert (params["width"], params["height"], params["seed_variation"]) == (512, 512, 5)
    assert params["post_processing"] == ["GFPGAN"]
    assert [(lora["name"], lora["model"]) for lora in params["loras"]] == [("12345", 0.8)]
    assert [(ti["name"], ti["inject_ti"]) for ti in params["tis"]] == [
        ("easynegative", "negprompt")
    ]


async def test_a_phones_dash_is_read_and_an_escaped_one_stays_in_the_prompt(stage):
    card = await stage.ann.runs("/imagine", prompt=r"a cat — asleep \--not-mine —steps 9")
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    assert sent["prompt"] == "a cat — asleep --not-mine"
    assert sent["params"]["steps"] == 9


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a cat --stepz 9", r"I don't know --stepz. Did you mean --steps?"),
        ("a cat --no-hands", "What should not be in the picture goes behind --no and a space."),
        ("a cat --steps", "--steps needs a whole number, like --steps 30."),
        ("a cat --n 99", r"--n 99 is too many\: 1 to 10."),
        ("a cat --seed -1", r"--seed -1 is too low\: 0 to 4294967295."),
        ("a cat --size 999x999", r"--size 999 is no multiple of 64\: 1024 is the nearest."),
        ("a cat --ar 99:1", r"--ar is too thin\: at most 8\:1 or 1\:8."),
        ("a cat --control canny", r"--control needs a picture to start from\: attach one."),
        ("a cat --n 2 --n 3", r"--n is there twice\: keep one."),
        ("a cat --ar 1:1 --size 512x512", r"--ar and --size cannot go together\: keep one."),
        ("--steps 9", r"Tell me what to draw\: the prompt is empty."),
        ("a cat --sampler warp", "AI Horde has no sampler “warp”."),
    ],
)
async def test_a_mistake_is_one_sentence_for_the_member_alone(stage, prompt, sentence):
    card = await stage.ann.runs("/imagine", prompt=prompt)

    assert card.ephemeral
    assert sentence in card.text
    assert await stage.nothing_began()


async def test_several_mistakes_are_told_at_once_one_a_line(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --stepz 9 --n 99 --ar 0:4 --seed x")

    assert card.ephemeral
    assert len(card.text.splitlines()) == 4
    assert [card.shows(name) for name in ("--stepz", "--n 99", "--ar", "--seed")] == [True] * 4
    assert await stage.nothing_began()


async def test_a_hundred_mistakes_still_fit_into_one_answer(stage):
    wrong = " ".join(f"--wrong{number:02} x" for number in range(99))

    card = await stage.ann.runs("/imagine", prompt=f"a cat {wrong}")

    assert card.ephemeral
    assert card.shows("And 91 more.")
    assert await stage.nothing_began()


async def test_an_option_that_contradicts_the_prompt_is_told(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --n 2", count=3)

    assert card.ephemeral
    assert card.shows("--n in the prompt and the option beside it do not agree")
    assert await stage.nothing_began()


async def test_an_option_that_says_the_same_as_the_prompt_is_no_mistake(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --n 2", count=2)
    shown = await card.until(done)

    assert len(shown.attachments) == 2


async def test_a_prompt_of_four_thousand_characters_is_sent_whole_and_shown_in_part(stage):
    prompt = ("lighthouse " * 400)[:3999] + "!"

    card = await stage.ann.runs("/imagine", prompt=prompt)
    shown = await card.until(done)

    assert stage.horde.truth.jobs[0].payload["prompt"] == prompt
    assert shown.shows("…")
    assert max(len(version.text) for version in card.versions) <= MESSAGE_CHARS_MAX
    assert len(shown.attachments[0].description) <= 1024


@pytest.mark.parametrize(
    "trick",
    [
        "@everyone and @here",
        "<@{bob}> <@!{bob}> <@&{bob}> <#{bob}>",
        "</imagine:1> <:kappa:1> <t:1:R> <id:home>",
        "**bold** __under__ ~~gone~~ ||hidden|| # big",
        "[press me](https://evil.example) https://evil.example discord.gg/evil",
        "``` out of the block **bold** @everyone",
        "````` ``` `` ` @everyone",
        "\N{RIGHT-TO-LEFT OVERRIDE}gpj.tac\N{POP DIRECTIONAL FORMATTING} \N{LEFT-TO-RIGHT ISOLATE}",
    ],
)
async def test_a_members_words_are_shown_only_where_they_cannot_act(stage, trick):
    prompt = "a cat " + trick.format(bob=stage.bob.id)

    card = await stage.ann.runs("/imagine", prompt=prompt)
    await card.until(done)

    for version in card.versions:
        before, block, *after = version.text.split("```")
        assert "cat" in block
        assert "evil" not in before + "".join(after)
        assert "everyone" not in before + "".join(after)
        assert stage.bob.id not in before + "".join(after)
        assert len(after) == 1, "the block was left"
        assert not set(version.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        assert version.pings == ()


async def test_a_refusal_repeats_a_members_words_only_where_they_cannot_act(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", model=f"<@{stage.bob.id}> **x** @here")

    assert card.ephemeral
    assert r"\<\@" in card.text
    assert r"\*\*x\*\*" in card.text
    assert await stage.nothing_began()


async def test_nothing_that_is_sent_to_discord_may_mention(stage):
    card = await stage.ann.runs("/imagine", prompt="@everyone --n 2")
    await card.until(done)
    await stage.ann.runs("/imagine", prompt="@everyone --n x")
    await stage.ann.clicks("Again", on=card)
    await until_sent(stage, 2)

    messages = [
        body for body in stage.message_bodies() if "components" in body or "content" in body
    ]
    assert len(messages) >= 4
    assert [body["allowed_mentions"] for body in messages] == [{"parse": []}] * len(messages)
