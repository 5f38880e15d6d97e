import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import CREDIT
from bot.domain.pricing import price
from bot.domain.requests import BlobId, PictureRequest, Source

SIDES = st.integers(1, 48).map(lambda n: n * 64)
PLANNED = st.builds(
    PictureRequest,
    prompt=st.just("a cat"),
    count=st.integers(1, 10),
    width=SIDES,
    height=SIDES,
    steps=st.integers(1, 500),
    hires_fix=st.booleans(),
    post_processing=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
)


def planned(**changes):
    facts = {"prompt": "a cat", "width": 1024, "height": 1024, "steps": 30}
    return PictureRequest(**{**facts, **changes})


@pytest.mark.parametrize(
    "changes,whole",
    [
        ({}, 6),
        ({"count": 4}, 24),
        ({"steps": 31}, 7),
        ({"steps": 30, "hires_fix": True}, 9),
        ({"steps": 1}, 1),
        ({"width": 64, "height": 64, "steps": 1, "count": 10}, 10),
        ({"width": 512, "height": 512}, 2),
        ({"post_processing": ("GFPGAN", "RealESRGAN_x4plus")}, 8),
        ({"post_processing": ("GFPGAN",), "count": 3}, 21),
        ({"source": Source(picture=BlobId("a"))}, 6),
        ({"width": 3072, "height": 3072, "steps": 500}, 900),
    ],
)
def test_a_price_is_known_before_the_run(changes, whole):
    assert price(planned(**changes)) == whole * CREDIT


@given(PLANNED)
def test_a_price_is_whole_credits_and_at_least_one_a_picture(request):
    assert price(request) % CREDIT == 0
    assert price(request) >= request.count * CREDIT


@given(
    request=PLANNED,
    more=st.sampled_from(
        [
            lambda r: r.evolve(count=r.count + 1),
            lambda r: r.evolve(steps=r.steps + 1),
            lambda r: r.evolve(width=r.width + 64),
            lambda r: r.evolve(height=r.height + 64),
            lambda r: r.evolve(hires_fix=True),
            lambda r: r.evolve(post_processing=(*r.post_processing, "z")),
        ]
    ),
)
def test_more_never_costs_less(request, more):
    assert price(more(request)) >= price(request)


def test_a_request_with_open_choices_has_no_price():
    with pytest.raises(AssertionError):
        price(PictureRequest(prompt="a cat"))
