"""A member asks for what is not for everybody, or gets less than that from the provider's filter."""

import pytest

from tests.scenarios.stage import done, titled

ELSEWHERE = "Pictures for adults can only be asked for in age-restricted channels."


@pytest.fixture
def cellar(stage):
    """A channel with Discord's age label."""
    return stage.guild.channel("cellar", nsfw=True)


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "a cat", "nsfw": True},
        {"prompt": "a cat --nsfw"},
        {"prompt": "a cat --no-censor"},
    ],
    ids=["by option", "by parameter", "by lifting the filter"],
)
async def test_adult_content_is_refused_where_everybody_may_look(stage, asked):
    card = await stage.ann.runs("/imagine", **asked)

    assert card.ephemeral
    assert card.text == ELSEWHERE
    assert await stage.nothing_began()


async def test_it_is_refused_in_direct_messages_too(stage):
    card = await stage.ann.runs("/imagine", in_=stage.ann.dm, prompt="a cat --nsfw")

    assert card.text == ELSEWHERE
    assert await stage.nothing_began()


async def test_in_an_age_restricted_channel_it_is_passed_on(stage, cellar):
    card = await stage.ann.runs("/imagine", in_=cellar, prompt="a cat --no-censor", nsfw=True)
    await card.until(done)

    sent = stage.horde.truth.jobs[0].payload
    assert (sent["nsfw"], sent["censor_nsfw"]) == (True, False)


async def test_without_a_word_everything_is_asked_for_harmless(stage, cellar):
    for channel in (stage.channel, cellar):
        card = await stage.ann.runs("/imagine", in_=channel, prompt="a cat")
        await card.until(done)

    flags = [(job.payload["nsfw"], job.payload["censor_nsfw"]) for job in stage.horde.truth.jobs]
    assert flags == [(False, True)] * 2


async def test_a_channel_that_loses_its_label_takes_no_again(stage, cellar):
    card = await stage.ann.runs("/imagine", in_=cellar, prompt="a cat", nsfw=True)
    await card.until(done)
    await stage.until_settled(card)
    cellar.nsfw = False
    stage.discord.restore(
        cellar, "ATTACH_FILES"
    )  # changes nothing, but tells the bot of the channel

    again = await stage.ann.clicks("Again", on=card)

    assert again.ephemeral
    assert again.text == ELSEWHERE
    assert len(stage.horde.truth.jobs) == 1


async def test_when_every_picture_is_withheld_nothing_is_charged(stage):
    stage.horde.script.next(outcome="censored")

    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    shown = await card.until(titled("That did not work"))
    await stage.until_settled(card)

    assert shown.attachments == []
    assert shown.shows("The provider's content filter withheld everything.")
    assert not shown.shows("2 pictures withheld")
    assert shown.shows("10 credits returned")
    assert await stage.credits(stage.ann) == 1000


async def test_when_one_of_two_is_withheld_the_other_is_paid_for(stage):
    stage.horde.script.next(outcome="partly_censored")

    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert len(shown.attachments) == 1
    assert shown.shows("1 of 2 arrived; 5 credits returned.")
    assert shown.shows("1 picture withheld by the provider's content filter.")
    assert await stage.credits(stage.ann) == 995


async def test_a_picture_that_the_provider_flags_is_posted_behind_a_spoiler(stage):
    stage.horde.script.next(metadata=(("censorship", "nsfw"),))

    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)

    assert [file.spoiler for file in shown.attachments] == [True]


async def test_a_withheld_picture_is_never_posted(stage):
    stage.horde.script.next(outcome="partly_censored")

    card = await stage.ann.runs("/imagine", prompt="a cat", count=2)
    await card.until(done)

    [job] = stage.horde.truth.jobs
    placeholder = next(picture for picture in job.pictures if picture.censored)
    hidden = await stage.horde.picture(placeholder.picture_id)
    posted = [file.data for version in card.versions for file in version.attachments]
    assert hidden not in posted
