"""Commands per scope, entitlements, direct messages, and the quieter channel routes."""

import discord
import pytest
from discord import app_commands

from bot.sandbox.discord.refusals import Impossible
from tests.sandbox.discord.test_interactions import refused


def purchase(sandbox, user_id, **changes):
    """Note a purchase and return it."""
    entitlement = {
        "id": sandbox.world.bot.id[:-1] + "7",
        "sku_id": sandbox.world.owner.id,
        "application_id": sandbox.application_id,
        "user_id": user_id,
        "deleted": False,
        "starts_at": None,
        "ends_at": None,
        "type": 8,
        "consumed": False,
    } | changes
    sandbox.world.entitlements.append(entitlement)
    return entitlement


async def test_a_second_sync_keeps_the_ids(bot):
    first = await bot.tree.fetch_commands()
    second = await bot.tree.sync()

    assert {command.name: command.id for command in first} == {
        command.name: command.id for command in second
    }


async def test_a_guilds_own_command_is_offered_there_only(bot, sandbox, guild, ann):
    @app_commands.command(name="local", description="Here only")
    async def local(interaction):
        await interaction.response.send_message("here")

    bot.tree.add_command(local, guild=discord.Object(int(guild.id)))
    await bot.tree.sync(guild=discord.Object(int(guild.id)))
    elsewhere = sandbox.guild("Elsewhere")
    elsewhere.channel("talk")

    answer = await ann.runs("/local")

    assert answer.text == "here"
    with pytest.raises(Impossible, match="not synced"):
        await elsewhere.member("Bob").runs("/local")


async def test_a_purchase_rides_on_interactions_and_is_consumed_once(bot, ann, sandbox):
    purchase(sandbox, ann.id)
    await ann.runs("/hand")
    entitlement = bot.heard[-1].entitlements[0]
    listed = [e async for e in bot.entitlements(user=discord.Object(int(ann.id)))]

    await entitlement.consume()

    assert [e.id for e in listed] == [entitlement.id]
    assert sandbox.world.entitlements[0]["consumed"]
    assert await refused(entitlement.consume()) == (400, 40018)


async def test_an_unknown_purchase_cannot_be_consumed(bot, ann, sandbox):
    purchase(sandbox, ann.id)
    await ann.runs("/hand")
    sandbox.world.entitlements.clear()

    assert await refused(bot.heard[-1].entitlements[0].consume()) == (404, 10029)


async def test_direct_messages_reach_their_person(bot, ann):
    dm = await bot.create_dm(discord.Object(int(ann.id)))
    await dm.send("for you")

    card = await ann.sees("for you", in_=ann.dm)

    assert card.message.channel is ann.dm


async def test_an_archived_thread_takes_a_new_message_but_no_edit(bot, channel):
    place = bot.get_partial_messageable(int(channel.id))
    sent = await place.send("one")
    channel.archived = True

    assert await refused(sent.edit(content="two")) == (400, 50083)
    await place.send("three")
    assert not channel.archived


@pytest.mark.parametrize("is_locked", [False, True])
async def test_an_archived_thread_can_be_opened_unless_it_is_locked(bot, channel, is_locked):
    channel.archived, channel.locked = True, is_locked

    opening = bot.http.edit_channel(int(channel.id), archived=False)
    if is_locked:
        assert await refused(opening) == (403, 50013)
        assert await refused(bot.get_partial_messageable(int(channel.id)).send("one")) == (
            400,
            50083,
        )
    else:
        await opening

    assert channel.archived is is_locked


async def test_history_is_newest_first_and_without_secrets(bot, ann, sandbox, channel):
    sandbox.world.channels[channel.id].guild.bot_permissions |= 1 << 16
    await ann.runs("/hidden")
    await ann.says("hello")
    place = await bot.fetch_channel(int(channel.id))
    await place.send("hi")
    await place.typing()

    assert [message.content async for message in place.history(limit=5)] == ["hi", "hello"]


async def test_only_own_messages_can_be_edited_or_deleted(bot, ann, channel):
    said = await ann.says("mine")
    place = bot.get_partial_messageable(int(channel.id))
    message = place.get_partial_message(int(said.id))

    assert await refused(message.edit(content="x")) == (403, 50005)
    assert await refused(message.delete()) == (403, 50013)


async def test_the_bot_deletes_its_own_message(bot, channel, ann):
    place = bot.get_partial_messageable(int(channel.id))
    sent = await place.send("soon gone")
    card = await ann.sees("soon gone")

    await sent.delete()

    await card.until_deleted()
    assert card.render() == "(deleted)"


async def test_a_server_is_shown_to_a_bot_that_is_in_it(bot, sandbox, guild):
    found = await bot.fetch_guild(int(guild.id), with_counts=False)

    assert found.name == guild.name


async def test_a_server_without_the_bot_is_not_shown(bot, sandbox, guild):
    sandbox.remove_bot(guild)

    with pytest.raises(discord.Forbidden, match="50001"):
        await bot.fetch_guild(int(guild.id), with_counts=False)
    with pytest.raises(discord.NotFound, match="10004"):
        await bot.fetch_guild(4711, with_counts=False)
