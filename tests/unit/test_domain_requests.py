import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.requests import (
    AlchemyRequest,
    BlobId,
    Conduct,
    Control,
    Form,
    Lora,
    PictureRequest,
    Role,
    Source,
    SourceUse,
    TextRequest,
    TextualInversion,
    Turn,
    request_from_json,
    request_to_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FRACTIONS = st.floats(0, 1, allow_nan=False)
STRENGTHS = st.floats(-5, 5, allow_nan=False)
BLOBS = TEXTS.map(BlobId)
REQUESTS = st.builds(
    PictureRequest,
    prompt=TEXTS,
    negative=TEXTS,
    count=st.integers(1, 10),
    width=st.none() | st.integers(64, 3072),
    model=st.none() | TEXTS,
    cfg=st.none() | st.floats(0, 100),
    seed=st.none() | st.integers(0, 2**32 - 1),
    karras=st.booleans(),
    loras=st.lists(
        st.builds(Lora, name=TEXTS, model_strength=STRENGTHS, trigger=st.none() | TEXTS), max_size=3
    ).map(tuple),
    inversions=st.lists(
        st.builds(TextualInversion, name=TEXTS, strength=STRENGTHS), max_size=3
    ).map(tuple),
    post_processing=st.lists(TEXTS, max_size=3).map(tuple),
    source=st.none()
    | st.builds(
        Source,
        picture=BLOBS,
        use=st.sampled_from(SourceUse),
        mask=st.none() | BLOBS,
        strength=st.none() | FRACTIONS,
        control=st.none() | st.sampled_from(Control),
    ),
    conduct=st.builds(Conduct, nsfw=st.booleans(), slow_workers=st.booleans()),
)


@given(REQUESTS)
def test_a_request_comes_back_from_its_text(request):
    assert request_from_json(request_to_json(request)) == request


def test_defaults_are_left_out_so_that_old_rows_stay_readable():
    assert json.loads(request_to_json(PictureRequest(prompt="a cat"))) == {"prompt": "a cat"}


def test_a_row_of_an_older_release_gets_today_s_defaults():
    assert request_from_json('{"prompt": "a cat", "steps": 30}') == PictureRequest(
        prompt="a cat", steps=30
    )


@pytest.mark.parametrize("text", ["", "[]", '{"prompt": 3}', '{"steps": 30}'])
def test_a_row_that_is_no_request_is_refused(text):
    with pytest.raises(ValidationError):
        request_from_json(text)


def test_a_changed_request_is_a_new_value():
    request = PictureRequest(prompt="a cat")

    changed = request.evolve(seed=7)

    assert (request.seed, changed.seed) == (None, 7)
    with pytest.raises(AttributeError):
        request.seed = 8


@pytest.mark.parametrize(
    "request_",
    [
        TextRequest(
            prompt="why?",
            turns=(Turn(role=Role.MODEL, text="because"),),
            length=80,
            temperature=0.5,
        ),
        AlchemyRequest(picture=BlobId("a" * 64), forms=(Form.CAPTION, Form.UPSCALE), model="x4"),
    ],
    ids=["text", "alchemy"],
)
def test_every_kind_comes_back_as_what_it_was(request_):
    assert request_from_json(request_to_json(request_)) == request_


def test_a_row_that_names_no_kind_is_of_pictures():
    assert request_from_json('{"prompt": "a cat"}') == PictureRequest(prompt="a cat")


def test_what_a_request_starts_from_is_named_once():
    source = Source(picture=BlobId("a"), mask=BlobId("b"))

    assert PictureRequest(prompt="x", source=source).sources == {"a", "b"}
    assert AlchemyRequest(picture=BlobId("a"), forms=()).sources == {"a"}
    assert TextRequest(prompt="x").sources == frozenset()
