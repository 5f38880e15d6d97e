"""The confirmation of an erasure, and how spans of time are told."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.domain.jobs import UserId
from bot.domain.retention import Retention
from bot.ui import privacy_copy
from bot.ui.privacy import EraseButton, erase_card
from tests.ui.ui_fakes import OWNER, FakeInteraction, texts_of


class Erasures:
    """Notes who was erased."""

    def __init__(self):
        self.erased = []

    async def erase(self, interaction):
        self.erased.append(interaction.user.id)


def pressed_by(user_id):
    interaction = FakeInteraction()
    interaction.user = SimpleNamespace(id=user_id)
    interaction.client = SimpleNamespace(erasures=Erasures())
    return interaction


async def test_the_button_erases_whoever_it_was_made_for():
    interaction = pressed_by(OWNER)

    await EraseButton(OWNER).callback(interaction)

    assert interaction.client.erasures.erased == [OWNER]


async def test_nobody_else_can_press_it():
    interaction = pressed_by(UserId(5))

    await EraseButton(OWNER).callback(interaction)

    assert interaction.client.erasures.erased == []
    assert interaction.said == [("ephemeral", privacy_copy.NOT_YOUR_ERASURE)]


async def test_the_card_says_what_goes_and_what_stays_within_a_message():
    texts = texts_of(erase_card(OWNER))

    assert privacy_copy.ERASE_WHAT in texts
    assert privacy_copy.ERASE_WHAT_STAYS in texts
    assert sum(map(len, texts)) < 4000


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(0), "0 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=25), "25 hours"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=90), "90 days"),
    ],
)
def test_spans_are_told_in_hours_or_days(time, words):
    assert privacy_copy.span(time) == words


def test_about_fits_into_a_message_with_many_providers():
    retention = Retention(
        results=timedelta(hours=72), words=timedelta(days=90), left_servers=timedelta(days=7)
    )

    assert len(privacy_copy.about(["A provider"] * 20, retention=retention)) < 4000
