"""AI Client's words and choices: form, plan, entries, refusals."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    InvalidRequest,
    KeyEmpty,
    KeyRejected,
    Permanent,
    RateLimited,
    Transient,
    TurnedAway,
)
from bot.domain.jobs import Remote
from bot.domain.requests import BlobId, PictureRequest, Source
from bot.providers.ai_client.answers import request_in, to_observation, with_entry
from bot.providers.ai_client.errors import refusal
from bot.providers.ai_client.plan import SIZES, STYLES, to_form, to_plan
from bot.providers.ai_client.provider import ENGINES
from bot.providers.ai_client.wire import READER, Entries, Entry, OpenedThread, SentEntry
from bot.providers.base import Ended, Ending, Finished, Item, Model, Working
from bot.sandbox.providers.ai_client import rules
from tests.providers.provider_cases import NOW
from tests.providers.recorded_answers import as_answer, exchange, made_answer

KEY = SecretStr("fa4e-token")
THREAD = Remote(id="44142638-4934-4bf5-9be7-b4b5a6368f44", total=2, submitted_at=NOW)
BARE = PictureRequest(prompt="a cat")
SERVED = (Model(name=ENGINES[0]), Model(name="newer-engine"))


def planned(request: PictureRequest = BARE, *, models=SERVED):
    return to_plan(request, models=models, usual=ENGINES[0])


def documented(name: str):
    return as_answer(exchange(f"documented_{name}", of="ai_client")["response"])


def entry(**fields) -> Entry:
    return Entry.model_validate({"guid": "a9e17dcc", "type": "response", **fields})


REQUEST = entry(guid="c7c088d3", type="request", waiting_response=True, credits=0)


def seen(*entries: Entry, total: int = 2):
    remote = Remote(id="t", total=total, submitted_at=NOW)
    return to_observation(entries, remote, secrets=(KEY,))


def images(*urls: str) -> list[dict[str, str]]:
    return [{"url": url, "thumbnail_url": f"{url}.thumbnail.jpg"} for url in urls]


def test_a_bare_prompt_is_completed_without_a_word():
    plan = planned()

    assert plan.notes == ()
    assert plan.request == BARE.evolve(model=ENGINES[0], width=1024, height=1024, steps=30)


def test_the_documented_request_is_sent_byte_for_byte():
    request = PictureRequest(
        prompt="Delorean hacking time", negative="Clock", count=2, steps=45, style="neon-punk"
    )

    sent = urlencode(to_form(planned(request).request))

    assert sent == exchange("documented_entry", of="ai_client")["request"]["text"]


def test_the_documented_answers_can_be_read():
    thread = READER.read(OpenedThread, documented("thread")).data
    sent = READER.read(SentEntry, documented("entry")).data

    assert thread.guid == THREAD.id
    assert with_entry(THREAD, sent).extras == {"entry": sent.guid}


@pytest.mark.parametrize("name", ["entries_done", "entries_done_with_nulls"])
def test_the_documented_entries_are_two_full_pictures_for_ten_credits(name):
    entries = READER.read(Entries, documented(name)).data

    last = to_observation(entries, THREAD, secrets=(KEY,))

    assert isinstance(last, Finished)
    assert last.cost == 10
    assert last.notes == ()
    assert len({item.id for item in last.items}) == 2
    assert all(item.url.endswith(".png") for item in last.items)


def test_weights_go_along_signed_and_a_negative_prompt_is_one_of_them():
    request = planned(
        BARE.evolve(prompt="a lighthouse::2.5 fog::-.5 at dusk", negative="people")
    ).request

    form = dict(to_form(request))

    prompts = [(form[f"prompts[{n}][text]"], form[f"prompts[{n}][weight]"]) for n in range(4)]
    assert prompts == [("a lighthouse", "2.5"), ("fog", "-0.5"), ("at dusk", "1"), ("people", "-1")]
    assert "style" not in form


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (1024, 1024)),
        ({"width": 832, "height": 1216}, (832, 1216)),
        ({"width": 1344, "height": 768}, (1344, 768)),
        ({"width": 1920, "height": 1088}, (1344, 768)),
        ({"width": 64, "height": 3072}, (640, 1536)),
        ({"width": 512, "height": 512}, (1024, 1024)),
        ({"height": 768}, (1152, 896)),
    ],
)
def test_the_size_is_the_nearest_shape_and_a_change_is_told(asked, size):
    plan = planned(BARE.evolve(**asked))

    assert (plan.request.width, plan.request.height) == size
    is_as_asked = (asked.get("width", 1024), asked.get("height", 1024)) == size
    assert (plan.notes == ()) == is_as_asked


@pytest.mark.parametrize(
    ("asked", "changes", "note"),
    [
        ({"steps": 9}, {"steps": 10}, "Steps raised to 10."),
        ({"steps": 99}, {"steps": 50}, "Steps lowered to 50."),
        ({"seed": 7, "cfg": 7.0}, {"seed": None, "cfg": None},
         "AI Client knows no guidance scale, seed: left out."),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_changed_and_told(asked, changes, note):
    plan = planned(BARE.evolve(**asked))

    assert {name: getattr(plan.request, name) for name in changes} == changes
    assert plan.notes == (note,)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"source": Source(picture=BlobId("ab" * 32))}, "cannot start from a picture"),
        ({"model": "dreamy"}, "has no model “dreamy”"),
        ({"style": "plain"}, "no such style.*neon-punk"),
        ({"prompt": "fog::-1"}, "only what to avoid: say what to draw"),
        ({"prompt": "  ", "negative": "fog"}, "prompt is empty"),
        ({"prompt": "x::" + " y::" * 10}, "11 weighted parts: AI Client takes 10"),
        ({"prompt": "x" * 2001}, "2001 characters: AI Client takes 2000"),
    ],
)
def test_what_ai_client_cannot_do_at_all_is_refused(asked, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        planned(BARE.evolve(**asked))


def test_a_style_and_an_engine_are_spelt_right():
    request = planned(BARE.evolve(style="Neon_Punk", model="Newer-Engine")).request

    assert (request.style, request.model) == ("neon-punk", "newer-engine")


def test_sizes_and_styles_are_those_that_the_sandbox_takes():
    assert tuple(f"{width}x{height}" for width, height in SIZES) == rules.RESOLUTIONS
    assert STYLES == rules.STYLES


@given(
    width=st.none() | st.integers(1, 5000),
    height=st.none() | st.integers(1, 5000),
    steps=st.none() | st.integers(1, 500),
    seed=st.none() | st.integers(0, 2**32 - 1),
)
def test_every_plan_is_within_the_bounds_and_needs_no_other_plan(**asked):
    request = planned(BARE.evolve(**asked)).request

    assert (request.width, request.height) in SIZES
    assert 10 <= request.steps <= 50
    assert request.seed is None
    assert (planned(request).request, planned(request).notes) == (request, ())


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (REQUEST,),
        (entry(type="request", error=[], credits="some"),),
        (entry(type="notice", error="Maintenance tonight."), REQUEST),
        (entry(type="notice", mood={"is": "unknown"}), entry(type="request", error="None")),
    ],
)
def test_without_a_response_it_goes_on(entries):
    assert seen(*entries) == Working(is_queued=False, finished=0, total=2)


def test_a_request_that_waits_no_more_and_has_no_response_has_stopped():
    last = seen(entry(type="request", waiting_response=False))

    assert last == Working(is_queued=False, finished=0, total=2, has_stopped=True)


@pytest.mark.parametrize("nothing", [None, "", " None ", "null", [], False])
@pytest.mark.parametrize("holder", [list, lambda listed: {"state": "done", "images": listed}])
def test_pictures_are_found_in_every_shape(nothing, holder):
    content = holder(images("https://a/1.png", "https://a/2.png"))

    last = seen(REQUEST, entry(error=nothing, content=content, credits="10"))

    assert isinstance(last, Finished)
    assert [item.url for item in last.items] == ["https://a/1.png", "https://a/2.png"]
    assert last.cost == 10


@pytest.mark.parametrize(
    ("told", "known"), [("1024x768", (1024, 768)), ("large", None), (None, None), ([1, 2], None)]
)
def test_what_is_said_of_a_pictures_size_is_read_where_it_can_be(told, known):
    listed = [{"url": "https://a/1.png", "thumbnail_url": "https://a/t.jpg", "dimensions": told}]

    last = seen(REQUEST, entry(content=listed, credits={"odd": 1}))

    assert last.items == (Item(id="a9e17dcc-1", url="https://a/1.png", size_px=known),)
    assert last.cost is None


def test_fewer_pictures_than_asked_are_told_and_broken_ones_are_left_out():
    last = seen(REQUEST, entry(content=[*images("https://a/1.png"), {"url": None}, "x", {}]))

    assert isinstance(last, Finished)
    assert len(last.items) == 1
    assert last.notes == ("AI Client delivered 1 of 2 pictures.",)


@pytest.mark.parametrize("content", [[], None, {}, {"role": "assistant", "content": "no"}, "text"])
def test_a_response_without_a_picture_is_a_failure(content):
    last = seen(REQUEST, entry(content=content))

    assert isinstance(last, Ended)
    assert last.how is Ending.FAILED


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ((REQUEST, entry(error="It broke.")), "AI Client failed at this: It broke."),
        ((entry(type="request", error="It broke."),), "AI Client failed at this: It broke."),
        ((REQUEST, entry(error={"code": 7})), "AI Client failed at this: it does not say why"),
        ((REQUEST, entry(error={"code": 7, "why": ["It", "broke."]})),
         "AI Client failed at this: It broke."),
    ],
)  # fmt: skip
def test_an_error_on_any_entry_is_the_end(entries, reason):
    assert seen(*entries) == Ended(how=Ending.FAILED, reason=reason)


def test_what_content_rules_refuse_is_told_apart():
    last = seen(REQUEST, entry(error="Violates our content policy, fa4e-token"))

    reason = "AI Client's content rules refused this: Violates our content policy, …"
    assert last == Ended(how=Ending.REFUSED, reason=reason)


def test_the_request_of_a_thread_is_told_from_the_rest():
    assert request_in([entry(type="notice"), REQUEST]) == REQUEST
    assert request_in([entry()]) is None


@pytest.mark.parametrize(
    ("status", "body", "is_submit", "kind", "words"),
    [
        (401, {"message": "Unauthenticated."}, True, KeyRejected, "does not know this key"),
        (402, {"message": "Pay first."}, True, KeyEmpty, "no credits left"),
        (422, {"message": "You do not have enough credits."}, True, KeyEmpty, "no credits left"),
        (403, {"message": "Your balance is empty."}, False, KeyEmpty, "no credits left"),
        (403, {"message": "This action is unauthorized."}, True, TurnedAway, "is unauthorized"),
        (422, {"message": "x", "errors": {"steps": ["Too many.", "No."], "style": ["Odd."]}},
         True, InvalidRequest, "Too many. No. Odd."),
        (422, {"message": ["x"], "errors": {"steps": "Too many."}}, True, InvalidRequest, "Too many."),
        (422, b"<html>", True, InvalidRequest, "does not say why"),
        (422, {"message": "The name is odd."}, False, Permanent, "The name is odd."),
        (404, {"message": "No query results for model [Thread]."}, True, Permanent, "No query"),
        (429, {"message": "Too Many Attempts."}, True, RateLimited, "slow down"),
        (503, b"<html>maintenance</html>", True, Ambiguous, "broke"),
        (503, b"<html>maintenance</html>", False, Transient, "trouble"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(status, body, is_submit, kind, words):
    error = refusal(made_answer(status, body), secrets=(KEY,), is_submit=is_submit)

    assert type(error) is kind
    assert words in str(error)


def test_the_form_can_be_read_back():
    request = planned(BARE.evolve(prompt="cats & dogs=100%::2 größe::-1")).request

    assert parse_qsl(urlencode(to_form(request))) == to_form(request)
