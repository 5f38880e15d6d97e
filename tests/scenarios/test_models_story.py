"""A member looks for a model, finds it, mistypes it, or lets Easel choose."""

from tests.scenarios.stage import done

DEFAULT = "AlbedoBase XL (SDXL)"


async def test_models_are_suggested_the_most_served_first(stage):
    choices = await stage.ann.types("/imagine", focused="model", model="")

    assert [choice.value for choice in choices[:3]] == ["stable_diffusion", DEFAULT, "Deliberate"]
    assert choices[0].name == "stable_diffusion · 14 workers"


async def test_any_part_of_the_name_finds_a_model(stage):
    choices = await stage.ann.types("/imagine", focused="model", model="xl SD")

    assert [choice.value for choice in choices] == [DEFAULT, "SDXL 1.0"]


async def test_a_mistyped_name_still_finds_what_is_near_to_it(stage):
    choices = await stage.ann.types("/imagine", focused="model", model="delibrate")

    assert choices[0].value == "Deliberate"


async def test_never_more_are_suggested_than_discord_shows(world):
    for number in range(60):
        world.horde.model(f"painter {number:02}", count=100 - number)

    async with world.playing():
        every = await world.ann.types("/imagine", focused="model", model="")
        last = await world.ann.types("/imagine", focused="model", model="painter 59")

    assert len(every) == 25
    assert [choice.value for choice in last] == ["painter 59"]


async def test_before_the_list_is_known_nothing_is_suggested_and_any_name_is_taken(world):
    world.horde.switch(cold_models=True)

    async with world.playing():
        choices = await world.ann.types("/imagine", focused="model", model="del")
        named = await world.ann.runs("/imagine", prompt="a cat", model="Deliberate")
        await named.until(done)  # two at once may reach the Horde in any order
        open_ = await world.ann.runs("/imagine", prompt="a cat")
        await open_.until(done)

    assert choices == []
    assert [job.payload["models"] for job in world.horde.truth.jobs] == [["Deliberate"], [DEFAULT]]


async def test_an_unknown_model_is_refused_with_names_near_to_it(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat", model="dreamshapper")

    assert card.ephemeral
    assert card.text == r"AI Horde has no model “dreamshapper” now. Near to it\: Dreamshaper."
    assert await stage.nothing_began()


async def test_a_model_that_is_like_nothing_is_refused_with_the_most_used_ones(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --model qqqqqqqqqq")

    assert card.ephemeral
    assert card.shows(f"Much used\\: stable\\_diffusion, {DEFAULT}, Deliberate.")


async def test_capitals_do_not_matter(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat --model DELIBERATE")
    await card.until(done)

    assert stage.horde.truth.jobs[0].payload["models"] == ["Deliberate"]


async def test_without_a_wish_the_usual_model_draws_and_the_card_names_it(stage):
    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)

    assert stage.horde.truth.jobs[0].payload["models"] == [DEFAULT]
    assert shown.shows(f"{DEFAULT} on AI Horde")


async def test_when_nobody_serves_the_usual_model_the_most_served_one_draws(world):
    world.horde.model(DEFAULT, count=0)

    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        shown = await card.until(done)

    assert world.horde.truth.jobs[0].payload["models"] == ["stable_diffusion"]
    assert shown.shows(r"stable\_diffusion on AI Horde")
