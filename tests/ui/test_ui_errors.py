import logging

import discord
import pytest
from discord import app_commands

from bot.domain import errors as tree
from bot.domain.credits import credits_of
from bot.ui import copy, errors
from bot.ui.errors import answer, answered, explain
from tests.ui.ui_fakes import NOON, FakeInteraction, discord_says

BYTES = b"\xde\xad\xbe\xef"


def four_bytes(count: int) -> bytes:
    return BYTES[:count]


SENTENCES = [
    (tree.InvalidRequest("--steps takes 1…500."), "--steps takes 1…500."),
    (tree.NotAllowed("Not yours."), "Not yours."),
    (tree.ContentRefused("A rule of *this* server."), r"A rule of \*this\* server."),
    (tree.QuotaExceeded("Ten at once."), "Ten at once."),
    (tree.QuotaExceeded("Ten.", retry_at=NOON), "Ten. Next try <t:1785585600:R>."),
    (
        tree.InsufficientCredits(needed=credits_of(24), available=credits_of(3), renews_at=NOON),
        "This costs 24 credits and you have 3. Your next allowance arrives <t:1785585600:R>.",
    ),
    (tree.StorageUnavailable("disk full"), copy.STORE_AWAY),
    (
        tree.KeyRejected("Unknown key.", provider="horde"),
        f"AI Horde: Unknown key. {copy.CHECK_THE_KEY}",
    ),
    (tree.RateLimited("Slow down.", provider="horde"), f"AI Horde: Slow down. {copy.TRY_LATER}"),
    (app_commands.CommandNotFound("old", []), copy.COMMAND_CHANGED),
    (app_commands.CheckFailure(), copy.NOT_HERE),
]


@pytest.mark.parametrize("error,sentence", SENTENCES, ids=lambda value: type(value).__name__)
def test_each_kind_of_error_has_its_sentence(error, sentence, caplog):
    assert explain(error) == sentence
    assert caplog.records == []


def test_several_mistakes_stand_on_lines_of_their_own():
    error = tree.InvalidRequest("--steps is too high.\n--cfg is too low.")

    assert explain(error) == "--steps is too high.\n--cfg is too low."


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("secret detail"), tree.ConfigurationError("secret detail")]
)
def test_our_own_mistakes_get_an_incident_to_quote_and_a_traceback(error, caplog):
    with caplog.at_level(logging.ERROR):
        sentence = explain(error, random_bytes=four_bytes)

    assert "`deadbeef`" in sentence
    assert "secret detail" not in sentence
    [record] = caplog.records
    assert record.incident == "deadbeef"
    assert record.exc_info[1] is error


async def test_the_first_answer_is_only_for_the_member():
    interaction = FakeInteraction()

    await answer(interaction, tree.InvalidRequest("No."))

    assert interaction.said == [("ephemeral", "No.")]


async def test_after_the_first_answer_a_follow_up_is_sent():
    interaction = FakeInteraction()
    await interaction.response.defer()

    await answer(interaction, tree.InvalidRequest("No."))

    assert interaction.said == [("deferred", None), ("ephemeral", "No.")]


async def test_what_a_command_raised_is_unwrapped():
    interaction = FakeInteraction()

    @app_commands.command()
    async def broken(interaction: discord.Interaction) -> None:
        """Fail."""

    cause = tree.InvalidRequest("No.")
    await answer(interaction, app_commands.CommandInvokeError(broken, cause))

    assert interaction.said == [("ephemeral", "No.")]


@pytest.mark.parametrize("status,code", [(400, 40060), (404, 10062), (401, 50027), (404, 10015)])
async def test_a_lost_interaction_is_nobodys_to_answer(status, code, caplog):
    interaction = FakeInteraction()

    with caplog.at_level(logging.INFO):
        await answer(interaction, discord_says(status, code))

    assert interaction.said == []
    assert [record.levelname for record in caplog.records] == ["INFO"]


async def test_an_answer_that_discord_refuses_raises_nothing_more(caplog):
    interaction = FakeInteraction(refusal=discord_says(500, 0))

    await answer(interaction, tree.InvalidRequest("No."))

    [record] = caplog.records
    assert "500" in record.why


async def test_an_answer_that_another_process_gave_first_is_no_trouble(caplog, monkeypatch):
    monkeypatch.setattr(errors, "HEAD_START_S", 0.01)
    interaction = FakeInteraction(refusal=discord_says(400, 40060))

    await answer(interaction, tree.OthersFirst("I am restarting."))

    assert caplog.records == []


async def test_the_door_answers_whatever_is_raised_behind_it():
    interaction = FakeInteraction()

    async with answered(interaction):
        raise tree.NotAllowed("Not yours.")

    assert interaction.said == [("ephemeral", "Not yours.")]


def test_the_longest_sentence_fits_into_a_message():
    assert len(explain(tree.InvalidRequest("*" * 5000))) <= 2000
