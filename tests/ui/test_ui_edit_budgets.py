from datetime import timedelta

import pytest

from bot.ui.edit_budgets import WINDOWS_KEPT, EditBudgets, Place, Refusal, Room
from tests.ui.ui_fakes import NOON

CHANNEL = Place("edit", "channel")
OTHER = Place("edit", "another channel")


def after(seconds: float):
    return NOON + timedelta(seconds=seconds)


def room(remaining: int, *, limit: int = 5, reset_after_s: float = 5.0, bucket="abc") -> Room:
    return Room(bucket=bucket, limit=limit, remaining=remaining, reset_after_s=reset_after_s)


@pytest.fixture
def budgets():
    return EditBudgets()


def opens(budgets, *, place=CHANNEL, is_final=True, at_s=0.0):
    """Return in how many seconds a request may go, or None for "when one comes back"."""
    moment = budgets.opens_at(place, is_final=is_final, now=after(at_s))
    return None if moment is None else (moment - after(at_s)).total_seconds()


def test_an_unknown_bucket_is_entered_one_request_at_a_time(budgets):
    assert opens(budgets) == 0

    budgets.take(CHANNEL)
    assert opens(budgets) is None
    assert opens(budgets, place=OTHER) == 0

    budgets.give_back(CHANNEL)
    assert opens(budgets) == 0


def test_what_is_left_is_what_discord_said_less_what_is_under_way(budgets):
    budgets.learn(CHANNEL, room(2), now=NOON)

    budgets.take(CHANNEL)
    assert opens(budgets) == 0
    budgets.take(CHANNEL)
    assert opens(budgets) is None


def test_an_empty_bucket_opens_when_it_resets(budgets):
    budgets.learn(CHANNEL, room(0, reset_after_s=3.5), now=NOON)

    assert opens(budgets) == 3.5
    assert opens(budgets, at_s=3.5) == 0


def test_the_last_places_are_for_last_edits(budgets):
    budgets.learn(CHANNEL, room(3), now=NOON)
    assert opens(budgets, is_final=False) == 0

    budgets.learn(CHANNEL, room(2), now=NOON)
    assert opens(budgets, is_final=False) == 5
    assert opens(budgets, is_final=True) == 0


def test_a_bucket_of_one_place_is_not_closed_to_progress(budgets):
    budgets.learn(CHANNEL, room(1, limit=1), now=NOON)

    assert opens(budgets, is_final=False) == 0


def test_a_size_learned_in_one_channel_holds_for_the_next(budgets):
    budgets.learn(CHANNEL, room(0, limit=3), now=NOON)

    for _ in range(3):
        assert opens(budgets, place=OTHER) == 0
        budgets.take(OTHER)
    assert opens(budgets, place=OTHER) is None


def test_answers_that_overtake_one_another_do_not_add_room(budgets):
    budgets.learn(CHANNEL, room(1, reset_after_s=5.0), now=NOON)

    budgets.learn(CHANNEL, room(3, reset_after_s=4.9), now=after(0.1))

    budgets.take(CHANNEL)
    assert opens(budgets, at_s=0.1) is None


def test_a_new_window_counts_from_the_start(budgets):
    budgets.learn(CHANNEL, room(0, reset_after_s=1.0), now=NOON)

    budgets.learn(CHANNEL, room(4, reset_after_s=5.0), now=after(0.9))

    assert opens(budgets, at_s=0.9) == 0


def test_an_answer_from_the_window_before_is_old_news(budgets):
    budgets.learn(CHANNEL, room(4, reset_after_s=5.0), now=NOON)

    budgets.learn(CHANNEL, room(0, reset_after_s=0.1), now=after(0.1))

    assert opens(budgets, at_s=0.1) == 0


def test_a_slow_answer_does_not_make_quicker_ones_of_its_window_old_news(budgets):
    budgets.learn(CHANNEL, room(4, reset_after_s=5.0), asked_at=NOON, now=after(2.0))

    budgets.learn(CHANNEL, room(0, reset_after_s=3.0), asked_at=after(2.0), now=after(2.1))

    assert opens(budgets, at_s=2.1) == pytest.approx(3.0)  # at 5.1 s: not at 7, and not at once


def test_a_refusal_closes_its_bucket_for_as_long_as_it_says(budgets):
    budgets.learn(CHANNEL, room(3), now=NOON)

    budgets.refuse(CHANNEL, Refusal(retry_after_s=7.0), now=NOON)

    assert opens(budgets) == 7.0
    assert opens(budgets, place=OTHER) == 0
    assert opens(budgets, at_s=7.0) == 0


def test_a_refusal_of_a_bucket_without_a_name_closes_it_as_well(budgets):
    budgets.refuse(CHANNEL, Refusal(retry_after_s=2.0), now=NOON)

    assert opens(budgets) == 2.0


def test_a_global_refusal_closes_everything_until_it_is_over(budgets):
    budgets.learn(CHANNEL, room(5), now=NOON)
    budgets.refuse(OTHER, Refusal(retry_after_s=2.0, is_global=True), now=NOON)
    budgets.refuse(OTHER, Refusal(retry_after_s=1.0, is_global=True), now=NOON)

    assert opens(budgets) == 2.0
    assert opens(budgets, place=Place("other", "")) == 2.0
    assert opens(budgets, at_s=2.0) == 0


def test_windows_that_are_over_are_forgotten(budgets):
    for number in range(3 * WINDOWS_KEPT):
        place = Place("edit", str(number))
        budgets.learn(place, room(4, reset_after_s=1.0), now=after(number / 100))

    assert len(budgets._windows) <= WINDOWS_KEPT + 1


def test_a_place_never_shows_the_token_in_it():
    assert "secret" not in repr(Place("edit", "secret"))
