"""Messages through the channel's routes: files, Components V2, permissions, fates."""

import io

import discord
import pytest
from discord import ui

from bot.sandbox.discord.rules import DiscordRules
from tests.sandbox.discord.sample_bot import card, picture
from tests.sandbox.discord.test_interactions import refused


def png(name="a.png", **kind):
    return discord.File(io.BytesIO(picture()), name, **kind)


@pytest.fixture
def place(bot, channel):
    """The channel as the bot holds it."""
    return bot.get_partial_messageable(int(channel.id), guild_id=int(channel.guild.id))


@pytest.fixture
def newest(sandbox, channel):
    """The newest card of the channel."""
    return lambda: sandbox.messages(channel)[-1]


async def test_an_edit_keeps_lists_and_drops_files_by_id(place, newest):
    sent = await place.send("two", files=[png("a.png"), png("b.png", description="bee")])

    await sent.edit(attachments=[sent.attachments[1], png("c.png")])

    assert [file.filename for file in newest().attachments] == ["b.png", "c.png"]
    assert newest().attachments[0].description == "bee"
    assert [file.filename for file in newest().latest.uploaded] == ["c.png"]


async def test_an_edit_that_does_not_list_files_keeps_them(place, newest):
    sent = await place.send("one", file=png())

    await sent.edit(content="changed")

    assert [file.filename for file in newest().attachments] == ["a.png"]


async def test_an_empty_list_deletes_every_file(place, newest):
    sent = await place.send("one", file=png())

    await sent.edit(attachments=[])

    assert newest().attachments == []


async def test_a_picture_that_is_not_there_is_refused(place):
    assert await refused(place.send(view=card("x", pictures=("ghost.png",)))) == (400, 50035)


async def test_an_empty_message_is_refused(place):
    assert await refused(place.send("")) == (400, 50006)


async def test_a_file_over_the_limit_is_refused(place, sandbox):
    heavy = discord.File(io.BytesIO(bytes(sandbox.rules.file_bytes_max + 1)), "heavy.bin")

    assert await refused(place.send(file=heavy)) == (413, 40005)


async def test_files_that_are_too_heavy_together_are_refused(place):
    files = [discord.File(io.BytesIO(bytes(9 * 1024 * 1024)), f"{n}.bin") for n in range(3)]

    assert await refused(place.send(files=files)) == (413, 40005)


async def test_components_v2_stay_and_refuse_content(place, newest):
    sent = await place.send(view=card("v2"))

    assert newest().flags & newest().flags.COMPONENTS_V2
    assert await refused(sent.edit(content="plain")) == (400, 50035)


async def test_components_v2_count_nested_parts(place):
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(ui.TextDisplay(str(n)) for n in range(39))))
    view._total_children = 0
    view.add_item(ui.TextDisplay("the 41st"))

    assert await refused(place.send(view=view)) == (400, 50035)


async def test_a_picture_nobody_sees_is_a_violation(place, sandbox, forgiving):
    await place.send(view=card("x"), file=png("lost.png"))

    assert any("lost.png is invisible" in violation for violation in sandbox.violations)


async def test_a_nonce_posts_once(place, sandbox, channel):
    first = await place.send("hello", nonce="job-1")
    second = await place.send("hello", nonce="job-1")

    assert first.id == second.id
    assert len(sandbox.messages(channel)) == 1


async def test_mentions_are_recorded_and_ping_only_who_is_allowed(place, ann, newest):
    text = f"ready, <@{ann.id}>"
    await place.send(text)
    silent = newest().latest
    await place.send(text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ann.id)]))
    loud = newest().latest

    assert silent.allowed_mentions == {"parse": []}
    assert silent.pings == ()
    assert loud.pings == (ann.id,)


async def test_without_access_nothing_can_be_sent(place, sandbox, channel):
    sandbox.revoke(channel, "VIEW_CHANNEL")

    assert await refused(place.send("hello")) == (403, 50001)


async def test_without_the_permission_no_file_can_be_sent(place, sandbox, channel):
    sandbox.revoke(channel, "ATTACH_FILES")

    assert await refused(place.send(file=png())) == (403, 50013)


async def test_a_deleted_message_cannot_be_edited(place, newest, sandbox):
    sent = await place.send("short life")
    sandbox.delete_message(newest())

    assert await refused(sent.edit(content="x")) == (404, 10008)


async def test_a_deleted_channel_takes_no_message(place, sandbox, channel):
    sandbox.delete_channel(channel)

    assert await refused(place.send("hello")) == (404, 10003)


async def test_closed_direct_messages_are_refused(bot, ann):
    ann.user.takes_dms = False
    dm = await bot.create_dm(discord.Object(int(ann.id)))

    assert await refused(dm.send("hello")) == (403, 50007)


async def test_a_reply_needs_its_message(place, newest, sandbox):
    sent = await place.send("first")
    await place.send("second", reference=sent.to_reference())
    replied_to = newest().message.reference["message_id"]
    sandbox.delete_message(sandbox.messages(newest().message.channel)[0])

    assert replied_to == str(sent.id)
    assert await refused(place.send("third", reference=sent.to_reference())) == (404, 10008)


class TestOldMessages:
    @pytest.fixture
    def rules(self):
        return DiscordRules(rate_limits=False)

    async def test_an_old_message_takes_few_edits(self, bot, place, sandbox):
        bot.http.max_ratelimit_timeout = 30.0
        sent = await place.send("old")
        sandbox.clock.advance(3601)

        for number in range(5):
            await sent.edit(content=str(number))

        with pytest.raises(discord.RateLimited):
            await sent.edit(content="one too many")
        assert sandbox.requests[-1].code == 30046
