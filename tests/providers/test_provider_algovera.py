"""Algovera's words and choices: payload, plan, parts, refusals."""

import json

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
    Transient,
    TurnedAway,
)
from bot.domain.requests import BlobId, PictureRequest, Source
from bot.providers.algovera.errors import refusal
from bot.providers.algovera.parts import Part, Statuses, ids_of, seed_of, with_part
from bot.providers.algovera.plan import to_plan
from bot.providers.algovera.wire import (
    READER,
    BaseModels,
    Refused,
    Status,
    Submitted,
    to_payload,
)
from bot.providers.base import Model
from bot.providers.reading import read_refused
from bot.sandbox.providers.algovera.rules import DOCUMENTED_MODELS
from tests.providers.provider_cases import NOW
from tests.providers.recorded_answers import as_answer, exchange, made_answer

KEY = SecretStr("fa4e" * 16)
SERVED = tuple(Model(name=name) for name in DOCUMENTED_MODELS)
BARE = PictureRequest(prompt="a cat", seed=7)


def planned(request: PictureRequest = BARE, *, models=SERVED):
    return to_plan(request, models=models)


def test_a_bare_prompt_is_completed_without_a_word():
    plan = planned()

    assert plan.notes == ()
    assert plan.request == BARE.evolve(model="stable", width=512, height=512, steps=30, cfg=7.0)


def test_the_documented_submit_is_sent_as_the_document_shows():
    sent = exchange("documented_submit", of="algovera")["request"]["json"]
    request = PictureRequest(prompt=sent["prompt"], seed=sent["seed"])

    assert to_payload(planned(request).request, seed=sent["seed"], key=sent["api_key"]) == sent


def test_the_documented_answers_can_be_read():
    models, submitted, status = (
        as_answer(exchange(name, of="algovera")["response"])
        for name in ("documented_models", "documented_submit", "documented_status_done")
    )

    assert READER.read(BaseModels, models).base_models == DOCUMENTED_MODELS
    assert READER.read(Submitted, submitted).job_uuid == "f988ff3ffa4b4145bd746c804cf39575"
    assert Statuses().read(READER.read(Status, status).job_status, of="x") is Part.DONE


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"model": "Stable Diffusion v2-768x768"}, (768, 768)),
        ({"model": "stable diffusion v2-768x768", "width": 512}, (512, 768)),
        ({"width": 896, "height": 320}, (896, 320)),
        ({"width": 1024}, (1024, 512)),
    ],
)
def test_the_size_is_the_members_then_the_models(asked, size):
    plan = planned(BARE.evolve(**asked))

    assert (plan.request.width, plan.request.height) == size
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("asked", "changes", "notes"),
    [
        ({"width": 3072, "height": 64}, {"width": 1024, "height": 64}, ("Width lowered to 1024.",)),
        ({"steps": 500}, {"steps": 100}, ("Steps lowered to 100.",)),
        ({"cfg": 0.0}, {"cfg": 1.0}, ("Guidance scale raised to 1.",)),
        ({"seed": 2**31}, {"seed": 0}, ("The seed became 0: Algovera's end at 2147483647.",)),
        ({"model": "dalle", "width": 768, "height": 512}, {"width": 512, "height": 512}, ("dalle draws squares only: the size is 512×512.",)),
        ({"negative": "fog", "tiling": True}, {"negative": "", "tiling": False}, ("Algovera knows no negative prompt, tiling: left out.",)),
        ({"prompt": "a cat::2 a hat"}, {"prompt": "a cat, a hat"}, ("Algovera knows no weights: the words were sent without them.",)),
        ({"prompt": "a cat:: fog::-1"}, {"prompt": "a cat", "negative": ""},
         ("Algovera knows no weights: the words were sent without them.",
          "Algovera knows no negative prompt: left out.")),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_changed_and_told(asked, changes, notes):
    plan = planned(BARE.evolve(**asked))

    assert {name: getattr(plan.request, name) for name in changes} == changes
    assert plan.notes == notes


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"source": Source(picture=BlobId("ab" * 32))}, "cannot start from a picture"),
        ({"model": "dreamy"}, "has no model “dreamy”.*stable"),
        ({"prompt": "x" * 1001}, "has 1001 characters: Algovera takes 1000"),
        ({"prompt": "  "}, "prompt is empty"),
        ({"prompt": "a cat fog::-1"}, "prompt is empty"),
    ],
)
def test_what_algovera_cannot_do_at_all_is_refused(asked, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        planned(BARE.evolve(**asked))


def test_before_the_models_are_known_any_name_will_do():
    assert planned(BARE.evolve(model="dreamy"), models=()).request.model == "dreamy"


@given(
    width=st.none() | st.integers(1, 5000),
    height=st.none() | st.integers(1, 5000),
    steps=st.none() | st.integers(1, 500),
    cfg=st.none() | st.floats(0, 100),
    seed=st.none() | st.integers(0, 2**32 - 1),
    model=st.none() | st.sampled_from(DOCUMENTED_MODELS),
)
def test_every_plan_is_within_the_bounds_and_needs_no_other_plan(**asked):
    plan = planned(BARE.evolve(**asked))
    request = plan.request

    assert 64 <= request.width <= 1024
    assert request.width % 8 == request.height % 8 == 0
    assert 1 <= request.steps <= 100
    assert 1 <= request.cfg <= 20
    assert request.seed is None or 0 <= request.seed < 2**31
    assert (planned(request).request, planned(request).notes) == (request, ())


def test_parts_are_kept_in_their_order_under_the_first_ones_name():
    request = BARE.evolve(count=2, model="stable")

    first = with_part(None, "aa", request=request, seed=7, now=NOW)
    both = with_part(first, "bb", request=request, seed=7, now=NOW.replace(year=2030))

    assert ids_of(None) == ()
    assert ids_of(both) == ("aa", "bb")
    assert (both.id, both.total, both.seed, both.submitted_at) == ("aa", 2, 7, NOW)


def test_the_parts_seeds_count_on_and_begin_anew_at_the_end():
    assert [seed_of(2**31 - 2, index) for index in range(3)] == [2**31 - 2, 2**31 - 1, 0]


def test_an_unknown_status_goes_on_and_is_logged_once(caplog):
    statuses = Statuses()

    states = [
        statuses.read(text, of=text) for text in ("rendering", "rendering", "KEY-123", "failed")
    ]

    assert states == [Part.RUNNING] * 3 + [Part.FAILED]
    assert [record.state for record in caplog.records] == ["rendering", "…"]


@pytest.mark.parametrize(
    ("status", "body", "is_submit", "kind"),
    [
        (403, {"detail": "Invalid API key"}, True, KeyRejected),
        (403, {"detail": "Unknown user"}, False, KeyRejected),
        (403, {"detail": "Insufficient credits"}, True, KeyEmpty),
        (403, b"<html>", True, KeyRejected),
        (422, {"detail": [{"loc": ["body", "height"], "msg": "too big"}]}, True, InvalidRequest),
        (422, {"detail": []}, False, Permanent),
        (404, {"detail": "Not Found"}, True, Permanent),
        (418, {"detail": {"new": "shape"}}, True, TurnedAway),
        (500, b"Internal Server Error", True, Ambiguous),
        (500, b"Internal Server Error", False, Transient),
    ],
)
def test_a_refusal_says_what_to_do(status, body, is_submit, kind):
    assert type(refusal(made_answer(status, body), key=KEY, is_submit=is_submit)) is kind


def test_a_validation_names_its_fields():
    body = {
        "detail": [
            {"loc": ["body", "inf_steps"], "msg": "ensure this value is less", "type": "x"},
            {"loc": [], "msg": "and this"},
        ]
    }

    error = refusal(made_answer(422, body), key=KEY, is_submit=True)

    assert "inf steps: ensure this value is less; and this" in str(error)


def test_an_explanation_is_short_and_keeps_no_secret():
    body = {"detail": f"{KEY.get_secret_value()} https://x.example/a?b " + "long " * 200}

    error = refusal(made_answer(418, json.dumps(body).encode()), key=KEY)

    assert KEY.get_secret_value() not in str(error)
    assert "x.example" not in str(error)
    assert len(str(error)) < 500


def test_an_error_of_another_shape_says_nothing():
    assert read_refused(Refused, made_answer(500, b"Internal Server Error")).explanation == ""


def test_an_id_is_opaque_but_parts_are_joined_by_commas():
    read = READER.read(Submitted, made_answer(200, {"job_uuid": "job_7#./x"}), is_submit=True)

    assert read.job_uuid == "job_7#./x"
    with pytest.raises(Ambiguous):
        READER.read(Submitted, made_answer(200, {"job_uuid": "a,b"}), is_submit=True)
