from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import CREDIT, NOTHING, Microcredits, credits_of
from bot.domain.pricing import USUAL, Price, PriceList
from bot.domain.requests import (
    AlchemyRequest,
    BlobId,
    Form,
    PictureRequest,
    Source,
    TextRequest,
)

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
AMOUNTS = st.integers(0, 20 * CREDIT).map(Microcredits)
LISTED = st.builds(
    Price,
    picture=AMOUNTS,
    megapixel_step=AMOUNTS,
    hires_fix=st.fractions(1, 10),
    post_processor=AMOUNTS,
    text_tokens=AMOUNTS,
    form=AMOUNTS,
    least=AMOUNTS,
    round_up=st.integers(1, 5 * CREDIT).map(Microcredits),
    estimate=st.integers(1, CREDIT).map(Microcredits),
)


def planned(**changes):
    facts = {"prompt": "a cat", "width": 1024, "height": 1024, "steps": 30}
    return PictureRequest(**{**facts, **changes})


def a_text(length):
    return TextRequest(prompt="a story", length=length)


def in_credits(amount):
    return Fraction(amount, CREDIT)


# ---------------------------------------------------------------- the usual prices


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
    assert USUAL.of(planned(**changes)) == credits_of(whole)


@pytest.mark.parametrize("length,whole", [(1, 1), (100, 1), (101, 2), (512, 6), (1000, 10)])
def test_a_text_costs_by_the_longest_answer(length, whole):
    assert USUAL.of(a_text(length)) == credits_of(whole)


def test_what_is_made_of_a_picture_costs_by_the_form():
    request = AlchemyRequest(picture=BlobId("a"), forms=(Form.CAPTION, Form.UPSCALE))

    assert USUAL.of(request) == credits_of(2)


def usual_in_whole_numbers(request):
    """The same again without fractions, as the first release had it."""
    times, of = (3, 2) if request.hires_fix else (1, 1)
    drawing = -(-request.width * request.height * request.steps * times // (2**20 * 5 * of))
    return credits_of(request.count * (max(1, drawing) + len(request.post_processing)))


@given(PLANNED)
def test_the_usual_prices_are_those_of_the_first_release(request):
    assert USUAL.of(request) == usual_in_whole_numbers(request)


# ---------------------------------------------------------------- any prices


@given(LISTED, PLANNED)
def test_a_price_is_a_whole_amount_and_never_below_the_least(listed, request):
    price = listed.of(request)

    assert isinstance(price, int)
    assert price >= request.count * listed.least


@given(LISTED, PLANNED)
def test_without_post_processors_a_picture_costs_a_multiple_of_the_rounding(listed, request):
    price = listed.of(request.evolve(post_processing=(), count=1))

    assert price % listed.round_up == 0


@given(
    listed=LISTED,
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
def test_more_never_costs_less(listed, request, more):
    assert listed.of(more(request)) >= listed.of(request)


@given(LISTED, st.integers(1, 4000), st.floats(0, 10**6))
def test_texts_and_estimates_round_up_as_pictures_do(listed, length, units):
    for price in (listed.of(a_text(length)), listed.estimated(units)):
        assert price >= listed.least
        assert price % listed.round_up == 0


def test_a_house_may_be_free():
    free = Price(megapixel_step=NOTHING, text_tokens=NOTHING, form=NOTHING, least=NOTHING)

    assert free.of(planned(count=4)) == NOTHING
    assert free.of(a_text(1000)) == NOTHING


def test_a_flat_price_a_picture_knows_no_sizes():
    flat = Price(picture=credits_of(3), megapixel_step=NOTHING)

    assert flat.of(planned(count=2, steps=500)) == credits_of(6)


def test_parts_of_a_credit_are_charged_where_the_list_rounds_finer():
    fine = Price(least=NOTHING, round_up=Microcredits(CREDIT // 100))

    assert in_credits(fine.of(planned(width=512, height=512, steps=1))) == Fraction("0.05")
    assert in_credits(fine.of(a_text(7))) == Fraction("0.07")


def test_forms_may_have_prices_of_their_own():
    listed = Price(form=credits_of(2), forms={Form.UPSCALE: credits_of(5)})
    request = AlchemyRequest(picture=BlobId("a"), forms=(Form.UPSCALE, Form.TAGS))

    assert listed.of(request) == credits_of(7)


def test_a_request_with_open_choices_has_no_price():
    for request in (PictureRequest(prompt="a cat"), TextRequest(prompt="a story")):
        with pytest.raises(AssertionError):
            USUAL.of(request)


# ---------------------------------------------------------------- which price counts

ON_HORDE = Price(provider="horde", picture=credits_of(1))
SDXL = Price(model="*sdxl*", picture=credits_of(2))
NAMED = Price(provider="aime", model="Model [fast]", picture=credits_of(3))


@pytest.mark.parametrize(
    "provider,model,expected",
    [
        ("horde", "AlbedoBase XL (SDXL)", SDXL),
        ("horde", "Deliberate", ON_HORDE),
        ("HORDE", None, ON_HORDE),
        ("aime", "model [fast]", NAMED),
        ("aime", None, USUAL),
    ],
)
def test_the_first_price_that_fits_counts_else_the_usual_one(provider, model, expected):
    prices = PriceList(prices=(SDXL, ON_HORDE, NAMED))

    assert prices.price_for(provider=provider, model=model) is expected


def test_a_list_prices_a_request_by_its_model():
    prices = PriceList(prices=(replace(SDXL, megapixel_step=NOTHING),))

    assert prices.price(planned(model="SDXL 1.0"), provider="horde") == credits_of(2)
    assert prices.price(planned(model="Deliberate"), provider="horde") == credits_of(6)
