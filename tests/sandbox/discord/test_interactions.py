"""Deadlines, order and codes of answers to interactions."""

import asyncio

import aiohttp
import discord
import pytest

from bot.sandbox.discord.cards import NeverHappened
from bot.sandbox.discord.refusals import Impossible
from bot.sandbox.discord.rules import DiscordRules
from tests.sandbox.discord.conftest import running
from tests.sandbox.discord.sample_bot import SampleBot, card


def private(text):
    return lambda interaction: interaction.response.send_message(text, ephemeral=True)


async def refused(call) -> tuple[int, int]:
    """Return status and code of the error that a call of the library ends in."""
    with pytest.raises(discord.HTTPException) as caught:
        await call
    return caught.value.status, caught.value.code


async def started(bot, ann):
    """Run /hand, deferred, and return card and interaction."""
    made = await ann.runs("/hand")
    return made, bot.heard[-1]


async def test_an_answer_after_three_seconds_comes_too_late(bot, ann, sandbox):
    late, missed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def answer(interaction):
        await late.wait()
        missed.set_result(await refused(interaction.response.defer()))

    bot.act = answer
    heard = asyncio.ensure_future(bot.wait_for("interaction"))
    unanswered = asyncio.create_task(ann.runs("/hand"))
    await heard

    sandbox.clock.advance(3.1)
    with pytest.raises(NeverHappened, match="no answer within 3"):
        await unanswered
    late.set()

    assert await missed == (404, 10062)


async def test_a_second_answer_is_refused(bot, ann):
    _, interaction = await started(bot, ann)
    interaction.response._response_type = None

    assert await refused(interaction.response.defer()) == (400, 40060)


def by_hand(sandbox, *bodies):
    """Answer an interaction without the library."""

    async def answer(interaction):
        url = f"{sandbox.api_url}/interactions/{interaction.id}/{interaction.token}/callback"
        async with aiohttp.ClientSession() as http:
            for body in bodies:
                async with http.post(url, json=body):
                    pass

    return answer


async def test_only_answers_that_fit_the_question_are_taken(bot, ann, sandbox):
    bot.act = by_hand(sandbox, {"type": 6}, {"type": 8, "data": {"choices": []}}, {"type": 5})

    await ann.runs("/hand")
    tries = await sandbox.until_requested("POST", "/interactions/*/callback", times=3)

    assert [request.code for request in tries] == [50035, 50035, None]


async def test_a_deferred_answer_takes_no_flag_but_ephemeral(bot, ann, sandbox, forgiving):
    bot.act = by_hand(sandbox, {"type": 5, "data": {"flags": 1 << 15}})

    await ann.runs("/hand")

    assert any("no flag but EPHEMERAL" in violation for violation in sandbox.violations)


async def test_a_token_opens_nothing_before_the_first_answer(bot, ann):
    seen = asyncio.get_running_loop().create_future()

    async def answer(interaction):
        seen.set_result(await refused(interaction.edit_original_response(content="early")))
        await interaction.response.defer()

    bot.act = answer
    await ann.runs("/hand")

    assert await seen == (404, 10015)


async def test_a_token_dies_after_fifteen_minutes(bot, ann, sandbox):
    _, interaction = await started(bot, ann)

    sandbox.clock.advance(15 * 60 + 1)

    assert await refused(interaction.edit_original_response(content="late")) == (401, 50027)
    assert await refused(interaction.followup.send("late")) == (401, 50027)


async def test_the_bot_edits_its_card_by_channel_once_the_token_is_dead(bot, ann, sandbox, channel):
    made, _ = await started(bot, ann)
    sandbox.clock.advance(15 * 60 + 1)

    message = bot.get_partial_messageable(int(channel.id)).get_partial_message(int(made.id))
    await message.edit(view=card("still here"))

    assert made.text == "still here"
    assert [version.via for version in made.versions] == ["callback", "channel"]


async def test_a_deferred_answer_thinks_until_its_first_edit(bot, ann):
    made, interaction = await started(bot, ann)
    thinking = made.latest.is_loading

    await interaction.edit_original_response(view=card("ready"))

    assert thinking
    assert not made.latest.is_loading
    assert made.flags & made.flags.COMPONENTS_V2


async def test_the_first_follow_up_fills_the_thinking_message_and_stays_public(bot, ann):
    made, interaction = await started(bot, ann)

    first = await interaction.followup.send("one", ephemeral=True, wait=True)
    second = await interaction.followup.send("two", ephemeral=True, wait=True)

    assert (made.text, made.ephemeral) == ("one", False)
    assert first.id == int(made.id)
    assert second.flags.ephemeral


async def test_the_ack_names_the_message_it_made(bot, ann):
    answers = []

    async def answer(interaction):
        answers.append(await interaction.response.defer(thinking=True, ephemeral=True))

    bot.act = answer
    made = await ann.runs("/hand")

    assert answers[0].message_id == int(made.id)
    assert answers[0].is_thinking()
    assert answers[0].is_ephemeral()


async def test_an_ephemeral_message_has_no_channel_address(bot, ann, channel):
    bot.act = private("psst")
    made = await ann.runs("/hand")
    message = bot.get_partial_messageable(int(channel.id)).get_partial_message(int(made.id))

    assert await refused(message.edit(content="x")) == (404, 10008)


async def test_of_two_deliveries_one_answer_counts(bot, ann, sandbox):
    sandbox.deliver(twice=True)

    await ann.runs("/draw", prompt="a cat")

    assert (await bot.errors.get()).code == 40060


async def test_two_processes_hear_everything_and_one_wins(bot, ann, sandbox):
    twin = SampleBot(sync=False)
    sandbox.clock.advance(6)
    async with running(sandbox, twin):
        await sandbox.until_ready(sessions=2)
        twin.errors = bot.errors
        await ann.runs("/hand")

        assert (await bot.errors.get()).code == 40060
        assert (len(bot.heard), len(twin.heard)) == (1, 1)


async def test_a_lost_interaction_reaches_nobody(bot, ann, sandbox):
    sandbox.deliver(lose=True)
    lost = asyncio.create_task(ann.runs("/hand"))
    await asyncio.sleep(0)

    sandbox.clock.advance(3)

    with pytest.raises(NeverHappened):
        await lost
    assert bot.heard == []


async def test_a_late_delivery_eats_the_time_to_answer(bot, ann, sandbox):
    sandbox.deliver(delay_s=2.9)
    late = asyncio.create_task(ann.runs("/hand"))
    await asyncio.sleep(0)

    sandbox.clock.advance(2.9)

    assert (await late).ack_s >= 2.9


async def test_a_user_install_gets_five_follow_ups(bot, sandbox):
    elsewhere = sandbox.guild("Elsewhere", has_bot=False)
    elsewhere.channel("talk")
    bob = elsewhere.member("Bob")
    await bob.runs("/hand")
    interaction = bot.heard[-1]
    await interaction.edit_original_response(content="done")

    for number in range(5):
        await interaction.followup.send(str(number), wait=True)
        sandbox.clock.advance(2)

    assert await refused(interaction.followup.send("six")) == (400, 40094)


async def test_direct_messages_carry_a_user_and_no_guild(bot, ann):
    made = await ann.runs("/hand", in_=ann.dm)

    interaction = bot.heard[-1]
    assert interaction.guild_id is None
    assert interaction.user.id == int(ann.id)
    assert made.message.channel is ann.dm


async def test_an_interaction_tells_rights_languages_and_limits(bot, sandbox, guild, channel):
    zoe = guild.member("Zoë", locale="de", manage_messages=True)
    sandbox.revoke(channel, "ATTACH_FILES")

    await zoe.runs("/hand")

    heard = bot.heard[-1]
    assert heard.locale is discord.Locale.german
    assert heard.guild_locale is discord.Locale.american_english
    assert heard.permissions.manage_messages
    assert not heard.app_permissions.attach_files
    assert heard.filesize_limit == 10 * 1024 * 1024
    assert heard.is_guild_integration()


async def test_what_was_not_synced_cannot_be_run(bot, ann):
    with pytest.raises(Impossible, match="not synced"):
        await ann.runs("/paint")


@pytest.mark.parametrize(
    "options,complaint",
    [
        ({}, "prompt: required"),
        ({"prompt": "a", "count": 5}, "count: above"),
        ({"prompt": "a", "size": 3}, "size: no such option"),
    ],
)
async def test_options_are_bound_by_the_synced_command(bot, ann, options, complaint):
    with pytest.raises(Impossible, match=complaint):
        await ann.runs("/draw", **options)


async def test_nobody_clicks_what_is_not_there_or_not_theirs(bot, ann, guild):
    made = await ann.runs("/draw", prompt="a cat")
    secret = await ann.runs("/hidden")
    bob = guild.member("Bob")

    with pytest.raises(Impossible, match="0 buttons"):
        await ann.clicks("Refund", on=made)
    with pytest.raises(Impossible, match="does not see"):
        await bob._presses(secret, {})


async def test_a_modal_enforces_its_lengths(bot, ann):
    modal = await ann.runs("/key")

    with pytest.raises(Impossible, match="api_key: 3 characters"):
        await ann.submits(modal, api_key="abc")


class TestWithAShortDay:
    @pytest.fixture
    def rules(self):
        return DiscordRules(commands_created_per_day=5)

    async def test_creating_too_many_commands_in_a_day_is_refused(self, sandbox, channel):
        lone = SampleBot(sync=False)
        lone.http.max_ratelimit_timeout = 30.0
        async with running(sandbox, lone):
            with pytest.raises(discord.RateLimited):
                await lone.tree.sync()


async def test_a_deleted_original_makes_room_for_an_ephemeral_follow_up(bot, ann):
    made, interaction = await started(bot, ann)

    await interaction.delete_original_response()
    message = await interaction.followup.send("only you", ephemeral=True, wait=True)

    assert made.deleted
    assert message.flags.ephemeral
    assert await refused(interaction.edit_original_response(content="x")) == (404, 10008)


async def test_a_token_reads_and_deletes_what_it_made(bot, ann, sandbox, channel):
    _, interaction = await started(bot, ann)
    await interaction.edit_original_response(content="first")
    second = await interaction.followup.send("second", wait=True)
    fetched = await interaction.original_response()

    await second.delete()

    assert fetched.content == "first"
    assert [card.text for card in sandbox.messages(channel)] == ["first"]


async def test_a_token_does_not_open_other_peoples_messages(bot, ann):
    other = await ann.runs("/draw", prompt="a cat")
    await ann.runs("/hand")

    edit = bot.heard[-1].followup.edit_message(int(other.id), content="x")

    assert await refused(edit) == (404, 10008)


async def test_an_answer_is_private_where_external_apps_may_not_speak(bot, sandbox):
    strict = sandbox.guild("Strict", has_bot=False)
    strict.channel("talk")
    bob = strict.member("Bob", use_external_apps=False)

    made = await bob.runs("/hand")

    assert made.ephemeral


async def test_a_click_on_a_message_that_goes_away_cannot_update_it(bot, ann, sandbox):
    card = await ann.runs("/draw", prompt="a cat")
    await card.until(lambda seen: seen.shows("done"))
    told = asyncio.get_running_loop().create_future()

    async def pressed(interaction, custom_id):
        sandbox.delete_message(card)
        told.set_result(await refused(interaction.response.edit_message(view=None)))
        await interaction.response.send_message("gone")

    bot.pressed = pressed
    answer = await ann.clicks("Again", on=card)

    assert await told == (404, 10008)
    assert answer.text == "gone"


async def test_a_modal_that_breaks_the_rules_is_refused(bot, ann, forgiving):
    told = asyncio.get_running_loop().create_future()

    async def act(interaction):
        modal = discord.ui.Modal(title="x" * 46, custom_id="too:long", timeout=900)
        modal.add_item(discord.ui.TextInput(label="Name", custom_id="name"))
        told.set_result(await refused(interaction.response.send_modal(modal)))
        await interaction.response.send_message("never mind")

    bot.act = act
    await ann.runs("/hand")

    assert await told == (400, 50035)


class TestImpatientPeople:
    @pytest.fixture
    def rules(self):
        return DiscordRules(wait_s=0.05)

    async def test_somebody_who_sees_nothing_says_what_was_asked_for(self, ann):
        with pytest.raises(NeverHappened, match="Ann saw no 'anything'"):
            await ann.sees("anything")

    async def test_waiting_for_a_bot_that_never_comes_ends(self, sandbox):
        with pytest.raises(NeverHappened, match="0 of 1 sessions"):
            await sandbox.until_ready()
