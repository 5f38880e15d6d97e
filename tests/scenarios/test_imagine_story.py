"""A member asks for pictures and gets them."""

from bot.media.metadata import read_parameters
from tests.media.sample_pictures import coded_pixels
from tests.scenarios.stage import done, titled


async def test_a_picture_arrives_and_costs_what_was_said(stage):
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a lighthouse at dusk")
    shown = await card.until(done)
    await stage.until_settled(card)

    job = await stage.job(card)
    assert len(shown.attachments) == 1
    assert shown.attachments[0].description == "a lighthouse at dusk"
    assert job.charged == job.price
    assert await stage.credits(stage.ann) == 1000 - job.price / 1_000_000
    assert await stage.moves(card) == [
        "accepted",
        "submitting",
        "running",
        "collected",
        "delivered",
        "done",
    ]


async def test_it_is_one_message_from_the_first_answer_to_the_picture(stage):
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat")
    await card.until(done)

    assert [message.id for message in stage.discord.messages(stage.channel)] == [card.id]
    assert card.versions[0].shows("### On its way")
    assert card.versions[-1].shows("### Done")


async def test_four_pictures_fill_the_card_as_they_arrive(stage):
    stage.horde.script.next(queue_s=1, seconds_per_picture=15)

    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat", count=4)
    await card.until(lambda version: version.shows("Drawing") and len(version.attachments) >= 1)
    shown = await card.until(done)

    assert len(shown.attachments) == 4
    assert len({attachment.filename for attachment in shown.attachments}) == 4


async def test_a_member_sees_the_queue_the_estimate_and_the_price(stage):
    stage.horde.script.next(queue_s=40, seconds_per_picture=10)

    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat")
    queued = await card.until(titled("In the queue"))
    drawing = await card.until(titled("Drawing"))

    assert queued.shows("credits")
    assert queued.shows("you have 1,000")
    assert drawing.shows("<t:")  # since when, or until when
    await card.until(done)


async def test_the_pixels_are_posted_as_the_provider_coded_them(stage):
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat")
    shown = await card.until(done)

    assert coded_pixels(shown.attachments[0].data) == coded_pixels(await drawn(stage))


async def test_every_file_says_how_it_was_made(stage):
    card = await stage.ann.runs(
        "/imagine",
        in_=stage.channel,
        prompt="a cat --no fog --sampler k_euler --variation 3",
        count=2,
    )
    shown = await card.until(done)

    seeds = {
        coded_pixels(await stage.horde.picture(picture.picture_id)): picture.seed
        for picture in stage.horde.truth.jobs[0].delivered
    }
    assert len(set(seeds.values())) == 2
    for attachment in shown.attachments:
        prompt, negative, facts = read_parameters(attachment.data).splitlines()
        assert (prompt, negative) == ("a cat", "Negative prompt: fog")
        assert "Sampler: Euler, " in facts
        assert f"Seed: {seeds[coded_pixels(attachment.data)]}, " in facts


async def test_a_private_file_is_the_provider_s_byte_for_byte(stage):
    by_option = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat", private=True)
    shown = await by_option.until(done)
    assert shown.attachments[0].data == await drawn(stage)

    in_the_prompt = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat --private")
    shown = await in_the_prompt.until(done)
    assert shown.attachments[0].data == await drawn(stage, job=1)


async def test_a_private_request_stays_private_when_it_is_made_again(stage):
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat", private=True)
    await card.until(done)
    await stage.until_settled(card)

    again = await stage.ann.clicks("Again", on=card)
    shown = await again.until(done)

    assert read_parameters(shown.attachments[0].data) is None


async def drawn(stage, *, job=0):
    """Return the first picture of a job as the provider gave it out."""
    picture = stage.horde.truth.jobs[job].delivered[0]
    return await stage.horde.picture(picture.picture_id)
