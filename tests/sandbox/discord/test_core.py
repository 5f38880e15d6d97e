"""The whole way of a command: typed, acknowledged, edited, finished, clicked."""

import aiohttp

from bot.sandbox.discord.option_values import Upload
from tests.sandbox.discord.sample_bot import picture


async def test_a_slash_command_goes_from_the_ack_to_its_picture(bot, ann):
    card = await ann.runs("/draw", prompt="a cat")

    done = await card.until(lambda seen: seen.shows("done"))

    assert [version.text for version in card.versions] == [
        "queued a cat",
        "working",
        "done a cat with plain",
    ]
    assert [(file.filename, file.description) for file in done.attachments] == [
        ("0.png", "a square")
    ]
    assert done.attachments[0].data == picture()
    assert (done.attachments[0].width, done.attachments[0].height) == (8, 6)
    assert card.ack_s < 3
    assert done.accent == 0x5865F2


async def test_times_in_the_edit_log_only_grow(bot, ann):
    card = await ann.runs("/draw", prompt="a cat")
    await card.until(lambda seen: seen.shows("done"))

    times = [version.at for version in card.versions]

    assert times == sorted(times)


async def test_a_click_changes_the_card_it_is_on(bot, ann):
    card = await ann.runs("/draw", prompt="a cat")
    await card.until(lambda seen: seen.shows("done"))

    again = await ann.clicks("Again")

    assert again.text == "again"
    assert again.id != card.id


async def test_a_modal_is_filled_in_and_answered(bot, ann):
    modal = await ann.runs("/key")

    answer = await ann.submits(modal, api_key="sesame-1234")

    assert answer.text == "kept …1234"
    assert answer.ephemeral


async def test_autocomplete_suggests_while_a_required_option_is_missing(bot, ann):
    choices = await ann.types("/draw", focused="model", model="Del")

    assert [choice.name for choice in choices] == ["Deliberate", "Delta"]


async def test_an_uploaded_option_can_be_read_from_the_cdn(bot, ann):
    card = await ann.runs("/read", file=Upload("me.png", picture(3, 2)))

    assert card.text == f"me.png image/png 3×2 {len(picture(3, 2))}"


async def test_a_message_command_carries_its_target_with_content(bot, ann):
    said = await ann.says("hello there")

    answer = await ann.uses("Describe", on=said)

    assert answer.text == "it says 'hello there'"


async def test_an_ephemeral_answer_is_seen_by_one_person_only(bot, ann, guild, channel):
    await ann.runs("/hidden")
    card = await ann.sees("only you")

    assert card.ephemeral
    assert not card.message.visible_to(guild.member("Bob").user)


async def test_the_cdn_serves_the_exact_bytes_until_the_url_expires(bot, ann, sandbox):
    card = await ann.runs("/draw", prompt="a cat")
    done = await card.until(lambda seen: seen.attachments)
    url = done.attachments[0].url

    async with aiohttp.ClientSession() as http:
        async with http.get(url) as fresh:
            data = await fresh.read()
        sandbox.clock.advance(25 * 3600)
        async with http.get(url) as stale:
            status = stale.status

    assert data == picture()
    assert status == 404


async def test_a_card_can_be_drawn_for_a_terminal(bot, ann):
    card = await ann.runs("/draw", prompt="a cat", count=2)
    await card.until(lambda seen: seen.shows("done"))

    assert card.render().splitlines() == [
        "▌ done a cat with plain",
        "▌ 🖼 0.png 8×6 1 KB alt of 0.png",
        "▌ 🖼 1.png 8×6 1 KB alt of 1.png",
        "▌ [Again]",
    ]
