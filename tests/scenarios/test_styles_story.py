"""Styles: looked through, searched, and used for a picture."""

import pytest

from tests.scenarios.stage import Stage, done, titled, until, until_sent

INK = "stylemaker#7::style::ink wash"


async def shelved(stage: Stage, count: int = 1) -> None:
    """Wait until the service has read styles."""
    shelf = stage.service.bot.services.styles
    await until(lambda: len(shelf.found("", may_be_adult=True)) >= count)


@pytest.fixture
async def browsing(stage):
    await shelved(stage)
    return stage


async def test_styles_are_shown_with_what_they_set_and_who_made_them(browsing):
    card = await browsing.ann.runs("/styles", in_=browsing.channel)

    assert card.ephemeral
    for words in (
        "ink wash",
        "stylemaker",
        "AlbedoBase XL",
        "768 × 768",
        "20 steps",
        "412 times",
    ):
        assert words in card.text
    assert "after dark" not in card.text  # for adults, and this channel is for all


async def test_adult_styles_are_shown_where_adults_are(browsing):
    channel = browsing.guild.channel("after-dark", nsfw=True)

    card = await browsing.ann.runs("/styles", search="candle", in_=channel)

    assert "after dark" in card.text
    assert "for adults" in card.text


async def test_pages_are_turned_on_the_same_message(world):
    for number in range(12):
        world.horde.style(f"numbered {number}", use_count=number)
    async with world.playing():
        await shelved(world, 16)
        card = await world.ann.runs("/styles", search="numbered", in_=world.channel)
        await world.ann.clicks("More", on=card)
        second = await card.until(lambda version: version.shows("page 2 of 3"))
        await world.ann.clicks("Back", on=card)
        first = await card.until(lambda version: version.shows("page 1 of 3"))

    assert "numbered 6" in second.text
    assert "numbered 11" in first.text
    assert [button.label for button in first.buttons] == ["More"]


async def test_a_style_that_is_not_listed_is_looked_up_by_its_whole_name(browsing):
    browsing.horde.style("secret garden", creator="ann#5", public=False, info="ferns")

    unknown = await browsing.ann.runs("/styles", search="nothing like this")
    await unknown.until(lambda version: version.shows("I know no style like that"))
    card = await browsing.ann.runs("/styles", search="secret garden")
    await card.until(lambda version: version.shows("ferns"))
    used = await browsing.ann.runs("/imagine", prompt="a cat", style="secret garden")
    await used.until(done)

    assert browsing.horde.truth.jobs[0].payload["style"] == "ann#5::style::secret garden"


async def test_a_style_is_a_whole_preset_and_costs_what_was_said(browsing):
    found = await browsing.ann.types("/imagine", focused="style", style="ink", prompt="x")
    card = await browsing.ann.runs(
        "/imagine", prompt="a cat", style=found[0].value, negative="dogs", in_=browsing.channel
    )
    shown = await card.until(done)
    await browsing.until_settled(card)

    wish = browsing.horde.truth.jobs[0].wish
    assert [choice.value for choice in found] == [INK]
    assert wish.prompt.startswith("a cat, ink wash painting")
    assert "dogs" in wish.prompt
    assert (wish.width, wish.height, wish.steps) == (768, 768, 20)
    assert "style ink wash" in shown.text
    job = await browsing.job(card)
    assert job.charged == job.price


async def test_a_style_may_stand_behind_the_prompt(browsing):
    card = await browsing.ann.runs("/imagine", prompt='a cat --style "ink wash" --steps 50')
    shown = await card.until(done)

    assert browsing.horde.truth.jobs[0].wish.steps == 20
    assert "The style decides these, not you" in shown.text


async def test_a_style_nobody_knows_is_refused_with_what_is_near(browsing):
    answer = await browsing.ann.runs("/imagine", prompt="a cat", style="ink wish")

    assert answer.ephemeral
    assert "Near to it\\: ink wash" in answer.text
    assert await browsing.nothing_began()


async def test_a_style_for_adults_is_refused_unless_it_is_asked_for_as_such(browsing):
    channel = browsing.guild.channel("after-dark", nsfw=True)

    refused = await browsing.ann.runs("/imagine", prompt="a cat", style="after dark", in_=channel)
    card = await browsing.ann.runs(
        "/imagine", prompt="a cat", style="after dark", nsfw=True, in_=channel
    )
    await card.until(done)

    assert "is for adults" in refused.text
    assert len(browsing.horde.truth.jobs) == 1


async def test_a_styled_picture_that_fails_costs_nothing_and_can_be_tried_again(browsing):
    browsing.horde.script.next(outcome="faulted")
    card = await browsing.ann.runs("/imagine", prompt="a cat", style="ink wash")
    await card.until(titled("That did not work"))
    await browsing.until_settled(card)

    again = await browsing.ann.clicks("Try again", on=card)
    shown = await again.until(done)

    assert (await browsing.job(card)).charged == 0
    assert "not you" not in shown.text  # nothing of the member's is left out the second time
    assert [job.payload["style"] for job in browsing.horde.truth.jobs] == [INK, INK]


async def test_a_styled_picture_survives_a_restart(world):
    async with world.playing():
        await shelved(world)
        world.horde.script.next(held=True)
        card = await world.ann.runs("/imagine", prompt="a cat", style="ink wash")
        await until_sent(world, 1)
    world.horde.finish(world.horde.truth.jobs[0].remote_id)

    async with world.playing():
        await card.until(done)
        await world.until_settled(card)
        assert len(world.horde.truth.jobs) == 1
        assert await world.audit() == ()
