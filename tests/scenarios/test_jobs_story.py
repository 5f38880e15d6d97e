"""`/jobs`: what became of everything, also where the card is gone."""

import pytest

from tests.scenarios.stage import Stage, done, titled

SHOW, STOP = "See results again…", "Stop one…"


async def held(stage: Stage, **options):
    stage.horde.script.next(held=True)
    options.setdefault("prompt", "a lighthouse")
    card = await stage.ann.runs("/imagine", in_=stage.channel, **options)
    await card.until(titled("In the queue"))
    return card


async def drawn(stage: Stage, **options):
    options.setdefault("prompt", "a lighthouse")
    card = await stage.ann.runs("/imagine", in_=stage.channel, **options)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def undeliverable(stage: Stage, lose, **options):
    """Let a job lose its card while it is drawn."""
    card = await held(stage, **options)
    lose(card)
    stage.horde.finish(stage.horde.truth.jobs[-1].remote_id)
    await stage.until_settled(card)
    return card


def selects(card) -> list[str]:
    return [select["placeholder"] for select in card.latest.selects]


async def test_who_has_asked_for_nothing_is_told_how(stage):
    card = await stage.ann.runs("/jobs", in_=stage.channel)

    assert card.ephemeral
    assert card.shows("try /imagine")
    assert selects(card) == []


async def test_the_newest_jobs_are_listed_with_state_cost_and_link(stage):
    first = await drawn(stage, prompt="a lighthouse")
    second = await held(stage, prompt="a harbour")

    card = await stage.ann.runs("/jobs", in_=stage.channel)

    newest, oldest = card.text.split("\n**")[1:]
    assert newest.startswith("In the queue**")
    assert f"/{stage.guild.id}/{stage.channel.id}/{second.id})" in newest
    assert "about 5 credits" in newest
    assert "a harbour" in newest
    assert oldest.startswith("Done**")
    assert f"/{first.id})" in oldest


async def test_pictures_can_be_seen_again_by_their_owner_alone(stage):
    original = await drawn(stage, count=2)
    listed = await stage.ann.runs("/jobs", in_=stage.channel)

    again = await stage.ann.picks(SHOW, "a lighthouse", on=listed)
    shown = await again.until(lambda version: version.attachments)

    assert again.ephemeral
    assert [file.data for file in shown.attachments] == [file.data for file in original.attachments]
    assert stage.edits(original) == original.versions[-1].number


async def test_other_peoples_jobs_are_not_listed(stage):
    await drawn(stage)

    card = await stage.bob.runs("/jobs", in_=stage.channel)

    assert card.shows("try /imagine")


async def test_a_working_job_is_stopped_from_the_list(stage):
    working = await held(stage)
    listed = await stage.ann.runs("/jobs", in_=stage.channel)

    await stage.ann.picks(STOP, "a lighthouse", on=listed)
    await working.until(titled("Cancelled"))
    await stage.until_settled(working)

    assert await stage.credits(stage.ann) == 1000
    assert selects(listed) == []


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda stage: stage.discord.delete_message, id="deleted message"),
        pytest.param(
            lambda stage: lambda _card: stage.discord.delete_channel(stage.channel),
            id="deleted channel",
        ),
    ],
)
async def test_what_lost_its_card_can_still_be_seen(stage, lose):
    quiet = stage.guild.channel("quiet")

    lost = await undeliverable(stage, lose(stage), count=2)
    job = await stage.job(lost)
    listed = await stage.ann.runs("/jobs", in_=quiet)
    again = await stage.ann.picks(SHOW, "a lighthouse", on=listed)
    shown = await again.until(lambda version: version.attachments)

    assert job.failure.kind == "undeliverable"
    assert listed.shows("Could not be posted")
    assert listed.shows("10 credits returned")
    assert not listed.shows("to the card")
    assert len(shown.attachments) == 2
    assert await stage.credits(stage.ann) == 1000


async def test_a_card_that_cannot_be_written_to_is_no_loss_of_pictures(stage):
    quiet = stage.guild.channel("quiet")
    card = await held(stage)
    await stage.time_passes(15 * 60)  # later edits are the bot's own, which takes permission
    stage.discord.revoke(stage.channel, "VIEW_CHANNEL")

    stage.horde.finish(stage.horde.truth.jobs[-1].remote_id)
    await stage.until_settled(card)
    listed = await stage.ann.runs("/jobs", in_=quiet)

    assert listed.shows("I may no longer write in the channel of this job.")
    assert selects(listed) == [SHOW]


async def test_nothing_is_posted_for_a_job_whose_card_was_lost(stage):
    await undeliverable(stage, stage.discord.delete_message)
    asked = [r for r in stage.discord.requests if r.method in {"PATCH", "POST"}]

    assert stage.discord.messages(stage.channel) == []
    assert [request.status for request in asked].count(404) == 1


async def test_pictures_go_when_their_time_is_over(stage):
    await drawn(stage)
    listed = await stage.ann.runs("/jobs", in_=stage.channel)
    await stage.time_passes(stage.settings.result_retention_h * 3600 + 60)
    await stage.service.recovery.sweep()

    answer = await stage.ann.picks(SHOW, "a lighthouse", on=listed)
    await answer.until(lambda version: version.shows("not kept any more"))

    later = await stage.ann.runs("/jobs", in_=stage.channel)
    assert later.shows("Done")
    assert selects(later) == []


async def test_adult_pictures_stay_where_adults_are(stage):
    adult = stage.guild.channel("adults", nsfw=True)
    card = await stage.ann.runs("/imagine", in_=adult, prompt="a lighthouse", nsfw=True)
    await card.until(done)
    await stage.until_settled(card)
    listed = await stage.ann.runs("/jobs", in_=stage.channel)

    answer = await stage.ann.picks(SHOW, "a lighthouse", on=listed)

    assert answer.shows("age-restricted channels")
    assert answer.attachments == []


async def test_the_selects_go_on_working_after_a_restart(world):
    async with world.playing():
        await drawn(world)
        listed = await world.ann.runs("/jobs", in_=world.channel)

    async with world.playing():
        again = await world.ann.picks(SHOW, "a lighthouse", on=listed)
        shown = await again.until(lambda version: version.attachments)

    assert len(shown.attachments) == 1
