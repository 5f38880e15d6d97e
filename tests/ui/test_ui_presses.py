from datetime import timedelta

import pytest
from discord import ui
from discord.components import _component_factory

from bot.domain.errors import InsufficientCredits, NotAllowed
from bot.domain.jobs import Failure, FailureKind, JobId, JobState, Passage, PassageKind
from bot.domain.requests import PictureRequest, TextRequest
from bot.ui import copy
from bot.ui.buttons import Action, JobButton
from bot.ui.cards import card
from bot.ui.errors import answered
from bot.ui.opening import acknowledge
from bot.ui.presses import CONTINUE_ID, JobPresses
from tests.ui.ui_fakes import (
    ASKER,
    NOON,
    OWNER,
    FakeInteraction,
    MemoryClaims,
    MemoryTracker,
    discord_says,
    job_with,
    texts_of,
)

OLD = JobId("1100000000000000001")
FAILED = job_with(
    state=JobState.FAILED, failure=Failure(kind=FailureKind.BACKEND, sentence="It broke.")
)


class Client:
    """A client as far as a button looks at it."""

    def __init__(self, tracker: MemoryTracker) -> None:
        self.presses = JobPresses(tracker)
        self.claims = MemoryClaims()


async def press(action: Action, tracker: MemoryTracker, **facts) -> FakeInteraction:
    interaction = FakeInteraction(client=Client(tracker), **facts)
    custom_id = f"job:v1:{action}:{OLD}"
    match = JobButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    button = await JobButton.from_custom_id(interaction, ui.Button(), match)
    await button.callback(interaction)
    return interaction


async def test_cancel_is_acknowledged_and_handed_to_the_tracker():
    tracker = MemoryTracker(job_with())

    interaction = await press(Action.CANCEL, tracker)

    assert interaction.said == [("deferred", None)]
    assert tracker.calls == [f"cancel by {OWNER}, may moderate: False"]


async def test_moderators_are_known_by_their_permission():
    tracker = MemoryTracker(job_with())

    await press(Action.CANCEL, tracker, user_id=5, may_moderate=True)

    assert tracker.calls == ["cancel by 5, may moderate: True"]


async def test_a_refused_cancel_is_told_to_who_pressed_only():
    tracker = MemoryTracker(job_with(), refusal=NotAllowed("Not yours."))

    interaction = await press(Action.CANCEL, tracker, user_id=5)

    assert interaction.said == [("deferred", None), ("ephemeral", "Not yours.")]


class OldCard:
    """The message that a button sits on."""

    def __init__(self, *, age: timedelta) -> None:
        self.created_at = NOON - age
        self.components = [_component_factory(item) for item in card(job_with()).to_components()]


async def test_a_card_that_never_became_a_job_is_closed():
    interaction = await press(
        Action.CANCEL, MemoryTracker(), message=OldCard(age=timedelta(hours=1))
    )

    assert interaction.kinds == ["edited", "ephemeral"]
    lines = texts_of(interaction.said[0][1])
    assert lines[0] == "### Lost"
    assert "a cat in a boat" in lines[1]
    assert interaction.said[1][1] == copy.LOST_BEFORE_IT_BEGAN


async def test_a_card_whose_job_is_still_taken_in_is_left_alone():
    interaction = await press(
        Action.CANCEL, MemoryTracker(), message=OldCard(age=timedelta(seconds=5))
    )

    assert interaction.said == [("ephemeral", copy.NOT_BEGUN_YET)]


async def test_trying_again_begins_a_new_job_on_a_new_card():
    tracker = MemoryTracker(FAILED)

    interaction = await press(Action.AGAIN, tracker)

    new = tracker.jobs[JobId(str(interaction.id))]
    assert interaction.kinds == ["public"]
    assert texts_of(interaction.said[0][1])[0] == "### On its way"
    assert new.parent_id == OLD
    assert new.target.message_id == 555
    assert new.request == FAILED.request


async def test_what_was_delivered_is_drawn_from_another_seed():
    tracker = MemoryTracker(job_with(state=JobState.DONE))

    interaction = await press(Action.AGAIN, tracker)

    assert tracker.jobs[JobId(str(interaction.id))].request.seed is None


async def test_only_the_owner_tries_again():
    tracker = MemoryTracker(FAILED)

    interaction = await press(Action.AGAIN, tracker, user_id=5, may_moderate=True)

    assert interaction.said == [("ephemeral", copy.NOT_YOURS_TO_REPEAT)]
    assert tracker.calls == []


async def test_a_forgotten_request_is_said_to_be_forgotten():
    interaction = await press(Action.AGAIN, MemoryTracker())

    assert interaction.said == [("ephemeral", copy.REQUEST_FORGOTTEN)]


async def test_nothing_begins_while_shutting_down():
    tracker = MemoryTracker(FAILED)
    tracker.is_accepting = False

    interaction = await press(Action.AGAIN, tracker)

    assert interaction.said == [("ephemeral", copy.SHUTTING_DOWN)]


async def test_a_late_refusal_recolours_the_card():
    poor = InsufficientCredits(needed=24_000_000, available=3_000_000, renews_at=NOON)
    tracker = MemoryTracker(FAILED, refusal=poor)

    interaction = await press(Action.AGAIN, tracker)

    assert interaction.kinds == ["public", "recoloured"]
    lines = texts_of(interaction.said[1][1])
    assert lines[0] == "### That did not work"
    assert "you have 3" in lines[2]
    assert "nothing was charged" in lines[3]


async def test_who_lost_the_race_for_the_answer_begins_nothing():
    tracker = MemoryTracker(FAILED)

    interaction = await press(Action.AGAIN, tracker, refusal=discord_says(400, 40060))

    assert interaction.said == []
    assert tracker.calls == ["quote"]


async def test_what_was_answered_knows_its_own_message():
    offer = MemoryTracker().quote(PictureRequest(prompt="a cat"), asker=ASKER)

    job = await acknowledge(FakeInteraction(), offer)

    assert job.target.token == "interaction-token"
    assert job.target.file_bytes_max == 10 * 2**20


@pytest.mark.parametrize(
    "custom_id", ["job:v1:cancel:", "job:v1:again:x", "job:v2:again:1", f"job:v1:again:{'1' * 21}"]
)
def test_other_ids_are_not_ours(custom_id):
    assert JobButton.__discord_ui_compiled_template__.fullmatch(custom_id) is None


# ------------------------------------------------------------------ conversations

ANSWER = Passage(item_id="1", kind=PassageKind.ANSWER, text="The keeper.")
ANSWERED = job_with(
    state=JobState.DONE, request=TextRequest(prompt="Who keeps it?"), passages=(ANSWER,)
)


async def go_on(tracker: MemoryTracker, **facts) -> FakeInteraction:
    interaction = FakeInteraction(client=Client(tracker), **facts)
    async with answered(interaction):
        await interaction.client.presses.go_on(interaction, OLD, prompt="Why?")
    return interaction


async def test_continue_shows_a_form_whose_id_carries_the_job():
    interaction = await press(Action.CONTINUE, MemoryTracker(ANSWERED))

    [(kind, form)] = interaction.said
    assert kind == "form"
    assert CONTINUE_ID.fullmatch(form.custom_id)["job"] == OLD
    assert form.timeout is not None


async def test_what_is_said_then_begins_a_job_on_a_card_of_its_own():
    tracker = MemoryTracker(ANSWERED)

    interaction = await go_on(tracker)

    new = tracker.jobs[JobId(str(interaction.id))]
    assert interaction.kinds == ["public"]
    assert new.parent_id == OLD
    assert (new.request.prompt, [turn.text for turn in new.request.turns]) == (
        "Why?",
        ["Who keeps it?", "The keeper."],
    )


@pytest.mark.parametrize(
    "job,user_id,sentence",
    [
        (ANSWERED, 5, copy.NOT_YOURS_TO_CONTINUE),
        (ANSWERED.evolve(passages=()), OWNER, copy.NOTHING_TO_CONTINUE),
        (job_with(state=JobState.DONE), OWNER, copy.NOTHING_TO_CONTINUE),
        (None, OWNER, copy.REQUEST_FORGOTTEN),
    ],
    ids=["somebody else's", "no answer", "pictures", "forgotten"],
)
async def test_what_cannot_be_gone_on_from_is_told_before_and_after_the_form(
    job, user_id, sentence
):
    tracker = MemoryTracker(*([job] if job else []))

    pressed = await press(Action.CONTINUE, tracker, user_id=user_id)
    sent = await go_on(tracker, user_id=user_id)

    assert pressed.said == sent.said == [("ephemeral", sentence)]
    assert tracker.calls == []
