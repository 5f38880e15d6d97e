"""Chat with AIME: what is planned and sent, and what the recorded answers say."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain.capabilities import Ability, Sight
from bot.domain.errors import InvalidRequest
from bot.domain.requests import Role, TextRequest, Turn
from bot.providers.aime.answers import TEXT_CHARS_MAX, Looked, to_looked, to_observation
from bot.providers.aime.chat import USUAL_TOKENS, to_chat_payload, to_chat_plan
from bot.providers.aime.endpoints import Endpoint
from bot.providers.aime.parts import is_text, with_part
from bot.providers.base import Ended, Ending, Finished, Makes, Working
from tests.providers.aime_endpoints import CHATTY, counted, endpoint
from tests.providers.provider_cases import NOW
from tests.providers.recorded_answers import as_answer, exchange, made_answer

ASKED = TextRequest(prompt="hi there", instruction="be nice")
LLAMA = endpoint("llama4_chat", CHATTY, output="text")
PLAIN = endpoint("tiny_queue", {"text_context": {"type": "text_context"}}, output="text")
SENT = ASKED.evolve(model="llama4_chat", length=20)
REMOTE = with_part(None, "id#1", SENT, total=1, now=NOW)


def planned(request: TextRequest = ASKED, *endpoints: Endpoint):
    return to_chat_plan(request, endpoints=endpoints or (LLAMA,))


def looked(name: str) -> Looked:
    seen = to_looked(as_answer(exchange(name, of="aime")["response"]), secrets=())
    assert seen is not None
    return seen


def observed(name: str):
    return to_observation([looked(name)], REMOTE)


def done_with(**result):
    body = {"job_state": "done", "job_result": {"success": True, **result}}
    seen = to_looked(made_answer(200, body), secrets=())
    assert seen is not None
    return to_observation([seen], REMOTE)


# ------------------------------------------------------------------ the plan


def test_what_was_left_open_is_filled_in_with_a_length_that_is_priced():
    plan = planned()

    assert plan.request == ASKED.evolve(model="llama4_chat", length=USUAL_TOKENS)
    assert (plan.notes, plan.takes_seed) == ((), False)


def test_a_plan_of_a_plan_is_the_same_plan():
    once = planned(ASKED.evolve(length=10**6, temperature=7.0)).request

    assert planned(once).request == once
    assert planned(once).notes == ()


def test_what_an_endpoint_does_not_take_is_brought_nearer_or_left_out_and_told():
    full = planned(ASKED.evolve(length=10**6, temperature=3.0, top_p=0.5, seed=7))
    plain = planned(ASKED.evolve(length=50, temperature=0.5, seed=7), PLAIN)

    assert (full.request.length, full.request.temperature, full.request.top_p) == (16384, 1.0, 0.5)
    assert full.notes == (
        "Length changed to 16384, the nearest that can be had.",
        "Temperature changed to 1, the nearest that can be had.",
        "llama4_chat takes no seed.",
    )
    assert plain.request.temperature is None
    assert plain.notes == (
        "tiny_queue chooses the length itself.",
        "tiny_queue knows no temperature: left out.",
        "tiny_queue takes no seed.",
    )


def test_the_endpoint_with_the_most_workers_answers_unless_one_is_named():
    busy = replace(LLAMA, name="busy_chat", workers=5)

    assert planned(ASKED, LLAMA, busy).request.model == "busy_chat"
    assert planned(ASKED.evolve(model="LLAMA4_chat"), LLAMA, busy).request.model == "llama4_chat"
    with pytest.raises(InvalidRequest, match=r"no model “gpt” for this\. It has: llama4_chat"):
        planned(ASKED.evolve(model="gpt"))


def test_nothing_to_answer_is_refused():
    with pytest.raises(InvalidRequest, match="Ask something"):
        planned(TextRequest(prompt=" \n"))


def test_before_anything_is_known_only_the_price_is_filled_in():
    assert to_chat_plan(ASKED, endpoints=()).request == ASKED.evolve(length=USUAL_TOKENS)


# ------------------------------------------------------------------ what is sent


def test_a_conversation_is_written_like_the_recorded_one():
    recorded = exchange("chat_0_submit", of="aime")["request"]["json"]

    body = to_chat_payload(planned().request, LLAMA)

    assert json.loads(body["chat_context"]) == json.loads(recorded["chat_context"])
    assert (body["max_gen_tokens"], body["wait_for_result"]) == (USUAL_TOKENS, False)


def test_what_was_said_before_goes_along_in_its_order():
    turns = (Turn(role=Role.MEMBER, text="who?"), Turn(role=Role.MODEL, text="the keeper"))

    body = to_chat_payload(ASKED.evolve(turns=turns), LLAMA)

    said = [(one["role"], one["content"]) for one in json.loads(body["chat_context"])]
    assert said == [
        ("system", "be nice"),
        ("user", "who?"),
        ("assistant", "the keeper"),
        ("user", "hi there"),
    ]


def test_an_endpoint_without_turns_gets_them_as_lines_and_a_lone_prompt_as_it_is():
    both = to_chat_payload(planned(ASKED, PLAIN).request, PLAIN)
    alone = to_chat_payload(planned(ASKED.evolve(instruction=""), PLAIN).request, PLAIN)

    assert both == {"text_context": "system: be nice\nuser: hi there", "wait_for_result": False}
    assert alone["text_context"] == "hi there"


# ------------------------------------------------------------------ what comes back


def test_text_grows_from_its_beginning_and_is_no_percentage():
    steps = [observed(f"chat_{index}_progress") for index in range(1, 6)]

    assert all(isinstance(one, Working) for one in steps)
    assert [one.percent for one in steps] == [None] * 5
    assert steps[0].text is None
    texts = [one.text for one in steps[1:]]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_the_whole_answer_is_one_item_of_words():
    seen = observed("chat_6_progress")

    assert isinstance(seen, Finished)
    (item,) = seen.items
    assert item.text is not None
    assert item.text.startswith("Hello from a fake llama.")
    assert (item.id, item.data, item.model) == ("1", None, "llama4_chat")


def test_a_chat_that_waits_and_one_whose_answer_is_gone_are_told_apart():
    waiting, gone = observed("lapse_1_progress_queued"), observed("chat_7_progress_after_done")

    assert isinstance(waiting, Working)
    assert waiting.is_queued
    assert isinstance(gone, Ended)
    assert gone.how is Ending.LOST


@pytest.mark.parametrize("text", ["", " \n", None])
def test_an_answer_without_a_word_is_a_failure(text):
    seen = done_with(text=text)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED
    assert "without a word" in seen.reason


def test_an_endless_answer_is_cut_and_told():
    seen = done_with(text="x" * (TEXT_CHARS_MAX + 1))

    assert isinstance(seen, Finished)
    assert len(seen.items[0].text or "") == TEXT_CHARS_MAX
    assert "is left out" in seen.notes[0]


def test_an_answer_that_used_up_its_length_is_told():
    cut, whole = done_with(text="a b", num_generated_tokens=20), observed("chat_6_progress")

    assert isinstance(cut, Finished)
    assert "used up its length" in cut.notes[0]
    assert whole.notes == ()


def test_words_beside_an_error_are_no_answer():
    seen = done_with(text="Once upon", error="out of memory")

    assert isinstance(seen, Ended)
    assert "out of memory" in seen.reason


# ------------------------------------------------------------------ the endpoints


def test_chat_endpoints_are_known_by_what_they_take_and_give():
    for one in (LLAMA, PLAIN):
        assert one.chats
        assert one.to_model().makes is Makes.TEXTS
        assert one.capability.abilities == {Ability.TEXT}
        assert Sight.TEXT_SO_FAR in one.capability.sights
    assert counted().to_model().makes is Makes.PICTURES
    assert not counted().chats


def test_one_that_demands_what_nobody_can_say_is_not_used():
    voice = {"text_context": {"type": "text_context"}, "voice": {"type": "audio", "required": True}}

    assert not endpoint("reader", voice, output="text").chats


def test_a_remote_remembers_that_words_are_awaited():
    assert is_text(REMOTE)
    assert REMOTE.extras["endpoint"] == "llama4_chat"
