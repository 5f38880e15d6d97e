from datetime import UTC, datetime

from bot.domain.conversations import (
    TURNS_CHARS_MAX,
    TURNS_MAX,
    answer_of,
    bounded,
    continued,
)
from bot.domain.jobs import Passage, PassageKind
from bot.domain.requests import PictureRequest, Role, TextRequest, Turn
from tests.ui.ui_fakes import job_with

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ASKED = TextRequest(
    prompt="Who keeps it?",
    instruction="Be brief.",
    model="llama4_chat",
    length=500,
    seed=7,
    private=True,
)


def said(text: str, kind: PassageKind = PassageKind.ANSWER) -> Passage:
    return Passage(item_id="1", kind=kind, text=text)


def turn(text: str, role: Role = Role.MEMBER) -> Turn:
    return Turn(role=role, text=text)


def test_a_conversation_goes_on_with_everything_that_was_said():
    first = job_with(request=ASKED, passages=(said("The keeper."),))
    second = job_with(request=continued(first, "And then?"), passages=(said("Nobody."),))

    third = continued(second, "Why?")

    assert third == ASKED.evolve(
        prompt="Why?",
        seed=None,
        turns=(
            turn("Who keeps it?"),
            turn("The keeper.", Role.MODEL),
            turn("And then?"),
            turn("Nobody.", Role.MODEL),
        ),
    )


def test_the_oldest_turns_give_way_when_there_are_too_many_or_too_long_ones():
    many = [turn(str(number)) for number in range(TURNS_MAX + 3)]
    long = [turn("a" * TURNS_CHARS_MAX), turn("b" * 10), turn("c")]

    assert bounded(many) == tuple(many[3:])
    assert bounded(long) == tuple(long[1:])


def test_of_an_answer_that_is_too_long_alone_its_end_goes_along():
    (kept,) = bounded([turn("x"), turn("a" * TURNS_CHARS_MAX + "the end", Role.MODEL)])

    assert kept.role is Role.MODEL
    assert len(kept.text) == TURNS_CHARS_MAX
    assert (kept.text[0], kept.text[-7:]) == ("…", "the end")


def test_only_an_answer_to_a_question_can_be_gone_on_from():
    assert answer_of(job_with(request=ASKED, passages=(said("Yes."),))) == "Yes."
    assert answer_of(job_with(request=ASKED)) is None
    assert answer_of(job_with(request=ASKED, passages=(said("a", PassageKind.TAGS),))) is None
    assert answer_of(job_with(request=PictureRequest(prompt="x"), passages=(said("a"),))) is None
