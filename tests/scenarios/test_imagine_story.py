"""A member asks for pictures and gets them."""

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
    assert drawing.shows("0 of 1")
    await card.until(done)


async def test_the_original_bytes_are_posted_untouched(stage):
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat")
    shown = await card.until(done)

    picture = stage.horde.truth.jobs[0].delivered[0]
    assert shown.attachments[0].data == await stage.horde.picture(picture.picture_id)
