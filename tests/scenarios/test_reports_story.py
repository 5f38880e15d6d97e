"""A member reports what is wrong; those who look after the place see it and handle it."""

import pytest

from bot.domain.audit_trail import Deed
from bot.domain.errors import NotAllowed
from tests.scenarios.stage import done, until

WORDS = "This picture shows my neighbour, and nobody asked him."


@pytest.fixture
async def moderators(stage):
    """A channel for reports, named by the server's admin."""
    channel = stage.guild.channel("moderators")
    await stage.chief.runs("/admin rules set", reports=channel)
    return channel


async def reports(stage, person, *, words=WORDS, in_=None, **values):
    form = await person.runs("/report", in_=in_ or stage.channel)
    answer = await person.submits(form, words=words, **values)
    await answer.until(lambda version: not version.is_loading)
    return answer


async def posted(stage, channel, count=1):
    await until(lambda: len(stage.discord.messages(channel)) >= count)
    return stage.discord.messages(channel)


async def draws(stage):
    card = await stage.bob.runs("/imagine", in_=stage.channel, prompt="my neighbour")
    await card.until(done)
    await stage.until_settled(card)
    return card


async def test_a_report_goes_to_the_channel_that_the_server_named(stage, moderators):
    answer = await reports(stage, stage.ann)

    [message] = await posted(stage, moderators)
    assert answer.ephemeral
    assert answer.shows("Your report is kept until somebody has handled it.")
    assert message.shows(WORDS)
    assert message.shows(f"by <@{stage.ann.id}>")
    assert [button.label for button in message.buttons] == ["Handled"]


async def test_a_card_is_reported_from_its_menu_and_leads_to_it(stage, moderators):
    card = await draws(stage)

    form = await stage.ann.uses("Report", on=card)
    answer = await stage.ann.submits(form, words=WORDS)
    await answer.until(lambda version: version.shows("is kept"))

    [message] = await posted(stage, moderators)
    job = await stage.job(card)
    assert list(form.fields) == ["words"]
    assert message.shows("my neighbour")
    assert message.shows(f"asked for by <@{stage.bob.id}>")
    assert message.shows(f"job {job.id}")
    assert f"/{stage.guild.id}/{stage.channel.id}/{card.id})" in message.text


async def test_a_card_may_be_named_by_its_link(stage, moderators):
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/4711"

    await reports(stage, stage.ann, link=link)

    [message] = await posted(stage, moderators)
    assert f"[to the message]({link})" in message.text


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://evil.example/channels/1/2/3", "the second one"]
)
async def test_what_is_no_link_is_refused_and_not_kept(stage, moderators, link):
    answer = await reports(stage, stage.ann, link=link)

    assert answer.shows("That does not look like the link of a message")
    assert stage.discord.messages(moderators) == []


async def test_a_message_of_somebody_else_is_not_ours_to_judge(stage, moderators):
    message = await stage.bob.says("hello", in_=stage.channel)

    answer = await stage.ann.uses("Report", on=message)

    assert answer.ephemeral
    assert answer.shows("That message is not mine.")


async def test_words_of_a_report_neither_mention_nor_link_nor_format(stage, moderators):
    await reports(stage, stage.ann, words="@everyone <@1> ``` **bold** https://evil.example")

    [message] = await posted(stage, moderators)
    [code_block] = [part for part in message.text.split("```") if "everyone" in part]
    assert "https://evil.example" in code_block


async def test_a_moderator_handles_it_and_everybody_there_sees_who(stage, moderators):
    await reports(stage, stage.ann)
    [message] = await posted(stage, moderators)

    await stage.mod.clicks("Handled", on=message)

    assert message.shows(f"Handled by <@{stage.mod.id}>")
    assert message.buttons == []
    assert (await stage.chief.runs("/admin reports")).shows("Nothing waits.")
    assert (await stage.chief.runs("/admin audit")).shows("handled a report")


async def test_who_may_not_manage_messages_cannot_handle_it(stage, moderators):
    await reports(stage, stage.ann)
    [message] = await posted(stage, moderators)

    answer = await stage.bob.clicks("Handled", on=message)

    assert answer.shows("Only members who may manage messages here can do that.")
    assert message.buttons


async def test_too_many_reports_in_an_hour_have_to_wait(stage, moderators):
    for _ in range(3):
        await reports(stage, stage.ann)

    refused = await reports(stage, stage.ann)
    other = await reports(stage, stage.bob)

    assert refused.shows("You have reported a lot in a short time")
    assert refused.shows("Next try <t:")
    assert other.shows("is kept")
    await posted(stage, moderators, 4)


async def test_without_a_channel_it_is_kept_and_admins_can_see_and_handle_it(stage):
    answer = await reports(stage, stage.ann)

    listed = await stage.chief.runs("/admin reports")
    assert answer.shows("is kept")
    assert listed.ephemeral
    assert listed.shows(WORDS)
    await stage.chief.clicks("Handled", on=listed)
    assert listed.shows("Nothing waits.")


async def test_a_report_is_not_lost_with_its_channel(stage, moderators):
    stage.discord.delete_channel(moderators)
    await reports(stage, stage.ann)
    assert (await stage.chief.runs("/admin reports")).shows(WORDS)

    new = stage.guild.channel("new moderators")
    await stage.chief.runs("/admin rules set", reports=new)
    await stage.service.bot.services.care.reports.look()

    [message] = stage.discord.messages(new)
    assert message.shows(WORDS)


async def test_while_discord_is_away_it_waits_and_is_posted_once(stage, moderators):
    stage.discord.faults.add("POST", "/channels/*/messages", status=503, times=1)
    await reports(stage, stage.ann)
    await until(lambda: stage.discord.requests[-1].status == 503)

    for _ in range(2):
        await stage.service.bot.services.care.reports.look()

    assert len(stage.discord.messages(moderators)) == 1


async def test_a_report_outlives_a_restart(world):
    async with world.playing():
        await reports(world, world.ann)
        channel = world.guild.channel("moderators")
        await world.chief.runs("/admin rules set", reports=channel)

    async with world.playing():
        [message] = await posted(world, channel)
        await world.mod.clicks("Handled", on=message)
        assert message.shows("Handled by")


class TestOperatorsChannel:
    @pytest.fixture
    async def desk(self, world):
        """The operator's own server, with a channel for reports."""
        house = world.discord.guild(name="Operators")
        channel = house.channel("reports")
        world.environment["EASEL_REPORT_CHANNEL"] = channel.id
        world.operator = house.member("Olga", manage_messages=True)
        return channel

    @pytest.fixture
    async def stage(self, world, desk):
        async with world.playing():
            yield world

    async def test_what_no_server_takes_goes_to_the_operator(self, stage, desk):
        await reports(stage, stage.ann)
        await reports(stage, stage.bob, in_=stage.bob.dm, words="In private, too, it goes wrong.")

        first, second = await posted(stage, desk, 2)

        assert first.shows(WORDS)
        assert second.shows("in a direct message")
        await stage.operator.clicks("Handled", on=second)
        assert second.shows("Handled by")

    async def test_a_servers_own_channel_goes_first_and_the_operators_is_there_when_it_is_gone(
        self, stage, desk
    ):
        own = stage.guild.channel("moderators")
        await stage.chief.runs("/admin rules set", reports=own)
        await reports(stage, stage.ann)
        await posted(stage, own)
        stage.discord.delete_channel(own)
        await reports(stage, stage.bob)

        [message] = await posted(stage, desk)

        assert message.shows(f"by <@{stage.bob.id}>")

    async def test_moderators_of_another_server_cannot_handle_it(self, stage, desk):
        await reports(stage, stage.ann)
        [message] = await posted(stage, desk)
        report = message.buttons[0].custom_id.rpartition(":")[2]
        with pytest.raises(NotAllowed):
            await stage.service.bot.services.care.reports.handle(
                report, deed=Deed(id="1", by=1, guild_id=4711), channel_id=4712
            )
