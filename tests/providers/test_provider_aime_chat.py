"""Chat with AIME: what is sent, and what the recorded answers say."""

import json
from itertools import pairwise

from bot.providers.aime.answers import to_looked
from bot.providers.aime.chat import (
    Message,
    Role,
    Said,
    Talking,
    to_chat_payload,
    to_speech,
)
from bot.providers.base import Ended
from tests.providers.aime_endpoints import endpoint
from tests.providers.recorded_answers import as_answer, exchange

TALK = (
    Message(role=Role.SYSTEM, content="be nice"),
    Message(role=Role.USER, content="hi there"),
)
LLAMA = endpoint(
    "llama4_chat",
    {
        "chat_context": {"type": "chat_context"},
        "temperature": {"type": "float", "minimum": 0.0, "maximum": 1.0},
        "max_gen_tokens": {"type": "integer", "minimum": 1, "maximum": 16384},
    },
    output="text",
)
PLAIN = endpoint("tiny_queue", {"text_context": {"type": "text_context"}}, output="text")


def speech(name: str):
    response = exchange(name, of="aime")["response"]
    looked = to_looked(as_answer(response), secrets=())
    assert looked is not None
    return to_speech(looked)


def test_a_conversation_is_written_like_the_recorded_one():
    recorded = exchange("chat_0_submit", of="aime")["request"]["json"]

    body = to_chat_payload(TALK, LLAMA, key="k")

    assert json.loads(body["chat_context"]) == json.loads(recorded["chat_context"])
    assert (body["key"], body["wait_for_result"]) == ("k", False)


def test_only_what_the_endpoint_knows_is_sent_and_within_its_bounds():
    full = to_chat_payload(TALK, LLAMA, key="k", tokens_max=10**6, temperature=3.0)
    plain = to_chat_payload(TALK, PLAIN, key="k", tokens_max=10, temperature=0.5)

    assert (full["max_gen_tokens"], full["temperature"]) == (16384, 1.0)
    assert set(plain) == {"text_context", "key", "wait_for_result"}
    assert plain["text_context"] == "system: be nice\nuser: hi there"


def test_text_grows_from_its_beginning_and_tokens_are_counted():
    steps = [speech(f"chat_{index}_progress") for index in range(1, 7)]

    assert all(isinstance(one, Talking) for one in steps[:-1])
    texts = [one.text for one in steps]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert [one.tokens for one in steps] == [0, 3, 6, 8, 11, 17]
    assert isinstance(steps[-1], Said)


def test_a_chat_that_waits_and_one_that_is_gone_are_told_apart():
    waiting = speech("lapse_1_progress_queued")

    assert waiting == Talking(text="", tokens=0, is_queued=True)
    assert isinstance(speech("chat_7_progress_after_done"), Ended)


def test_chat_endpoints_are_known_by_what_they_take_and_give():
    assert LLAMA.chats
    assert PLAIN.chats
    assert not LLAMA.makes_pictures
